-- A foreign key is asked once for each row that comes: a third of what an activity costs, of which a body may hold 300,000.
-- Activities and claimed ids come only with a write that holds their dialog's row, and a purge waits for that row, so that
-- neither is ever left behind; what the keys did when a dialog goes is done here once for each statement.
create function remove_children() returns trigger language plpgsql as $$
begin
    -- as an array, whatever the planner expects of `gone`: by the index and never by reading the table
    delete from dialog_activity a where a.dialog_id = any(array(select g.id from gone g));
    delete from child_id c where c.dialog_id = any(array(select g.id from gone g));
    return null;
end
$$;

create trigger dialog_children_removed after delete on dialog
    referencing old table as gone
    for each statement execute function remove_children();

alter table dialog_activity drop constraint dialog_activity_dialog_fk;
alter table child_id drop constraint child_id_dialog_fk;
