//! System labels set by a service owner on behalf of an end user, or by an administrator for a performer it names.
//!
//! They belong to the end-user context: its revision is the ETag, the dialog itself does not change and no event is raised.

pub mod set;
pub mod set_many;

use std::collections::HashSet;

use crate::{
    actor_names,
    app::App,
    auth::ServiceOwner,
    domain::{
        actor::Actor,
        ids::DialogId,
        refusal::Refusal,
        violations::{At, Code, Violations},
    },
    labelling,
    serviceowner::input::ActorInput,
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
        (None, None) => {
            let fault = Code::EndUserMissing.says("EnduserId is required");
            found.add(
                "endUserId",
                fault.hint("Add `?enduserId=urn:altinn:person:identifier-no:…`: whose labels they are."),
            );
        }
        (Some(_), Some(_)) => {
            let fault = Code::EndUserSurplus.says("EnduserId must be omitted when performedBy is supplied.");
            found.add("endUserId", fault.hint("Leave `enduserId` or `performedBy` out."));
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
}

fn must_be_admin_to_name_a_performer(caller: &ServiceOwner, performer: Option<&ActorInput>) -> Result<(), Refusal> {
    if performer.is_some() && !caller.is_admin() {
        let fault = Code::AdminScopeMissing.says("performedBy is only allowed for admin-integrations.");
        return Err(Refusal::forbidden(
            fault.hint("Name the end user with `?enduserId=` instead, or bring the admin scope."),
        ));
    }
    Ok(())
}

/// The dialogs that the end user's lists do not show; nobody's lists bind an administrator.
async fn unlisted(app: &App, caller: &ServiceOwner, contexts: &[EndUserContext]) -> Result<HashSet<DialogId>, Refusal> {
    match caller.end_user() {
        // Hidden dialogs stay hidden from labels too, so that nobody learns of one by labelling it.
        Some(end_user) if !caller.is_admin() => labelling::unlisted(app, end_user, contexts).await,
        Some(_) | None => Ok(HashSet::new()),
    }
}

/// Who stands in the label log: the end user, or the performer named.
async fn performer(app: &App, caller: &ServiceOwner, named: Option<ActorInput>) -> Result<Actor, Refusal> {
    let mut actor = match (named, caller.end_user()) {
        (Some(performer), _) => performer.into_actor(),
        (None, Some(end_user)) => return labelling::named(app, end_user).await,
        // Not reached after the rules; the log of such a change would name the service owner.
        (None, None) => Actor::service_owner(),
    };
    actor_names::look_up(&app.altinn, vec![&mut actor]).await?;
    Ok(actor)
}
