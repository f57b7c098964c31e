-- What notes changes of dialogs, in three: to copy the row, as one function for all of them did, took longer than to write the
-- note.
create function note_dialog_created() returns trigger language plpgsql as $$
begin
    insert into dialog_change (party_key, dialog_id, revision, resource_id, org_id, change)
    values (new.party_key, new.id, new.revision, new.resource_id, new.org_id, 1);
    return null;
end $$;

create function note_dialog_updated() returns trigger language plpgsql as $$
begin
    insert into dialog_change (party_key, dialog_id, revision, resource_id, org_id, change)
    values (new.party_key, new.id, new.revision, new.resource_id, new.org_id, case
        when old.deleted_at is null and new.deleted_at is not null then 3
        when old.deleted_at is not null and new.deleted_at is null then 4
        when old.revision <> new.revision then 2
        when old.context_revision <> new.context_revision or old.owner_context_revision <> new.owner_context_revision
          or old.system_labels <> new.system_labels then 6
        else 7
    end);
    return null;
end $$;

create function note_dialog_purged() returns trigger language plpgsql as $$
begin
    insert into dialog_change (party_key, dialog_id, revision, resource_id, org_id, change)
    values (old.party_key, old.id, old.revision, old.resource_id, old.org_id, 5);
    return null;
end $$;

drop trigger dialog_change_noted on dialog;
drop trigger dialog_update_noted on dialog;
drop function note_dialog_change();

create trigger dialog_created_noted after insert on dialog
    for each row execute function note_dialog_created();
create trigger dialog_updated_noted after update on dialog
    for each row when (old.text_analysis = new.text_analysis) execute function note_dialog_updated();
create trigger dialog_purged_noted after delete on dialog
    for each row execute function note_dialog_purged();

-- `dialog_text_fits(tsvector)` stays, though what it did stands in the statement itself now (a function with a sub-select is planned
-- anew in every statement that calls it, which took a tenth of an append's time): the version before this one calls it, and may
-- run on while this migration is in force.
