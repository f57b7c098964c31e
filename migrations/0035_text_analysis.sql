-- Free text: the words of a dialog are made by the service (src/text). Which analysis they are of is kept with the dialog,
-- so that a later one finds the dialogs that are to be read anew; 0: none yet. Not indexed, so that it stays a heap-only
-- update. Added without touching a row.
alter table dialog add column text_analysis smallint not null default 0;

-- Whether a vector, fresh from an expression, is one that may be stored: 8 kB, so that an append writes little; position
-- 12,000 and 250 positions of a word, well before the database begins to drop them. Below 500 bytes it cannot have so many.
create function dialog_text_fits(vector tsvector) returns boolean language sql immutable strict parallel safe as $$
    select pg_column_size(vector) <= 8192
       and (pg_column_size(vector) <= 500
            or (select max(u.positions[cardinality(u.positions)]) <= 12000 and max(cardinality(u.positions)) <= 250
                  from unnest(vector) u (lexeme, positions, weights)))
$$;

-- Whether a dialog whose texts take several vectors matches a search: some group of literals holds as a whole, each literal in
-- any of the vectors, and those that are negated in none.
create function dialog_text_matches(dialog uuid, groups smallint[], literals tsquery[], negated boolean[])
    returns boolean language sql stable strict parallel safe as $$
    select exists (
        select from (
            select bool_and(l.is_negated <> exists (
                       select from dialog_text t where t.dialog_id = dialog and t.vector @@ l.literal)) as holds
              from unnest(groups, literals, negated) l (grp, literal, is_negated)
             group by l.grp) g
         where g.holds)
$$;
