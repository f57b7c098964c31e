-- The dialogs of `page (id, place)`, in the order of the places, with what list items show: as many as 8 MiB have room for,
-- at least one. `ends_page` says of the last one that the room is used up.
with listed as materialized (
    select page.id
         , page.place
         , c.listed
         , coalesce(c.listed_bytes, 0) as bytes
         , sum(coalesce(c.listed_bytes, 0)) over (order by page.place rows unbounded preceding) as upto
      from page
      left join lateral (
          select c.listed, c.listed_bytes from dialog_document c where c.dialog_id = page.id offset 0
      ) c on true
)
select {{head}}
     , d.party_key
     , d.resource_id as resource_key
     , coalesce(page.listed, '{}') as listed
     , page.upto >= 8388608 as ends_page
     , coalesce(s.seen, '[]') as seen
  from listed as page
  cross join lateral (select d.* from dialog d where d.id = page.id offset 0) d
  cross join lateral (select p.urn from party p where p.party_key = d.party_key offset 0) p
  cross join lateral (select r.urn from service_resource r where r.id = d.resource_id offset 0) r
  cross join lateral (select o.name from org o where o.id = d.org_id offset 0) o
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
             where e.dialog_id = d.id
               and e.created_at >= d.content_updated_at
             order by e.actor_id, e.created_at desc, e.id desc
        ) e
  ) s
 where page.upto - page.bytes < 8388608
 order by page.place
