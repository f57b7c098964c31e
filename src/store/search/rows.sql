-- What list items show beside their rows, of the dialogs of `page`, which has of each id, party_key, content_updated_at and its
-- place `at`, from 1 on: as many as 8 MiB have room for, at least one. `ends_page` says of the last one that the room is used up.
weighed as materialized (
    select page.*
         , coalesce(c.listed, '{}') as listed
         , coalesce(c.listed_bytes, 0) as bytes
         , sum(coalesce(c.listed_bytes, 0)) over (order by page.at rows unbounded preceding) as upto
      from page
      left join lateral (
          select c.listed, c.listed_bytes from dialog_document c where c.dialog_id = page.id offset 0
      ) c on true
), once as materialized (
    -- For all items together and told with the first: hardly any has more than one reader, and few parties have them all. To ask
    -- for each item took a third of the page's time.
    select s.*, p.*
      from (
          -- the newest entry of each reader since the content changed
          select array_agg(e.dialog_id) as seen_dialogs
               , array_agg(e.id) as seen_ids
               , array_agg(e.created_at) as seen_times
               , array_agg(e.is_via_service_owner) as seen_via_owners
               , array_agg(e.actor_id) as seen_actors
               , array_agg(e.actor_name) as seen_names
            from (
                select distinct on (e.dialog_id, e.actor_id) e.*
                  from page
                 cross join lateral (
                     select e.dialog_id, e.id, e.created_at, e.is_via_service_owner, e.actor_id, e.actor_name
                       from dialog_seen e
                      where e.dialog_id = page.id
                        and e.created_at >= page.content_updated_at
                     offset 0
                 ) e
                 order by e.dialog_id, e.actor_id, e.created_at desc, e.id desc
            ) e
      ) s
     cross join (
          select array_agg(k.party_key) as party_keys
               , array_agg(p.urn) as party_urns
            from (select distinct page.party_key from page) k
           cross join lateral (select p.urn from party p where p.party_key = k.party_key offset 0) p
      ) p
), item as materialized (
    select w.*
         , w.upto >= 8388608 as ends_page
         , once.*
      from weighed w
      left join once on w.at = 1
     where w.upto - w.bytes < 8388608
)
