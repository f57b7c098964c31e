//! How the dialogs of a service owner are labelled by end users: a list of its own, so that owners can keep a copy in step.
//!
//! All of it is one statement. Where Default is wanted (or anything), nearly every dialog matches, and each pair of party and
//! resource is walked along its index, newest first. Where only rarer labels are wanted, the marks of each party are walked,
//! which have the same order.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::statement::Statement;
use crate::domain::{
    Instant,
    ids::{DialogId, Revision},
    party::Party,
    system_label::{Labels, SystemLabel},
};

/// The end-user context of one dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUserContext {
    pub dialog: DialogId,
    pub content_updated_at: Instant,
    pub revision: Revision,
    pub labels: Labels,
}

/// Which contexts are wanted.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub parties: Vec<Party>,
    /// The owner's short name in lower case; dialogs of others are left out.
    pub org: &'a str,
    /// URNs (in lower case) of the owner's resources: their dialogs may have begun under another owner.
    pub own_resources: &'a [String],
    /// Any of these; all, if there are none.
    pub labels: Vec<SystemLabel>,
    pub content_updated_after: Option<Instant>,
    /// Only what comes behind this in the list.
    pub behind: Option<(Instant, Uuid)>,
    pub limit: i64,
}

/// The parties that were asked for, if their URN is the stored one.
macro_rules! asked {
    () => {
        "
with owner as (
    select o.id
      from org o
     where o.name = $org
), asked as (
    select a.party_key
      from unnest($parties::bigint[], $urns::text[]) a (party_key, urn)
      join party p on p.party_key = a.party_key and p.urn = a.urn
)"
    };
}

/// Where in the list a row may stand; `d` has the columns.
macro_rules! within {
    () => {
        "d.content_updated_at >= coalesce($after::timestamptz, '-infinity')
           and (d.content_updated_at, d.id) < (coalesce($behind_time::timestamptz, 'infinity'), coalesce($behind_id::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
    };
}

// Soft-deleted dialogs are in no index by resource; there are few of them.
static BY_RESOURCE: Statement = Statement::new(
    "end-user contexts by resource",
    concat!(
        asked!(),
        ", pair as (
    select a.party_key, h.resource_id
      from asked a
      join party_resource h on h.party_key = a.party_key
      join service_resource r on r.id = h.resource_id
     where r.org_id = (select o.id from owner o) or r.urn = any($own_resources)
), hit as (
    select d.*
      from pair
     cross join lateral (
        select d.id, d.content_updated_at, d.context_revision, d.system_labels
          from dialog d
         where d.party_key = pair.party_key and d.resource_id = pair.resource_id and d.deleted_at is null
           and d.org_id = (select o.id from owner o)
           and ($labels = 0 or (d.system_labels & $labels) <> 0)
           and ",
        within!(),
        "
         order by d.content_updated_at desc, d.id desc
         limit $limit
     ) d
    union all
    select d.id, d.content_updated_at, d.context_revision, d.system_labels
      from asked a
      join dialog d on d.party_key = a.party_key and d.deleted_at is not null
     where d.org_id = (select o.id from owner o)
       and ($labels = 0 or (d.system_labels & $labels) <> 0)
       and ",
        within!(),
        "
)
select id, content_updated_at, context_revision, system_labels
  from hit
 order by content_updated_at desc, id desc
 limit $limit"
    ),
);

// A dialog with several of the labels has several marks, and is listed once. `$own_resources` means nothing here: both statements take the
// same parameters.
static BY_MARK: Statement = Statement::new(
    "end-user contexts by mark",
    concat!(
        asked!(),
        ", hit as (
    select m.*
      from asked a
     cross join unnest({{label_bits}}) b (bit)
     cross join lateral (
        select d.id, d.content_updated_at, w.context_revision, w.system_labels
          from (
            select m.dialog_id as id, m.content_updated_at, m.party_key, m.label
              from dialog_mark m
          ) d
         cross join lateral (
            select w.context_revision, w.system_labels, w.org_id from dialog w where w.id = d.id offset 0
         ) w
         where d.party_key = a.party_key and d.label = b.bit
           and w.org_id = (select o.id from owner o)
           and ",
        within!(),
        "
         order by d.content_updated_at desc, d.id desc
         limit $limit
     ) m
     where (b.bit & $labels) <> 0 and $own_resources::text[] is not null
)
select distinct on (content_updated_at, id) id, content_updated_at, context_revision, system_labels
  from hit
 order by content_updated_at desc, id desc
 limit $limit"
    ),
);

pub(super) const STATEMENTS: [&Statement; 2] = [&BY_RESOURCE, &BY_MARK];

/// The contexts in order: newest content first, then the greatest id.
pub async fn find(db: impl PgExecutor<'_>, wanted: &Wanted<'_>) -> sqlx::Result<Vec<EndUserContext>> {
    let mask = wanted.labels.iter().fold(0, |mask, label| mask | label.bit());
    // Nearly every dialog carries Default, and Default has no marks.
    let is_rare = mask != 0 && mask & SystemLabel::Default.bit() == 0;
    let rows: Vec<(DialogId, Instant, Revision, i16)> = (if is_rare { &BY_MARK } else { &BY_RESOURCE })
        .with("parties", wanted.parties.iter().map(Party::key).collect::<Vec<_>>())
        .with("urns", wanted.parties.iter().map(Party::as_str).collect::<Vec<_>>())
        .with("org", wanted.org)
        .with("own_resources", wanted.own_resources)
        .with("labels", mask)
        .with("after", wanted.content_updated_after)
        // Null on the first page: the statement puts infinity there.
        .with("behind_time", wanted.behind.map(|(at, _)| at))
        .with("behind_id", wanted.behind.map(|(_, id)| id))
        .with("limit", wanted.limit)
        .all(db)
        .await?;
    let context = |(dialog, content_updated_at, revision, labels)| EndUserContext {
        dialog,
        content_updated_at,
        revision,
        labels: Labels::from_mask(labels),
    };
    Ok(rows.into_iter().map(context).collect())
}
