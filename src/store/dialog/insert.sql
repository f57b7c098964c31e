-- A new dialog with all that it is born with: see insert::insert.
with new_party as (
    insert into party (party_key, urn) values ($party, $party_urn)
    -- whose URN it is, is asked below: a conflict tells only that the key is known
    on conflict (party_key) do nothing
), written as (
    insert into dialog
        ( party_key, id, revision, context_revision, owner_context_revision, resource_type, resource_id, org_id
        , created_at, updated_at, content_updated_at, due_at, visible_from, expires_at
        , status, progress, system_labels, from_party_transmissions, from_owner_transmissions
        , is_api_only, is_content_seen, has_unopened_content
        , extended_status, external_reference, process, preceding_process, idempotent_key, owner_labels, text_analysis)
    select $party, $dialog, $revision, $context_revision, $owner_context_revision, $resource_type, $resource, $org
         , $created_at, $updated_at, $content_updated_at, $due_at, $visible_from, $expires_at
         , $status, $progress, $labels, $from_party_transmissions, $from_owner_transmissions
         , $is_api_only, $is_content_seen, $has_unopened_content
         , $extended_status, $external_reference, $process, $preceding_process, $idempotent_key, $owner_labels, $text_analysis
           -- another party has this key: nothing is written
     where not exists (select from party where party_key = $party and urn <> $party_urn)
    -- before: what every dialog begins with, so that the log has only what differs
    returning id, party_key, content_updated_at, {{label_bit Default}}::smallint as before, system_labels as after
), document as (
    insert into dialog_document (dialog_id, party_key, body, listed)
    select $dialog, $party, $body, $listed::text::json where exists (select from written)
), texts as (
    insert into dialog_text (dialog_id, part, party_key, vector)
    select $dialog, v.place - 1, $party, v.vector::tsvector
      from unnest($text_vectors::text[]) with ordinality v (vector, place)
     where exists (select from written)
), transmissions as ({{transmissions}}
), activities as ({{activities}}
), claimed as ({{claimed}}
), raised as ({{raised}}
), owner_labels as (
    insert into dialog_owner_label (org_id, label, dialog_id, party_key)
    select $org, label, $dialog, $party
      from unnest($owner_labels::text[]) label
     where exists (select from written)
), marks as ({{marked = $party}}
), logged as ({{logged = $party}}
), resource_of_party as (
    insert into party_resource (party_key, resource_id, newest, dialog_count)
    select $party, $resource, date_trunc('hour', $content_updated_at::timestamptz) + interval '1 hour', 1
     where exists (select from written)
    on conflict (party_key, resource_id) do update
       set dialog_count = party_resource.dialog_count + 1
         , newest = greatest(party_resource.newest, excluded.newest)
)
-- First of all the dialog's row: that its id is taken is told before that a child's is.
select w.id from written w
