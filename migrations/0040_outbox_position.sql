-- Where an event stands among the commits of all dialogs. Numbers of rows do not tell: a transaction may take its number
-- early and commit late. Whoever follows reads in the order (position, seq), and only below the oldest transaction that is
-- still under way (pg_snapshot_xmin): nothing can appear there any more, so nothing is ever skipped.
alter table outbox add column position xid8 not null default pg_current_xact_id();

create index outbox_position_ix on outbox (position, seq);
