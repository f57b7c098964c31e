-- Everything that is filtered, sorted or listed by. Order of columns: 8 bytes, uuid, 4, 2, 1, variable: no padding.
-- What users change often (labels, seen, context_revision) is in no index, so that those updates stay heap-only.

create table dialog (
    content_updated_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    due_at timestamptz,
    visible_from timestamptz,
    expires_at timestamptz,
    deleted_at timestamptz,
    party_key bigint not null,
    id uuid not null,
    revision uuid not null,
    context_revision uuid not null,                 -- end-user context
    owner_context_revision uuid not null,           -- service-owner context
    resource_id integer not null,
    org_id smallint not null,
    status smallint not null,
    system_labels smallint not null default 1,      -- bit mask: Default 1, Bin 2, Archive 4, MarkedAsUnopened 8, Sent 16
    progress smallint,
    from_party_transmissions smallint not null default 0,
    from_owner_transmissions smallint not null default 0,
    is_api_only boolean not null default false,
    is_content_seen boolean not null default false,
    has_unopened_content boolean not null default false,
    is_frozen boolean not null default false,
    resource_type text not null,                    -- as the registry had it at creation
    extended_status text,
    external_reference text collate "C",
    process text,
    preceding_process text,
    idempotent_key text collate "C",
    owner_labels text[] not null default '{}',      -- copy for output; searched in dialog_owner_label
    constraint dialog_pk primary key (id),
    constraint dialog_party_fk foreign key (party_key) references party,
    constraint dialog_resource_fk foreign key (resource_id) references service_resource,
    constraint dialog_org_fk foreign key (org_id) references org
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

alter table dialog alter column party_key set statistics 1000;

-- the end user's lists, one index per order key
create index dialog_party_content_ix on dialog (party_key, content_updated_at desc, id desc) include (resource_id) where deleted_at is null;
create index dialog_party_created_ix on dialog (party_key, created_at desc, id desc) where deleted_at is null;
create index dialog_party_updated_ix on dialog (party_key, updated_at desc, id desc) where deleted_at is null;
-- not partial on due_at: descending order shows the nulls first
create index dialog_party_due_ix on dialog (party_key, due_at desc, id desc) where deleted_at is null;
-- a large party filtered to few resources; probes of (party, resource) pairs
create index dialog_party_resource_ix on dialog (party_key, resource_id, content_updated_at desc, id desc) where deleted_at is null;
-- the accountant: newest of a resource, the party tested inside the index
create index dialog_resource_content_ix on dialog (resource_id, content_updated_at desc, id desc) include (party_key) where deleted_at is null;
-- the service owner's lists; not partial, deleted ones are listed too
create index dialog_org_content_ix on dialog (org_id, content_updated_at desc, id desc);
create index dialog_org_created_ix on dialog (org_id, created_at desc, id desc);
create index dialog_org_updated_ix on dialog (org_id, updated_at desc, id desc);
create index dialog_org_due_ix on dialog (org_id, due_at desc, id desc);
-- hashed: 1,023 characters can exceed what a B-tree entry holds
create index dialog_org_process_ix on dialog (org_id, hashtextextended(process, 0)) where process is not null;
create index dialog_org_reference_ix on dialog (org_id, external_reference) where external_reference is not null;
-- one dialog per owner and key, soft-deleted ones included
create unique index dialog_idempotent_key on dialog (org_id, idempotent_key) where idempotent_key is not null;
