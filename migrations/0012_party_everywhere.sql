-- Every table of dialogs knows the party, so that a database that is spread over several machines by party writes a dialog
-- on one of them. No version without these columns was ever released, so they may be mandatory at once.

alter table outbox add column party_key bigint;
alter table dialog_owner_label add column party_key bigint;
alter table child_id add column party_key bigint;

-- Of a dialog that was purged only the event is left; it names its party by URN, whose row stays.
update outbox o set party_key = p.party_key from party p where p.urn = o.body ->> 'party';
update dialog_owner_label l set party_key = d.party_key from dialog d where d.id = l.dialog_id;
update child_id c set party_key = d.party_key from dialog d where d.id = c.dialog_id;

alter table outbox alter column party_key set not null;
alter table dialog_owner_label alter column party_key set not null;
alter table child_id alter column party_key set not null;
