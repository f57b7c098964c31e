//! End users and one dialog, or a part of it: the only way in.
//!
//! What is read depends on what is shown, what is asked of the platform on what was read, and the order of refusals on both
//! (chapter 02 §1.1, §3.2):
//!
//! | | the dialog | activities, transmissions | seen log | label log |
//! |---|---|---|---|---|
//! | missing | 404 | 404 | 404 | 404 |
//! | nothing permitted | lists may still show it, else 403 | 404 | 404 | 404 |
//! | deleted | 410 | 410 | 410 | 404 |
//! | child missing | | | 404 | |
//! | level too low | 403 | 403 | 403 | 403 |
//! | not visible yet, expired | 404 | 404 | 404 | 404 |
//! | child missing | | 404 | | |
//!
//! In the existing system the parts of a hidden dialog are readable; here nothing of it leaks.

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{deleted, level};
use crate::{
    altinn::decision::DecisionAsk,
    app::App,
    auth::EndUser,
    domain::{
        Instant,
        decision::Decision,
        ids::DialogId,
        refusal::Refusal,
        violations::{Code, Fault},
        visibility::{self, Cover, Hidden, Standing, pairs_of_parts, pairs_to_decide},
    },
    http::context,
    store::dialog::{Kind, Part, WholeDialog, for_end_user},
};

/// What an end user is shown, and what they may do there.
#[derive(Clone, Debug)]
pub struct Opened<T = WholeDialog> {
    pub found: T,
    pub decision: Arc<Decision>,
}

/// The whole dialog. Who finds it in lists can open it, even without any action on it.
pub async fn opened(app: &App, caller: &EndUser, id: DialogId, now: Instant) -> Result<Opened, Refusal> {
    let whole = app
        .db
        .find(|db| async move { for_end_user(id).whole(&db).await })
        .await?
        .ok_or_else(|| Refusal::no_dialog(id))?;
    let cover = whole.dialog.cover();
    // After the read, as the actions and transmissions that were read say what to ask.
    let decision = decide(app, caller, &cover, pairs_to_decide(&whole.dialog, &whole.transmissions)).await?;
    // Lazily: lists are asked only if the decision point permits nothing (chapter 03 §5.6).
    let has_access = decision.has_access_to_main() || is_listed(app, caller, &cover).await?;
    match looked_at(app, caller, &cover, has_access, now) {
        Ok(()) => Ok(Opened { found: whole, decision }),
        Err(Hidden::NoAccess) => Err(Refusal::forbidden(no_access())),
        Err(hidden) => Err(refusal(hidden, id)),
    }
}

/// All children of one kind, in reading order.
pub async fn children<T>(
    app: &App,
    caller: &EndUser,
    id: DialogId,
    now: Instant,
    part: &'static Part<T>,
) -> Result<Opened<Vec<T>>, Refusal> {
    let (row, found) = app
        .db
        .find(|db| async move { for_end_user(id).part(&db, part).await })
        .await?
        .ok_or_else(|| Refusal::no_dialog(id))?;
    let cover = row.cover();
    let decision = decide(app, caller, &cover, pairs_of_parts(found.iter().filter_map(part.attribute))).await?;
    match looked_at(app, caller, &cover, decision.has_access_to_main(), now) {
        Ok(()) => Ok(Opened { found, decision }),
        Err(hidden) => Err(refusal_of_part(hidden, id, part.kind)),
    }
}

/// One child.
pub async fn child<T>(
    app: &App,
    caller: &EndUser,
    id: DialogId,
    now: Instant,
    part: &'static Part<T>,
    child: Uuid,
) -> Result<Opened<T>, Refusal> {
    let (row, found) = app
        .db
        .read_if(
            |db| async move { for_end_user(id).child(&db, part, child).await },
            |found| matches!(found, Some((_, Some(_)))),
        )
        .await?
        .ok_or_else(|| Refusal::no_dialog(id))?;
    let cover = row.cover();
    let decision = decide(app, caller, &cover, pairs_of_parts(found.iter().filter_map(part.attribute))).await?;
    let missing = || Refusal::NotFound { entity: part.entity, keys: vec![child.to_string()] };
    match looked_at(app, caller, &cover, decision.has_access_to_main(), now) {
        // These two before the child, so that nobody learns of a hidden dialog whether it has it.
        Err(hidden @ (Hidden::NoAccess | Hidden::Deleted)) => Err(refusal_of_part(hidden, id, part.kind)),
        Err(_) if part.kind == Kind::SeenLog && found.is_none() => Err(missing()),
        Err(hidden) => Err(refusal_of_part(hidden, id, part.kind)),
        Ok(()) => found.map(|found| Opened { found, decision }).ok_or_else(missing),
    }
}

async fn decide(
    app: &App,
    caller: &EndUser,
    cover: &Cover<'_>,
    pairs: BTreeSet<(&str, &str)>,
) -> Result<Arc<Decision>, Refusal> {
    context::about(cover.service_resource);
    Ok(app.altinn.decide(caller.identity(), DecisionAsk::about(cover, pairs)).await?)
}

/// Whether lists show the dialog to the caller.
async fn is_listed(app: &App, caller: &EndUser, cover: &Cover<'_>) -> Result<bool, Refusal> {
    // Narrowed to the one pair: the question to the platform is the same for each dialog of it.
    let (party, resource) = (cover.party.to_string(), cover.service_resource.to_owned());
    let listed = app.lists.authorization(caller.identity(), &[party], &[resource]).await?;
    Ok(listed.covers(cover.party, cover.service_resource, cover.id))
}

fn looked_at(app: &App, caller: &EndUser, cover: &Cover, has_access: bool, now: Instant) -> Result<(), Hidden> {
    let minimum_level = level::demanded(&app.altinn, cover.service_resource);
    // A level that cannot be derived is below all; the reference fails with 500 (chapter 03 §1.4).
    visibility::check(cover, Standing { has_access, level: caller.level().ok(), minimum_level }, now)
}

/// Strangers to a dialog do not learn that it has parts, and nobody reads the label log of a deleted one.
fn refusal_of_part(hidden: Hidden, id: DialogId, kind: Kind) -> Refusal {
    match hidden {
        Hidden::Deleted if kind == Kind::LabelLog => Refusal::no_dialog(id),
        hidden => refusal(hidden, id),
    }
}

fn refusal(hidden: Hidden, id: DialogId) -> Refusal {
    match hidden {
        Hidden::NoAccess => Refusal::no_dialog(id),
        Hidden::Deleted => deleted(id),
        Hidden::LevelTooLow { demanded, own } => Refusal::forbidden(level_too_low(demanded, own)),
        Hidden::NotVisibleUntil(visible_from) => Refusal::NotVisible { visible_from },
        Hidden::ExpiredAt(expires_at) => Refusal::Expired { expires_at },
    }
}

fn no_access() -> Fault {
    Code::AccessDenied.says("Forbidden").hint(
        "The platform permits the caller no action on the dialog: a role, an access package or a delegation for the \
         dialog's party that its service resource takes is missing.",
    )
}

fn level_too_low(demanded: i32, own: Option<i32>) -> Fault {
    let own = own.map_or_else(|| "says none that is known".to_owned(), |level| format!("says {level}"));
    Code::LevelTooLow
        .says("Altinn authentication level too low.")
        .hint(format!("The service resource demands level {demanded}; the token {own}. Log in by a stronger means."))
}
