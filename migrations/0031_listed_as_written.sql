-- What list items show is kept as the service wrote it: a page takes it as it is, where a binary document had to be taken
-- apart and printed for each item.
alter table dialog_document drop column listed_bytes;
alter table dialog_document alter column listed type json using listed::json;
alter table dialog_document
    add column listed_bytes integer not null generated always as (octet_length(listed::text)) stored;

do $$ begin
    alter table dialog_document alter column listed set compression lz4;
exception when feature_not_supported then null; end $$;      -- servers built without lz4
