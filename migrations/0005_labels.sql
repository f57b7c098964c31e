-- System labels other than Default, one row per dialog and set bit: drives lists of rare labels.
create table dialog_mark (
    party_key bigint not null,
    content_updated_at timestamptz not null,
    dialog_id uuid not null constraint dialog_mark_dialog_fk references dialog on delete cascade,
    label smallint not null,                        -- the bit
    constraint dialog_mark_pk primary key (dialog_id, label)
);
create index dialog_mark_party_ix on dialog_mark (party_key, label, content_updated_at desc, dialog_id desc);

-- Labels of service owners, lower case. "C" collation: without it a prefix search cannot use the index.
create table dialog_owner_label (
    dialog_id uuid not null constraint dialog_owner_label_dialog_fk references dialog on delete cascade,
    org_id smallint not null,
    label text collate "C" not null,
    constraint dialog_owner_label_pk primary key (org_id, label, dialog_id)
);
create index dialog_owner_label_dialog_ix on dialog_owner_label (dialog_id);
-- end users look instances up by label alone, whoever the owner is
create index dialog_owner_label_label_ix on dialog_owner_label (label);
