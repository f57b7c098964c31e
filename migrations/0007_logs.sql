-- Who opened a dialog. The id is derived from the dialog's state and the reader: one entry per reader and state.
create table dialog_seen (
    created_at timestamptz not null,
    party_key bigint not null,
    id uuid not null constraint dialog_seen_pk primary key,
    dialog_id uuid not null constraint dialog_seen_dialog_fk references dialog on delete cascade,
    user_type smallint not null,
    is_via_service_owner boolean not null,
    actor_id text not null,
    actor_name text not null
);
create index dialog_seen_dialog_ix on dialog_seen (dialog_id, created_at, id);

-- Who set or removed which system label.
create table dialog_label_log (
    id bigint generated always as identity constraint dialog_label_log_pk primary key,
    created_at timestamptz not null,
    party_key bigint not null,
    dialog_id uuid not null constraint dialog_label_log_dialog_fk references dialog on delete cascade,
    label smallint not null,                        -- the label's number
    action smallint not null,                       -- 1 set, 2 remove
    performed_by jsonb not null
);
create index dialog_label_log_dialog_ix on dialog_label_log (dialog_id, created_at, id);
