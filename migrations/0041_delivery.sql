-- How the delivery of an event stands. `due_at` is not before which it is tried; an event that nobody has tried yet is due
-- before all that have failed. The first waiting event of a dialog stands for the dialog: whoever has leased it delivers
-- what waits behind it too, and nobody else does.
alter table outbox
    add column attempts smallint not null default 0,
    add column due_at timestamptz not null default '-infinity',
    add column leased_until timestamptz,
    add column parked_at timestamptz,
    add column last_error text;

-- what is to be delivered next, and what waits for a dialog
create index outbox_due_ix on outbox (due_at, seq) where delivered_at is null and parked_at is null and not is_silent;
create index outbox_waiting_ix on outbox (dialog_id, seq) where delivered_at is null and parked_at is null and not is_silent;
drop index outbox_pending_ix;
create index outbox_parked_ix on outbox (seq) where parked_at is not null;
-- rows come nearly in the order of time: what is old is found by ranges of pages
create index outbox_occurred_ix on outbox using brin (occurred_at) with (pages_per_range = 32);
