-- Parameters: see DialogChange::save, in order.
with locked as (
    select d.id
         , d.party_key
         , d.resource_id
         , d.system_labels as before
         , case when $23 then (d.system_labels & (~7)::smallint) | 1::smallint else d.system_labels end | $24::smallint as after
      from dialog d
     where d.id = $1 and d.revision = $2
           -- as the statement sees the labels: after a wait for the row, the left side is newer
       and d.context_revision = (select s.context_revision from dialog s where s.id = $1)
       for no key update of d
), changed as (
    update dialog d
       set revision = $4
         , created_at = $5
         , updated_at = $6
         , content_updated_at = $7
         , due_at = $8
         , expires_at = $9
         , deleted_at = $10
         , status = $11
         , progress = $12
         , from_party_transmissions = $13
         , from_owner_transmissions = $14
         , is_api_only = $15
         , is_content_seen = d.is_content_seen and not $16
         , has_unopened_content = $17
         , is_frozen = $18
         , extended_status = $19
         , external_reference = $20
         , process = $21
         , preceding_process = $22
         , system_labels = l.after
         , context_revision = case when l.after = l.before then d.context_revision else $25 end
      from locked l
     where d.id = l.id and ($3 or l.after <> l.before)
    returning d.id, d.party_key, d.resource_id, d.content_updated_at, d.context_revision, l.before, l.after
), document as (
    update dialog_document x
       set body = $28
         , listed = $29
      from changed c
     where x.dialog_id = c.id and $28::jsonb is not null
), appended_transmissions as (
    insert into dialog_transmission
        (id, created_at, parent_id, type, depth, is_opened, has_content, authorization_attribute, idempotent_key, body
        , dialog_id, party_key)
    select t.*, c.id, c.party_key
      from changed c
     cross join unnest($30::uuid[], $31::timestamptz[], $32::uuid[], $33::smallint[], $34::smallint[], $35::boolean[]
                      , $36::boolean[], $37::text[], $38::text[], $39::jsonb[]) t
), opened as (
    update dialog_transmission t
       set is_opened = true
      from changed c
     where t.id = any($40::uuid[]) and (t.dialog_id = c.id) is true and not t.is_opened    -- by id, not all of the dialog
), appended_activities as (
    insert into dialog_activity (id, created_at, transmission_id, type, body, dialog_id, party_key)
    select a.*, c.id, c.party_key
      from changed c
     cross join unnest($41::uuid[], $42::timestamptz[], $43::uuid[], $44::smallint[], $45::jsonb[]) a
), claimed as (
    insert into child_id (kind, id, dialog_id)
    select i.kind, i.id, c.id
      from changed c
     cross join unnest($46::smallint[], $47::uuid[]) i (kind, id)
), released as (
    delete from child_id x
     using changed c, unnest($48::smallint[], $49::uuid[]) i (kind, id)
     where x.kind = i.kind and x.id = i.id and (x.dialog_id = c.id) is true
), unmarked as (
    delete from dialog_mark m
     using changed c
     where m.dialog_id = c.id and (m.label & c.after) = 0
), marked as (
    insert into dialog_mark (party_key, label, content_updated_at, dialog_id)
    select c.party_key, b.bit, c.content_updated_at, c.id
      from changed c
     cross join unnest('{2,4,8,16}'::smallint[]) b (bit)
     where (c.after & b.bit) <> 0
    on conflict (dialog_id, label) do update
       set content_updated_at = excluded.content_updated_at
     where dialog_mark.content_updated_at <> excluded.content_updated_at
), logged as (
    insert into dialog_label_log (created_at, party_key, dialog_id, label, action, performed_by)
    select $27, c.party_key, c.id, b.label, case when (c.after & b.bit) <> 0 then 1 else 2 end, $26
      from changed c
     cross join unnest('{2,4,8,16}'::smallint[], '{2,3,4,5}'::smallint[]) b (bit, label)
     where ((c.before # c.after) & b.bit) <> 0
     order by case when (c.after & b.bit) <> 0 then 1 else 2 end, b.label
), newest as (
    update party_resource p
       set newest = date_trunc('hour', c.content_updated_at) + interval '1 hour'
      from changed c
     where p.party_key = c.party_key and p.resource_id = c.resource_id and p.newest < c.content_updated_at
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, c.id
      from changed c
     cross join unnest($50::uuid[], $51::timestamptz[], $52::boolean[], $53::text[], $54::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     order by e.place
)
select coalesce(c.after, l.after) as labels
     , coalesce(c.context_revision, (select d.context_revision from dialog d where d.id = l.id)) as context_revision
  from locked l
  left join changed c on c.id = l.id
