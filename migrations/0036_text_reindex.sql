-- Where reading texts anew stands, so that it goes on there after it was stopped or killed: one row for the command and one
-- for what the service does by itself after an upgrade.
create table text_reindex (
    name text not null constraint text_reindex_pk primary key,
    kind text not null,                             -- full, since, stale
    since timestamptz,
    is_stale_first boolean not null,                -- a first pass over those of an older analysis
    pass smallint not null,
    after uuid not null,                            -- in this pass everything up to here is done, in the order of ids
    done bigint not null,
    analysis smallint not null,
    started_at timestamptz not null,
    finished_at timestamptz
);

-- The newest analysis that every dialog was read with once; no row: none.
create table text_analysis (
    is_only boolean not null default true constraint text_analysis_pk primary key
        constraint text_analysis_only check (is_only),
    complete smallint not null
);
