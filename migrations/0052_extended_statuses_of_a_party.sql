-- A party's dialogs with an extended status, which hardly any or none of many may have: 44,000 buffers instead of a few hundred
-- for a party of 50,000 (docs/performance.md). Those without one, which are most, are not in it.
create index dialog_party_extended_ix on dialog (party_key, extended_status, content_updated_at desc, id desc)
    where extended_status is not null;
