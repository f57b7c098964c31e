-- The dialogs of `page`, whose rows it has, in the order of `at`, with what list items show: as many as 8 MiB have room for, at
-- least one. `ends_page` says of the last one that the room is used up. The party is named once for all of its items.
with listed as materialized (
    select page.*
         , c.listed
         , coalesce(c.listed_bytes, 0) as bytes
         , sum(coalesce(c.listed_bytes, 0)) over (order by page.at rows unbounded preceding) as upto
      from page
      left join lateral (
          select c.listed, c.listed_bytes from dialog_document c where c.dialog_id = page.id offset 0
      ) c on true
)
select {{own_head page}}
     , page.party_key
     , page.resource_id as resource_key
     , coalesce(page.listed, '{}') as listed
     , page.upto >= 8388608 as ends_page
     , case when row_number() over (partition by page.party_key order by page.at) = 1
            then (select p.urn from party p where p.party_key = page.party_key) end as party
     , s.seen
  from listed as page
  cross join lateral (
      -- the newest entry of each reader since the content changed
      select jsonb_agg(jsonb_build_object(
                 'id', e.id
               , 'created_at', e.created_at
               , 'is_via_service_owner', e.is_via_service_owner
               , 'actor_id', e.actor_id
               , 'actor_name', e.actor_name) order by e.created_at, e.id) as seen
        from (
            select distinct on (e.actor_id) e.*
              from dialog_seen e
             where e.dialog_id = page.id
               and e.created_at >= page.content_updated_at
             order by e.actor_id, e.created_at desc, e.id desc
        ) e
  ) s
 where page.upto - page.bytes < 8388608
 order by page.at
