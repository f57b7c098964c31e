-- The other indexes by party leave soft-deleted dialogs out. Owners list those of a party, too; there are few of them.
create index dialog_party_deleted_ix on dialog (party_key) where deleted_at is not null;
