//! Changing system labels: what the operations of both surfaces share.
//!
//! Labels belong to the end-user context: its revision is the ETag and guards the change, the dialog itself does not change
//! and no event is raised. Several dialogs are changed all or none.

use std::collections::HashSet;

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actor_names,
    app::App,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        identity::EndUserIdentity,
        ids::{DialogId, Revision},
        refusal::Refusal,
        rules::unique,
        system_label::LabelEdit,
        violations::{At, Code, Violations},
    },
    http::{self, if_match::IfMatch},
    store::{
        context::{EndUserContext, LabelChange, set_labels},
        violation::too_late,
    },
};

/// A dialog, and the revision of its end-user context that the change builds on.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DialogRevision)]
pub struct DialogRevision {
    // Left out it is the all-zero id, which is then missing like any other.
    #[serde(default)]
    pub dialog_id: Uuid,
    pub end_user_context_revision: Option<Uuid>,
}

/// Between one and `most` dialogs, each once.
pub fn check_dialogs(dialogs: &[DialogRevision], most: usize, at: At, found: &mut Violations) {
    if !(1..=most).contains(&dialogs.len()) {
        let text = format!("Must supply between 1 and {most} dialogs to update");
        let hint = format!("{} are named; send several requests.", dialogs.len());
        found.add(at, Code::DialogCountOutOfRange.says(text).hint(hint));
    }
    unique::unique(dialogs.iter().map(|dialog| &dialog.dialog_id), at, found);
}

/// The dialogs that the end user's lists do not show. Neither level nor visibility matters to labels.
///
/// # Errors
/// Those of the platform.
pub async fn unlisted(
    app: &App,
    end_user: &EndUserIdentity,
    contexts: &[EndUserContext],
) -> Result<HashSet<DialogId>, Refusal> {
    let mut parties: Vec<_> = contexts.iter().map(|context| context.party.to_string()).collect();
    parties.sort_unstable();
    parties.dedup();
    let mut resources: Vec<_> = contexts.iter().map(|context| context.service_resource.to_string()).collect();
    resources.sort_unstable();
    resources.dedup();
    // One question for all dialogs.
    let granted = app.lists.authorization(end_user, &parties, &resources).await?;
    let uncovered =
        contexts.iter().filter(|context| !granted.covers(&context.party, &context.service_resource, context.id));
    Ok(uncovered.map(|context| context.id).collect())
}

/// The refusal of one dialog that lists do not show.
pub fn unauthorized(id: DialogId) -> Refusal {
    Refusal::forbidden(
        Code::LabelsNotAuthorized
            .says(format!("The following dialog ids are unauthorized and/or missing: ({id})."))
            .hint("The end user needs a right on the dialog's service resource for its party."),
    )
}

/// The end user, as the label log names them.
///
/// # Errors
/// 422 if nobody has that id, 502 if the register does not answer.
pub async fn named(app: &App, end_user: &EndUserIdentity) -> Result<Actor, Refusal> {
    let mut actor = Actor {
        actor_type: ActorType::PartyRepresentative,
        actor_id: Some(end_user.party.to_string()),
        actor_name: None,
    };
    actor_names::look_up(&app.altinn, vec![&mut actor]).await?;
    Ok(actor)
}

/// 412 unless each dialog's context has the revision that the request names for it. True if it named any.
pub fn guarded(dialogs: &[DialogRevision], contexts: &[EndUserContext]) -> Result<bool, Refusal> {
    let expected: std::collections::HashMap<Uuid, Uuid> =
        dialogs.iter().filter_map(|dialog| Some((dialog.dialog_id, dialog.end_user_context_revision?))).collect();
    for context in contexts {
        if expected.get(&context.id.0).is_some_and(|expected| *expected != context.revision.0) {
            return Err(Refusal::PreconditionFailed { current: Some(context.revision) });
        }
    }
    // If any dialog was named with a revision, the whole call is guarded: 412 and not 409 (§8.2).
    Ok(!expected.is_empty())
}

/// Changes the labels of one dialog; its context's revision afterwards, which is new if a label differs.
///
/// # Errors
/// 412 or 409 if the context was changed meanwhile, according to whether the client said what it builds on.
pub async fn change_one(
    app: &App,
    context: &EndUserContext,
    edit: LabelEdit,
    performer: &Actor,
    expected: IfMatch,
    now: Instant,
) -> Result<Revision, Refusal> {
    http::context::about(&context.service_resource);
    let change = LabelChange { dialog: context.id, party_key: context.party.key(), read: context.revision };
    let written = set_labels(&app.db, &[change], edit, performer, now).await?;
    let (_, revision) = written.and_then(|mut written| written.pop()).ok_or_else(|| too_late(expected.0.is_some()))?;
    app.signal.written();
    Ok(revision)
}

/// Changes the labels of all these dialogs, or of none. `guarded`: the client said what it builds on.
///
/// # Errors
/// 412 or 409 if one of the contexts was changed meanwhile.
pub async fn change_many(
    app: &App,
    contexts: &[EndUserContext],
    edit: LabelEdit,
    performer: &Actor,
    guarded: bool,
    now: Instant,
) -> Result<(), Refusal> {
    let changes: Vec<LabelChange> = contexts
        .iter()
        .map(|context| LabelChange { dialog: context.id, party_key: context.party.key(), read: context.revision })
        .collect();
    let written = set_labels(&app.db, &changes, edit, performer, now).await?;
    written.ok_or_else(|| too_late(guarded))?;
    app.signal.written();
    Ok(())
}
