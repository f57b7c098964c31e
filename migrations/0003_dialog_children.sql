-- The aggregate's body: content, attachments, actions, search tags. Read whole, written whole.
create table dialog_document (
    dialog_id uuid not null constraint dialog_document_pk primary key
        constraint dialog_document_dialog_fk references dialog on delete cascade,
    party_key bigint not null,
    body jsonb not null,
    listed jsonb not null                           -- what list items show, so that a page does not unpack bodies
);

-- Append-only through PUT and PATCH; corrected one by one by the transmission PUT. A dialog may have tens of thousands, so
-- what appending must know (parent, depth, opened, content or not) is in columns.
create table dialog_transmission (
    created_at timestamptz not null,
    party_key bigint not null,
    id uuid not null,
    dialog_id uuid not null,
    parent_id uuid,
    type smallint not null,
    depth smallint not null,                        -- a root has depth 1
    is_opened boolean not null default false,
    has_content boolean not null,
    authorization_attribute text,
    idempotent_key text collate "C",
    body jsonb not null,
    constraint dialog_transmission_pk primary key (id),
    constraint dialog_transmission_dialog_fk foreign key (dialog_id) references dialog on delete cascade
);
create index dialog_transmission_dialog_ix on dialog_transmission (dialog_id, created_at, id);
create index dialog_transmission_parent_ix on dialog_transmission (dialog_id, parent_id) where parent_id is not null;
-- "is anything unopened?" without reading the opened ones; types 7 and 8 come from the party
create index dialog_transmission_unopened_ix on dialog_transmission (dialog_id) where not is_opened and type not in (7, 8);
create unique index dialog_transmission_idempotent_key on dialog_transmission (dialog_id, idempotent_key) where idempotent_key is not null;

create table dialog_activity (
    created_at timestamptz not null,
    party_key bigint not null,
    id uuid not null,
    dialog_id uuid not null,
    transmission_id uuid,
    type smallint not null,
    body jsonb not null,
    constraint dialog_activity_pk primary key (id),
    constraint dialog_activity_dialog_fk foreign key (dialog_id) references dialog on delete cascade
);
create index dialog_activity_dialog_ix on dialog_activity (dialog_id, created_at, id);
create index dialog_activity_type_ix on dialog_activity (dialog_id, type);

-- Ids that clients chose for children that live inside JSONB: unique in the whole database. Generated ids are not claimed.
-- kind: 1 attachment (of dialogs and transmissions together), 2 attachment URL, 3 GUI action, 4 API action, 5 endpoint
create table child_id (
    kind smallint not null,
    id uuid not null,
    dialog_id uuid not null constraint child_id_dialog_fk references dialog on delete cascade,
    constraint child_id_pk primary key (kind, id)
);
create index child_id_dialog_ix on child_id (dialog_id);

do $$ begin
    alter table dialog_document alter column body set compression lz4;
    alter table dialog_transmission alter column body set compression lz4;
exception when feature_not_supported then null; end $$;      -- servers built without lz4
