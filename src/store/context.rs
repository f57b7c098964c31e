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
        resource::{OrgCode, ResourceUrn},
        system_label::{LabelEdit, Labels},
    },
    store::{statement::Statement, violation::StoreError},
};

/// A dialog whose system labels shall change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelChange {
    pub dialog: DialogId,
    pub party_key: i64,
    /// The end-user context's revision that was read.
    pub read: Revision,
}

/// What setting labels has to know of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUserContext {
    pub id: DialogId,
    /// The owner's.
    pub org: OrgCode,
    pub party: Party,
    pub service_resource: ResourceUrn,
    pub revision: Revision,
    pub labels: Labels,
}

static CONTEXTS: Statement = Statement::new(
    "end-user contexts",
    "
select d.id, o.name, p.urn, r.urn, d.context_revision, d.system_labels
  from dialog d
  join org o on o.id = d.org_id
  join party p on p.party_key = d.party_key
  join service_resource r on r.id = d.resource_id
 where d.id = any($dialogs) and d.deleted_at is null",
);

/// The end-user contexts of those of the dialogs that exist and are not deleted, whoever owns them.
pub async fn end_user_contexts(db: impl PgExecutor<'_>, ids: &[Uuid]) -> sqlx::Result<Vec<EndUserContext>> {
    let rows: Vec<(DialogId, String, String, String, Revision, i16)> = CONTEXTS.with("dialogs", ids).all(db).await?;
    let context = |(id, org, party, urn, revision, mask): (_, String, _, String, _, _)| EndUserContext {
        id,
        org: OrgCode::stored(org),
        party: Party::from_stored(party),
        service_resource: ResourceUrn::stored(urn),
        revision,
        labels: Labels::from_mask(mask),
    };
    Ok(rows.into_iter().map(context).collect())
}

static SET_LABELS: Statement = Statement::new(
    "labels set",
    "
with wanted as (
    select w.id, w.party_key, w.read, w.fresh
      from unnest($dialogs::uuid[], $parties::bigint[], $reads::uuid[], $fresh::uuid[]) w (id, party_key, read, fresh)
), locked as (                                      -- one by one in the order given: the planner would walk the whole table
    select d.id, d.party_key, d.content_updated_at, d.context_revision, d.system_labels as before, w.fresh
           -- from the labels as they are now: reading takes a mark away and leaves the revision
         , d.kept & ~{{exclusive_labels}}::smallint | $added::smallint
             | case when $exclusive::smallint <> 0 then $exclusive
                    when d.kept & {{exclusive_labels}} = 0 then {{label_bit Default}}
                    else d.kept & {{exclusive_labels}} end as after
      from wanted w
     cross join lateral (
         select d.id, d.party_key, d.content_updated_at, d.context_revision, d.system_labels, d.system_labels & ~$removed::smallint as kept
           from dialog d
          where d.id = w.id and d.party_key = w.party_key and d.context_revision = w.read and d.deleted_at is null
            for no key update
     ) d
), complete as (                                    -- all of them or none
    select l.*
      from locked l
     where (select count(*) from locked) = cardinality($dialogs)
), written as (
    update dialog d
       set system_labels = c.after
         , context_revision = c.fresh
      from complete c
     where d.id = c.id and d.party_key = any($parties) and c.before <> c.after
    returning d.id, d.party_key, d.content_updated_at, c.before, c.after
), unmarked as ({{unmarked = any($parties)}}
), marked as ({{marked = any($parties)}}
), logged as ({{logged = any($parties)}}
)
select c.id
     , case when c.before = c.after then c.context_revision else c.fresh end as context_revision
  from complete c",
);

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
    let rows: Vec<(Uuid, Uuid)> = SET_LABELS
        .with("dialogs", changes.iter().map(|change| change.dialog.0).collect::<Vec<_>>())
        .with("parties", changes.iter().map(|change| change.party_key).collect::<Vec<_>>())
        .with("reads", changes.iter().map(|change| change.read.0).collect::<Vec<_>>())
        .with("fresh", changes.iter().map(|_| Uuid::new_v4()).collect::<Vec<_>>())
        .with("removed", edit.removed)
        .with("exclusive", edit.exclusive)
        .with("added", edit.added)
        .with("now", now)
        .with("performer", Json(performer))
        .all(db)
        .await?;
    let written = rows.into_iter().map(|(id, revision)| (DialogId(id), Revision(revision))).collect::<Vec<_>>();
    // Rows come for all dialogs or for none: see `complete`.
    Ok((written.len() == changes.len()).then_some(written))
}

static SET_OWNER_LABELS: Statement = Statement::new(
    "owner labels set",
    "
with written as (
    update dialog d
       set owner_labels = $labels
         , owner_context_revision = $fresh
     where d.id = $dialog and d.party_key = $party and d.owner_context_revision = $read and d.deleted_at is null
    returning d.id, d.org_id
), gone as (
    delete from dialog_owner_label x
     using written w
     where x.dialog_id = w.id and x.party_key = $party and x.label <> all($labels)
), added as (
    insert into dialog_owner_label (dialog_id, org_id, label, party_key)
    select w.id, w.org_id, l.label, $party
      from written w
     cross join unnest($labels::text[]) l (label)
    -- labels that stay are met again: they are inserted with the new ones, since the set is replaced as a whole
    on conflict on constraint dialog_owner_label_pk do nothing
)
select w.id from written w",
);

pub(super) const STATEMENTS: [&Statement; 3] = [&CONTEXTS, &SET_LABELS, &SET_OWNER_LABELS];

/// Replaces the service-owner labels (normalised, sorted). `None` if the service-owner context was changed since it was read,
/// or the dialog is gone or deleted; otherwise the context's new revision.
pub async fn set_owner_labels(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    party: &Party,
    read: Revision,
    labels: &[String],
) -> Result<Option<Revision>, StoreError> {
    let fresh = Revision::fresh();
    let row: Option<(Uuid,)> = SET_OWNER_LABELS
        .with("dialog", dialog)
        .with("party", party.key())
        .with("read", read)
        .with("labels", labels)
        .with("fresh", fresh)
        .optional(db)
        .await?;
    Ok(row.map(|_| fresh))
}
