-- Reading the texts of a dialog anew stamps its row and changes nothing that anybody reads: no entry of the change feed.
-- Nothing else is ever written together with that stamp.
drop trigger dialog_change_noted on dialog;

create trigger dialog_change_noted after insert or delete on dialog
    for each row execute function note_dialog_change();

create trigger dialog_update_noted after update on dialog
    for each row when (old.text_analysis = new.text_analysis) execute function note_dialog_change();
