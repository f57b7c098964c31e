-- Somebody opened a dialog: see Visit.
with locked as (
    select d.id
         , d.party_key
         , d.content_updated_at
         , d.is_content_seen
         , d.system_labels as before
           -- only what the reader saw: a mark set or set anew since then stays
         , case when $saw_mark and d.context_revision = $context_revision
                then d.system_labels & ~{{label_bit MarkedAsUnopened}}::smallint else d.system_labels end as after
      from dialog d
     where d.id = $dialog and d.party_key = $party
       -- first of all, so that events of a dialog stand in the order of its commits
       for no key update of d
), entry as (
    insert into dialog_seen
        (created_at, party_key, id, dialog_id, user_type, is_via_service_owner, actor_id, actor_name)
    select $now, $party, $entry, l.id, $user_type, $is_via_service_owner, $actor_id, $actor_name
      from locked l
    -- the id follows from reader and state, so a second reading of the same state meets the first
    on conflict on constraint dialog_seen_pk do nothing
    returning id
), written as (                                     -- nothing at all happens to a state that the reader has seen before
    select l.*
         , exists (select from entry) as is_new
      from locked l
     where l.before <> l.after or exists (select from entry)
), changed as (
    update dialog d
       set system_labels = w.after
         -- seen only if the content is still the one that was shown
         , is_content_seen = d.is_content_seen or d.content_updated_at = $content_updated_at
      from written w
     where d.id = w.id and d.party_key = $party
       and (w.before <> w.after or not w.is_content_seen and w.content_updated_at = $content_updated_at)
    returning d.system_labels, d.is_content_seen
), unmarked as ({{unmarked = $party}}
), logged as ({{logged = $party}}
), raised as ({{raised and ((select is_new from written) or e.event_id <> $entry)}}   -- the event of an entry has its id
)
select exists (select from entry) as is_new
     , coalesce(c.system_labels, l.before) as system_labels
     , coalesce(c.is_content_seen, l.is_content_seen) as is_content_seen
  from locked l
  left join changed c on true
