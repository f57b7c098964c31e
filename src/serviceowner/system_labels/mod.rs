//! System labels set by a service owner on behalf of an end user, or by an administrator for a performer it names.
//!
//! They belong to the end-user context: its revision is the ETag, the dialog itself does not change and no event is raised.

pub mod set;
pub mod set_many;

use crate::{
    access::ListAuthorization,
    app::App,
    auth::ServiceOwner,
    domain::{
        actor::{Actor, ActorType},
        ids::DialogId,
        refusal::Refusal,
        violations::{At, Violations},
    },
    serviceowner::{actor_names, input::ActorInput},
    store::context::EndUserContext,
};

const ABOUT_END_USER: &str = "The person on whose behalf you act: `urn:altinn:person:identifier-no:…`.";

/// `enduserId` or `performedBy`, never both, and the performer is an actor.
fn check_performer(caller: &ServiceOwner, performer: Option<&ActorInput>, root: At, found: &mut Violations) {
    check_end_user(caller, performer, found);
    if let Some(performer) = performer {
        performer.check(root.field("performedBy"), found);
    }
}

fn check_end_user(caller: &ServiceOwner, performer: Option<&ActorInput>, found: &mut Violations) {
    match (caller.end_user(), performer) {
        (None, None) => found.add("endUserId", "EnduserId is required"),
        (Some(_), Some(_)) => found.add("endUserId", "EnduserId must be omitted when performedBy is supplied."),
        (Some(_), None) | (None, Some(_)) => {}
    }
}

fn must_be_admin_to_name_a_performer(caller: &ServiceOwner, performer: Option<&ActorInput>) -> Result<(), Refusal> {
    if performer.is_some() && !caller.is_admin() {
        return Err(Refusal::forbidden("performedBy is only allowed for admin-integrations."));
    }
    Ok(())
}

/// The dialogs that the end user's list authorization does not cover.
async fn unauthorized(app: &App, caller: &ServiceOwner, contexts: &[EndUserContext]) -> Result<Vec<DialogId>, Refusal> {
    let Some(end_user) = caller.end_user() else { return Ok(Vec::new()) };
    let mut parties: Vec<_> = contexts.iter().map(|context| context.party.to_string()).collect();
    parties.sort_unstable();
    parties.dedup();
    let mut resources: Vec<_> = contexts.iter().map(|context| context.service_resource.clone()).collect();
    resources.sort_unstable();
    resources.dedup();
    let granted: ListAuthorization = app.lists.authorization(end_user, &parties, &resources).await?;
    let uncovered =
        contexts.iter().filter(|context| !granted.covers(&context.party, &context.service_resource, context.id));
    Ok(uncovered.map(|context| context.id).collect())
}

/// Who stands in the label log: the end user, or the performer named.
async fn performer(app: &App, caller: &ServiceOwner, named: Option<ActorInput>) -> Result<Actor, Refusal> {
    let mut actor = match (named, caller.end_user()) {
        (Some(performer), _) => performer.into_actor(),
        (None, Some(end_user)) => Actor {
            actor_type: ActorType::PartyRepresentative,
            actor_id: Some(end_user.party.to_string()),
            actor_name: None,
        },
        (None, None) => Actor::service_owner(),
    };
    actor_names::look_up(&app.altinn, vec![&mut actor]).await?;
    Ok(actor)
}
