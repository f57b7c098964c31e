-- Each event is written three times: raised, leased, delivered. By default a fifth of what a week leaves would be dead before
-- anybody cleans up, and until then each claim may walk over what is dead in the indexes of what waits. A share as small as that of
-- `dialog`, and a threshold that keeps a small outbox from being cleaned every minute.
alter table outbox set (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_analyze_threshold = 5000
);

-- A first reader leaves an entry in the seen log, which is noted, and with the same statement the mark that the content was
-- seen, which was noted again: one reading is one change. That mark is never set without such an entry but where a label goes
-- with it, and then the label is the change.
drop trigger dialog_updated_noted on dialog;
create trigger dialog_updated_noted after update on dialog
    for each row when (
        old.text_analysis = new.text_analysis
        and not (
            not old.is_content_seen and new.is_content_seen
            and old.revision = new.revision
            and old.context_revision = new.context_revision
            and old.owner_context_revision = new.owner_context_revision
            and old.system_labels = new.system_labels
            and old.deleted_at is not distinct from new.deleted_at
        )
    ) execute function note_dialog_updated();
