-- Which resources a party has dialogs of: prunes authorization answers and drives searches over many parties.
create table party_resource (
    party_key bigint not null,
    newest timestamptz not null,                    -- upper bound of content_updated_at, rounded up to the hour, never lowered
    resource_id integer not null,
    dialog_count integer not null,                  -- soft-deleted ones included
    constraint party_resource_pk primary key (party_key, resource_id)
) with (fillfactor = 85);
create index party_resource_resource_ix on party_resource (resource_id);
