-- Parameters: see Visit::record, in order.
with locked as (
    select d.id
         , d.party_key
         , d.content_updated_at
         , d.is_content_seen
         , d.system_labels
           -- only what the reader saw: a mark set or set anew since then stays
         , ($11 and (d.system_labels & $12) <> 0 and d.context_revision = $13) as unmarks
      from dialog d
     where d.id = $1
       for no key update of d
), entry as (
    insert into dialog_seen
        (created_at, party_key, id, dialog_id, user_type, is_via_service_owner, actor_id, actor_name)
    select $3, l.party_key, $2, l.id, $4, $5, $6, $7
      from locked l
    on conflict on constraint dialog_seen_pk do nothing
    returning id
), visited as (                                     -- nothing at all happens to a state that the reader has seen before
    select l.*
         , exists (select from entry) as is_new
      from locked l
     where l.unmarks or exists (select from entry)
), changed as (
    update dialog d
       set system_labels = case when v.unmarks then d.system_labels & ~$12 else d.system_labels end
         , is_content_seen = d.is_content_seen or d.content_updated_at = $8
      from visited v
     where d.id = v.id and (v.unmarks or not v.is_content_seen and v.content_updated_at = $8)
    returning d.system_labels, d.is_content_seen
), unmarked as (
    delete from dialog_mark m
     using visited v
     where v.unmarks and m.dialog_id = v.id and m.label = $12
), logged as (
    insert into dialog_label_log (created_at, party_key, dialog_id, label, action, performed_by)
    select $3, v.party_key, v.id, $9, $10, $14
      from visited v
     where v.unmarks
), raised as (
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, v.id
      from visited v
     cross join unnest($15::uuid[], $16::timestamptz[], $17::boolean[], $18::text[], $19::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     where v.is_new or e.event_id <> $2             -- the event of an entry has its id
     order by e.place
)
select exists (select from entry) as is_new
     , coalesce(c.system_labels, l.system_labels) as system_labels
     , coalesce(c.is_content_seen, l.is_content_seen) as is_content_seen
  from locked l
  left join changed c on true
