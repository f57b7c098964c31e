-- Parameters: see insert::insert, in order.
with new_party as (
    insert into party (party_key, urn) values ($1, $2)
    on conflict (party_key) do nothing
), document as (
    insert into dialog_document (dialog_id, party_key, body, listed) values ($3, $1, $30, $31)
), transmissions as (
    insert into dialog_transmission
        (id, created_at, parent_id, type, depth, is_opened, has_content, authorization_attribute, idempotent_key, body
        , dialog_id, party_key)
    select t.*, $3, $1
      from unnest($32::uuid[], $33::timestamptz[], $34::uuid[], $35::smallint[], $36::smallint[], $37::boolean[]
                 , $38::boolean[], $39::text[], $40::text[], $41::jsonb[]) t
), activities as (
    insert into dialog_activity (id, created_at, transmission_id, type, body, dialog_id, party_key)
    select a.*, $3, $1
      from unnest($42::uuid[], $43::timestamptz[], $44::uuid[], $45::smallint[], $46::jsonb[]) a
), claimed as (
    insert into child_id (kind, id, dialog_id)
    select i.kind, i.id, $3
      from unnest($47::smallint[], $48::uuid[]) i (kind, id)
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, $3
      from unnest($49::uuid[], $50::timestamptz[], $51::boolean[], $52::text[], $53::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     order by e.place
), owner_labels as (
    insert into dialog_owner_label (org_id, label, dialog_id)
    select $9, label, $3
      from unnest($29::text[]) label
), marks as (
    insert into dialog_mark (party_key, label, content_updated_at, dialog_id)
    select $1, bit, $12, $3
      from unnest('{2,4,8,16}'::smallint[]) bit
     where ($18::smallint & bit) <> 0
), logged as (
    insert into dialog_label_log (created_at, party_key, dialog_id, label, action, performed_by)
    select $54, $1, $3, l.label, l.action, $57
      from unnest($55::smallint[], $56::smallint[]) with ordinality l (label, action, place)
     order by l.place
), resource_of_party as (
    insert into party_resource (party_key, resource_id, newest, dialog_count)
    values ($1, $8, date_trunc('hour', $12::timestamptz) + interval '1 hour', 1)
    on conflict (party_key, resource_id) do update
       set dialog_count = party_resource.dialog_count + 1
         , newest = greatest(party_resource.newest, excluded.newest)
)
insert into dialog
    ( party_key, id, revision, context_revision, owner_context_revision, resource_type, resource_id, org_id
    , created_at, updated_at, content_updated_at, due_at, visible_from, expires_at
    , status, progress, system_labels, from_party_transmissions, from_owner_transmissions
    , is_api_only, is_content_seen, has_unopened_content
    , extended_status, external_reference, process, preceding_process, idempotent_key, owner_labels)
select $1, $3, $4, $5, $6, $7, $8, $9
     , $10, $11, $12, $13, $14, $15
     , $16, $17, $18, $19, $20
     , $21, $22, $23
     , $24, $25, $26, $27, $28, $29
 where not exists (select from party where party_key = $1 and urn <> $2)    -- else the children lack their dialog: all fails
returning id
