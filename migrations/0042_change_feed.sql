-- Every change of a dialog, for the feed that copies are kept in step with. The outbox does not tell them all: silent
-- deletions, labels and many more raise no event. Triggers write it, so that no way of writing can forget it; the place of a
-- change among all commits is its transaction, as for events.
create table dialog_change (
    position xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    at timestamptz not null default now(),
    party_key bigint not null,
    dialog_id uuid not null,
    revision uuid not null,
    resource_id integer not null,
    org_id smallint not null,
    change smallint not null,                       -- created 1, updated 2, deleted 3, restored 4, purged 5, labels 6, seen 7
    constraint dialog_change_pk primary key (org_id, position, seq)
);
create index dialog_change_dialog_ix on dialog_change (dialog_id, position, seq);
create index dialog_change_at_ix on dialog_change using brin (at) with (pages_per_range = 32);

-- Up to where changes were removed: whoever read less than that has missed something.
create table dialog_change_floor (
    is_only boolean not null default true constraint dialog_change_floor_pk primary key check (is_only),
    position xid8 not null,
    seq bigint not null
);

create function note_dialog_change() returns trigger language plpgsql as $$
declare
    d dialog%rowtype;
    kind smallint;
begin
    if tg_op = 'DELETE' then
        d := old;
        kind := 5;
    elsif tg_op = 'INSERT' then
        d := new;
        kind := 1;
    else
        d := new;
        kind := case
            when old.deleted_at is null and new.deleted_at is not null then 3
            when old.deleted_at is not null and new.deleted_at is null then 4
            when old.revision <> new.revision then 2
            when old.context_revision <> new.context_revision or old.owner_context_revision <> new.owner_context_revision
              or old.system_labels <> new.system_labels then 6
            else 7
        end;
    end if;
    insert into dialog_change (party_key, dialog_id, revision, resource_id, org_id, change)
    values (d.party_key, d.id, d.revision, d.resource_id, d.org_id, kind);
    return null;
end $$;

create trigger dialog_change_noted after insert or update or delete on dialog
    for each row execute function note_dialog_change();

-- A second reader changes nothing but the log.
create function note_dialog_seen() returns trigger language plpgsql as $$
begin
    insert into dialog_change (party_key, dialog_id, revision, resource_id, org_id, change)
    select d.party_key, d.id, d.revision, d.resource_id, d.org_id, 7 from dialog d where d.id = new.dialog_id;
    return null;
end $$;

create trigger dialog_seen_noted after insert on dialog_seen
    for each row execute function note_dialog_seen();

-- What is stored already: created, so that a feed from the beginning is whole.
insert into dialog_change (at, party_key, dialog_id, revision, resource_id, org_id, change)
select d.created_at, d.party_key, d.id, d.revision, d.resource_id, d.org_id, 1 from dialog d order by d.created_at;
