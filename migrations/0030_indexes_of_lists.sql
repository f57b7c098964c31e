-- Ways that lists lacked, measured at ten million dialogs (docs/performance.md).

-- Soft-deleted dialogs, of which there are few, in the default order: of an owner, of a service resource, of a party.
create index dialog_org_deleted_ix on dialog (org_id, content_updated_at desc, id desc) where deleted_at is not null;
create index dialog_resource_deleted_ix on dialog (resource_id, content_updated_at desc, id desc) where deleted_at is not null;
drop index dialog_party_deleted_ix;
create index dialog_party_deleted_ix on dialog (party_key, content_updated_at desc, id desc) where deleted_at is not null;

-- An owner's dialogs with an extended status: hardly any or none may have it.
create index dialog_org_extended_ix on dialog (org_id, extended_status, content_updated_at desc, id desc)
    where extended_status is not null;

-- By reference or process whoever asks: the value leads, which end users know as well as owners.
create index dialog_reference_ix on dialog (external_reference, org_id) where external_reference is not null;
drop index dialog_org_reference_ix;
create index dialog_process_ix on dialog (hashtextextended(process, 0), org_id) where process is not null;
drop index dialog_org_process_ix;

-- Created within a range, in the default order: sorted without looking at the rows.
drop index dialog_party_created_ix;
create index dialog_party_created_ix on dialog (party_key, created_at desc, id desc) include (content_updated_at)
    where deleted_at is null;
