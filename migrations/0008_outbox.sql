-- What happened, in commit order per dialog: rows are written after the dialog's row lock was taken. No foreign key: the
-- event of a purge outlives its dialog.
create table outbox (
    seq bigint generated always as identity constraint outbox_pk primary key,
    occurred_at timestamptz not null,
    delivered_at timestamptz,
    event_id uuid not null,
    dialog_id uuid not null,
    is_silent boolean not null,
    kind text collate "C" not null,
    body jsonb not null
);
create index outbox_dialog_ix on outbox (dialog_id, seq);
create index outbox_pending_ix on outbox (seq) where delivered_at is null;
