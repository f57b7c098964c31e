-- Dialogs for the benchmark: $dialogs of them over three years, ids in the order of creation. One party with 200,000 and
-- forty with 10,000 (both in proportion below 1.5 million dialogs), 200,000 with the rest; 200 service resources of 20
-- owners, few large and many small; words and labels independent of time. Indexes are built after the rows.
insert into org (name) select 'org' || i from generate_series(1, 20) i;
insert into service_resource (urn, org_id)
select 'urn:altinn:resource:r' || i, 1 + i % 20 from generate_series(1, 200) i;
insert into party (party_key, urn)
select (2::bigint << 60) + i, 'urn:altinn:organization:identifier-no:' || lpad(i::text, 9, '0')
  from generate_series(1, 200000) i;

create temp table dropped as
select indexdef, indexname from pg_indexes where schemaname = 'public' and tablename = 'dialog' and indexname <> 'dialog_pk';
do $$ declare i record; begin
    for i in select indexname from dropped loop execute 'drop index ' || quote_ident(i.indexname); end loop;
end $$;

insert into dialog (content_updated_at, created_at, updated_at, due_at, visible_from, expires_at, deleted_at, party_key, id
     , revision, context_revision, owner_context_revision, resource_id, org_id, status, system_labels, is_api_only
     , is_content_seen, resource_type, extended_status, external_reference, process, owner_labels)
select at + later
     , at
     , at + later
     , case when random() < 0.3 then at + random() * interval '60 days' end
     , case when random() < 0.03 then timestamptz '2031-01-01' end
     , case when random() < 0.1 then timestamptz '2026-06-01' end
     , case when random() < 0.02 then at end
     , (2::bigint << 60) + (case
           when of_party < 0.1333 then 1
           when of_party < 0.4 then 2 + floor(random() * 40)
           else 42 + floor(random() * 199958) end)::bigint
     , (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8'
           || substr(md5(i::text), 4, 15))::uuid
     , gen_random_uuid()
     , gen_random_uuid()
     , gen_random_uuid()
     , resource
     , 1 + resource % 20
     , (array[2, 3, 5, 6, 7, 8])[1 + floor(power(random(), 3) * 6)]
     , case when label < 0.84 then 1 when label < 0.85 then 2 when label < 0.95 then 4 else 9 end
     , random() < 0.1
     , random() < 0.55
     , 'genericaccessresource'
     , case when random() < 0.2 then 's' || floor(random() * 20) end
     , 'ref' || i
     , case when random() < 0.3 then 'urn:process:' || i / 3 end
     , array['l' || i, 'group' || i % 400]
  from (
      select i
           , timestamptz '2023-11-01' + i * interval '3 years' / $dialogs as at
           , random() * random() * random() * interval '60 days' as later
           , random() as of_party
           , random() as label
           , 1 + floor(power(random(), 3) * 200)::integer as resource
        from generate_series(1, $dialogs) i
  ) drawn;

do $$ declare i record; begin
    for i in select indexdef from dropped loop execute i.indexdef; end loop;
end $$;

insert into party_resource select party_key, max(content_updated_at), resource_id, count(*) from dialog group by 1, 3;
insert into dialog_mark
select party_key, content_updated_at, id, bit from dialog, unnest(array[2, 4, 8, 16]) bit where system_labels & bit <> 0;
insert into dialog_owner_label select id, org_id, unnest(owner_labels), party_key from dialog;
insert into dialog_document
select id, party_key, '{}'
     , '{"title":{"m":"text/plain","v":[{"l":"nb","v":"En tittel av vanlig lengde for en dialog"}]}}'
  from dialog;
