-- What an operation made of a stored dialog: see DialogChange.
with locked as (
    select d.id
         , d.resource_id
         , d.system_labels as before
         , case when $reset_labels then (d.system_labels & (~{{exclusive_labels}})::smallint) | {{label_bit Default}}::smallint
                else d.system_labels end | $added_labels::smallint as after
      from dialog d
     where d.id = $dialog and d.party_key = $party and d.revision = $read
           -- as the statement sees the labels: after a wait for the row, the left side is newer
           -- and so with its words, which are read anew without a new revision
       and (d.context_revision, d.text_analysis)
           = (select s.context_revision, s.text_analysis from dialog s where s.id = $dialog and s.party_key = $party)
       -- not `for update`: children are inserted beside it, whose foreign keys only need the row's key to stay
       for no key update of d
), written as (
    update dialog d
       set revision = $revision
         , created_at = $created_at
         , updated_at = $updated_at
         , content_updated_at = $content_updated_at
         , due_at = $due_at
         , expires_at = $expires_at
         , deleted_at = $deleted_at
         , status = $status
         , progress = $progress
         , from_party_transmissions = $from_party_transmissions
         , from_owner_transmissions = $from_owner_transmissions
         , is_api_only = $is_api_only
         -- from the row, not from what was read: a reader may have opened the dialog since
         , is_content_seen = d.is_content_seen and not $unsee
         , has_unopened_content = $has_unopened_content
         , is_frozen = $is_frozen
         , extended_status = $extended_status
         , external_reference = $external_reference
         , process = $process
         , preceding_process = $preceding_process
         , system_labels = l.after
         , context_revision = case when l.after = l.before then d.context_revision else $context_revision end
      from locked l
     where d.id = l.id and d.party_key = $party and ($changed or l.after <> l.before)
    returning d.id, d.party_key, d.resource_id, d.content_updated_at, d.context_revision, l.before, l.after
), document as (
    update dialog_document x
       -- null: this part does not differ, and a long document is not sent
       set body = coalesce($body::jsonb, x.body)
         , listed = coalesce($listed::text::json, x.listed)
      from written w
     where x.dialog_id = w.id and x.party_key = $party and ($body::jsonb is not null or $listed::text is not null)
), appended_transmissions as ({{transmissions}}
), opened as (
    update dialog_transmission t
       set is_opened = true
      from written w
     where t.id = any($opened::uuid[]) and t.party_key = $party
       and (t.dialog_id = w.id) is true and not t.is_opened     -- by id, not all of the dialog
), appended_activities as ({{activities}}
), claimed as ({{claimed}}
), released as ({{released}}
), {{texts}}, unmarked as ({{unmarked = $party}}
), marked as ({{marked = $party}}
), logged as ({{logged = $party}}
), newest as (
    update party_resource p
       -- an upper bound by the hour, so that a busy pair is written once an hour and not at each change
       set newest = date_trunc('hour', w.content_updated_at) + interval '1 hour'
      from written w
     where p.party_key = $party and p.resource_id = w.resource_id and p.newest < w.content_updated_at
), raised as ({{raised}}
)
-- `written` is empty where nothing differs, which is no staleness: `locked` tells the two apart
select coalesce(w.after, l.after) as labels
     , coalesce(w.context_revision, (select d.context_revision from dialog d where d.id = l.id and d.party_key = $party)) as context_revision
  from locked l
  left join written w on w.id = l.id
