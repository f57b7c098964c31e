-- Ways that a large party lacked, measured at ten million dialogs (docs/performance.md). All are made before any is dropped, so
-- that reading is held up for a moment only, at the end.

-- Its dialogs with an extended status, which hardly any or none of many may have: 46,000 buffers instead of a few hundred for a
-- party of 500,000. Those without one, which are most, are not in it.
create index dialog_party_extended_ix on dialog (party_key, extended_status, content_updated_at desc, id desc)
    where extended_status is not null;

-- Due or updated within a range, in the default order: sorted without looking at the rows, as those created within one are.
create index dialog_party_due_content_ix on dialog (party_key, due_at desc, id desc) include (content_updated_at)
    where deleted_at is null;
create index dialog_party_updated_content_ix on dialog (party_key, updated_at desc, id desc) include (content_updated_at)
    where deleted_at is null;
drop index dialog_party_due_ix, dialog_party_updated_ix;
alter index dialog_party_due_content_ix rename to dialog_party_due_ix;
alter index dialog_party_updated_content_ix rename to dialog_party_updated_ix;
