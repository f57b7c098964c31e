//! What belongs to a dialog beside its aggregate: the end-user context (system labels) and the service-owner context
//! (service-owner labels). Each has a revision of its own, which guards its writes.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        actor::Actor,
        ids::{DialogId, Revision},
        party::Party,
        system_label::{LabelEdit, Labels},
    },
    store::violation::StoreError,
};

/// A dialog whose system labels shall change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelChange {
    pub dialog: DialogId,
    /// The end-user context's revision that was read.
    pub read: Revision,
}

/// What setting labels has to know of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUserContext {
    pub id: DialogId,
    /// The owner's short name.
    pub org: String,
    pub party: Party,
    pub service_resource: String,
    pub revision: Revision,
    pub labels: Labels,
}

const CONTEXTS: &str = "
select d.id, o.name, p.urn, r.urn, d.context_revision, d.system_labels
  from dialog d
  join org o on o.id = d.org_id
  join party p on p.party_key = d.party_key
  join service_resource r on r.id = d.resource_id
 where d.id = any($1) and d.deleted_at is null";

/// The end-user contexts of those of the dialogs that exist and are not deleted, whoever owns them.
pub async fn end_user_contexts(db: impl PgExecutor<'_>, ids: &[Uuid]) -> sqlx::Result<Vec<EndUserContext>> {
    let rows: Vec<(DialogId, String, String, String, Revision, i16)> =
        sqlx::query_as(CONTEXTS).bind(ids).fetch_all(db).await?;
    let context = |(id, org, party, service_resource, revision, mask)| EndUserContext {
        id,
        org,
        party: Party::from_stored(party),
        service_resource,
        revision,
        labels: Labels::from_mask(mask),
    };
    Ok(rows.into_iter().map(context).collect())
}

const SET_LABELS: &str = "
with wanted as (
    select w.id, w.read, w.fresh
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) w (id, read, fresh)
), locked as (                                      -- one by one in the order given: the planner would walk the whole table
    select d.id, d.party_key, d.content_updated_at, d.context_revision, d.system_labels as before, w.fresh
           -- from the labels as they are now: reading takes a mark away and leaves the revision
         , (d.system_labels & ~$4) & ~7::smallint | $6
             | case when $5 <> 0 then $5 when (d.system_labels & ~$4) & 7 = 0 then 1 else (d.system_labels & ~$4) & 7 end as after
      from wanted w
     cross join lateral (
         select d.id, d.party_key, d.content_updated_at, d.context_revision, d.system_labels
           from dialog d
          where d.id = w.id and d.context_revision = w.read and d.deleted_at is null
            for no key update
     ) d
), complete as (                                    -- all of them or none
    select l.*
      from locked l
     where (select count(*) from locked) = cardinality($1)
), changed as (
    update dialog d
       set system_labels = c.after
         , context_revision = c.fresh
      from complete c
     where d.id = c.id and c.before <> c.after
    returning d.id, d.party_key, d.content_updated_at, c.before, c.after
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
    on conflict (dialog_id, label) do nothing
), logged as (
    insert into dialog_label_log (created_at, party_key, dialog_id, label, action, performed_by)
    select $7, c.party_key, c.id, b.label, case when (c.after & b.bit) <> 0 then 1 else 2 end, $8
      from changed c
     cross join unnest('{2,4,8,16}'::smallint[], '{2,3,4,5}'::smallint[]) b (bit, label)
     where ((c.before # c.after) & b.bit) <> 0
     order by c.id, case when (c.after & b.bit) <> 0 then 1 else 2 end, b.label
)
select c.id
     , case when c.before = c.after then c.context_revision else c.fresh end as context_revision
  from complete c";

/// Changes the labels of all dialogs given, or of none: `None` if one of them is gone, deleted or was changed since it was read.
/// Otherwise each dialog's end-user-context revision, which is new only where the labels differ.
pub async fn set_labels(
    db: impl PgExecutor<'_>,
    changes: &[LabelChange],
    edit: LabelEdit,
    performer: &Actor,
    now: Instant,
) -> Result<Option<Vec<(DialogId, Revision)>>, StoreError> {
    // Locked in the order of ids, so that two calls never wait for each other.
    let mut changes = changes.to_vec();
    changes.sort_unstable_by_key(|change| change.dialog.0);
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(SET_LABELS)
        .bind(changes.iter().map(|change| change.dialog.0).collect::<Vec<_>>())
        .bind(changes.iter().map(|change| change.read.0).collect::<Vec<_>>())
        .bind(changes.iter().map(|_| Uuid::new_v4()).collect::<Vec<_>>())
        .bind(edit.removed)
        .bind(edit.exclusive)
        .bind(edit.added)
        .bind(now)
        .bind(Json(performer))
        .fetch_all(db)
        .await?;
    let written = rows.into_iter().map(|(id, revision)| (DialogId(id), Revision(revision))).collect::<Vec<_>>();
    Ok((written.len() == changes.len()).then_some(written))
}

const SET_OWNER_LABELS: &str = "
with changed as (
    update dialog d
       set owner_labels = $3
         , owner_context_revision = $4
     where d.id = $1 and d.owner_context_revision = $2 and d.deleted_at is null
    returning d.id, d.org_id
), gone as (
    delete from dialog_owner_label x
     using changed c
     where x.dialog_id = c.id and x.label <> all($3)
), added as (
    insert into dialog_owner_label (dialog_id, org_id, label)
    select c.id, c.org_id, l.label
      from changed c
     cross join unnest($3::text[]) l (label)
    on conflict on constraint dialog_owner_label_pk do nothing
)
select c.id from changed c";

/// Replaces the service-owner labels (normalised, sorted). `None` if the service-owner context was changed since it was read,
/// or the dialog is gone or deleted; otherwise the context's new revision.
pub async fn set_owner_labels(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    read: Revision,
    labels: &[String],
) -> Result<Option<Revision>, StoreError> {
    let fresh = Revision::fresh();
    let row: Option<(Uuid,)> =
        sqlx::query_as(SET_OWNER_LABELS).bind(dialog).bind(read).bind(labels).bind(fresh).fetch_optional(db).await?;
    Ok(row.map(|_| fresh))
}
