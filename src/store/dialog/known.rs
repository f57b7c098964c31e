//! What a dialog already has of that which a write wants to append: one statement, whose cost follows the write and not the
//! dialog. Nothing here reads a body.

use std::collections::{HashMap, HashSet};

use sqlx::{FromRow, PgExecutor, types::Json};
use uuid::Uuid;

use super::Find;
use crate::{
    domain::{
        dialog::{ActivityType, Head},
        hierarchy::StoredParent,
        ids::DialogId,
        listed::Listed,
        wire_enum::WireEnum,
    },
    store::statement::{Bound, Statement},
};

/// What a write is about to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub activities: Vec<Uuid>,
    /// Ids of new transmissions, of those they relate to, and of those that activities refer to.
    pub transmissions: Vec<Uuid>,
    /// Ids of attachments of new transmissions.
    pub attachments: Vec<Uuid>,
    pub idempotent_keys: Vec<String>,
    /// Transmissions that the write opens.
    pub opened: Vec<Uuid>,
}

/// What the dialog has of it, and a few facts that only a look at its children tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    pub activities: HashSet<Uuid>,
    /// With their place in the tree.
    pub transmissions: HashMap<Uuid, StoredParent>,
    pub attachments: HashSet<Uuid>,
    pub idempotent_keys: HashSet<String>,
    /// Some transmission that is not from the party stays unopened.
    pub unopened_transmission: bool,
    /// There is a CorrespondenceOpened activity.
    pub correspondence_opened: bool,
    /// Some transmission has no content.
    pub contentless_transmission: bool,
    pub listed: Listed,
}

#[derive(FromRow)]
struct Row {
    activities: Vec<Uuid>,
    transmissions: Vec<Uuid>,
    depths: Vec<i16>,
    children: Vec<i64>,
    attachments: Vec<Uuid>,
    idempotent_keys: Vec<String>,
    unopened_transmission: bool,
    correspondence_opened: bool,
    contentless_transmission: bool,
    listed: Json<Listed>,
}

static KNOWN: Statement = Statement::new(
    "dialog known",
    "
with {{known_places}}
select {{known}}
  from dialog_document x
 where x.dialog_id = $dialog",
);

static HEAD_AND_KNOWN: Statement = Statement::new(
    "dialog to append",
    "
with {{known_places}}
select {{head}}, {{known}}
  from {{head_tables}}
  join dialog_document x on x.dialog_id = d.id
 where d.id = $dialog and ($owner::text is null or o.name = $owner)",
);

pub(super) const STATEMENTS: [&Statement; 3] = [&KNOWN, &HEAD_AND_KNOWN, &HAS_ACTIVITY];

impl Wanted {
    /// What the dialog knows of this; `None` if it is gone.
    pub async fn known(&self, db: impl PgExecutor<'_>, dialog: DialogId) -> sqlx::Result<Option<Known>> {
        let row: Option<Row> = self.tell(KNOWN.with("dialog", dialog)).optional(db).await?;
        Ok(row.map(Row::into_known))
    }

    fn tell<'q>(&'q self, statement: Bound<'q>) -> Bound<'q> {
        statement
            .with("activities", &self.activities)
            .with("transmissions", &self.transmissions)
            .with("attachments", &self.attachments)
            .with("keys", &self.idempotent_keys)
            .with("opened", &self.opened)
    }
}

impl Find {
    /// The dialog without its body, and what it has of what is wanted, in one round trip.
    pub async fn with_known(self, db: impl PgExecutor<'_>, wanted: &Wanted) -> sqlx::Result<Option<(Head, Known)>> {
        let (dialog, owner) = self.into_parts();
        let row = wanted.tell(HEAD_AND_KNOWN.with("dialog", dialog).with("owner", owner)).row(db).await?;
        row.map(|row| Ok((Head::from_row(&row)?, Row::from_row(&row)?.into_known()))).transpose()
    }
}

impl Row {
    fn into_known(self) -> Known {
        let size = |n| usize::try_from(n).unwrap_or(usize::MAX);
        let places = self.depths.iter().zip(&self.children);
        let places =
            places.map(|(depth, children)| StoredParent { depth: size(i64::from(*depth)), children: size(*children) });
        Known {
            activities: self.activities.into_iter().collect(),
            transmissions: self.transmissions.into_iter().zip(places).collect(),
            attachments: self.attachments.into_iter().collect(),
            idempotent_keys: self.idempotent_keys.into_iter().collect(),
            unopened_transmission: self.unopened_transmission,
            correspondence_opened: self.correspondence_opened,
            contentless_transmission: self.contentless_transmission,
            listed: self.listed.0,
        }
    }
}

static HAS_ACTIVITY: Statement = Statement::new(
    "notification condition",
    "
select exists (select from dialog_activity a
                where a.dialog_id = d.id and a.type = $type and ($transmission::uuid is null or a.transmission_id = $transmission))
  from dialog d
 where d.id = $dialog",
);

/// Whether the dialog, whoever owns it, has an activity of that type (about that transmission, if one is given); `None` if
/// there is no such dialog.
pub async fn has_activity(
    db: impl PgExecutor<'_>,
    dialog: DialogId,
    activity: ActivityType,
    transmission: Option<Uuid>,
) -> sqlx::Result<Option<bool>> {
    let found: Option<(bool,)> = HAS_ACTIVITY
        .with("dialog", dialog)
        .with("type", activity.id())
        .with("transmission", transmission)
        .optional(db)
        .await?;
    Ok(found.map(|(has,)| has))
}
