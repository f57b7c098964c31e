-- What an item takes of a page, so that a page ends before it holds a million texts. Kept by the database, because several
-- statements write `listed`. Rewrites the table once.
alter table dialog_document
    add column listed_bytes integer not null generated always as (octet_length(listed::text)) stored;
