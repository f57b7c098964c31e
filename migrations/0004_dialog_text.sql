-- Free text: one row per dialog (long ones go on in further parts); the lexemes are made by the service.
create extension if not exists btree_gin;

create table dialog_text (
    dialog_id uuid not null constraint dialog_text_dialog_fk references dialog on delete cascade,
    part smallint not null,
    party_key bigint not null,
    vector tsvector not null,
    constraint dialog_text_pk primary key (dialog_id, part)
) with (fillfactor = 95);

create index dialog_text_party_vector_ix on dialog_text using gin (party_key, vector)
    with (fastupdate = on, gin_pending_list_limit = 1024);   -- kB; bounds what every search must also read
