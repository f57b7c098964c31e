//! What stands in the way of changing a stored dialog: it is deleted, frozen, of a type that needs a scope, or no longer as
//! the client knows it.

use crate::{
    auth::{Scope, ServiceOwner},
    domain::{dialog::Head, growth::CORRESPONDENCE, ids::Revision, refusal::Refusal, violations::Code},
    http::if_match::IfMatch,
    serviceowner::authorization::CORRESPONDENCE_HINT,
    store::violation,
};

/// 410 for a dialog that is soft-deleted.
pub fn not_deleted(dialog: &Head) -> Result<(), Refusal> {
    match dialog.deleted_at {
        None => Ok(()),
        Some(_) => Err(Refusal::Gone { entity: "DialogEntity", key: dialog.id.to_string() }),
    }
}

/// 403 for a frozen dialog, unless the caller is an administrator.
pub fn not_frozen(dialog: &Head, caller: &ServiceOwner) -> Result<(), Refusal> {
    if dialog.is_frozen && !caller.is_admin() {
        let fault = Code::DialogFrozen.says("User cannot modify frozen dialog");
        return Err(Refusal::forbidden(fault.hint("An administrator froze it; its owner can only purge it.")));
    }
    Ok(())
}

/// 403 for a correspondence without its scope; administrators need the scope too. For deleting and purging, which look at
/// nothing else.
pub fn of_allowed_type(dialog: &Head, caller: &ServiceOwner) -> Result<(), Refusal> {
    if dialog.resource_type == CORRESPONDENCE && !caller.has(Scope::Correspondence) {
        let text = format!("User cannot modify resource type {}.", dialog.resource_type);
        return Err(Refusal::forbidden(Code::CorrespondenceScopeMissing.says(text).hint(CORRESPONDENCE_HINT)));
    }
    Ok(())
}

/// 412 if the client builds on another revision than the current one.
pub fn matches(expected: IfMatch, current: Revision) -> Result<(), Refusal> {
    match expected.0 {
        Some(expected) if expected != current => Err(Refusal::PreconditionFailed { current: Some(current) }),
        Some(_) | None => Ok(()),
    }
}

/// What a write that came too late is told: 412 if the client said what it builds on, 409 otherwise.
pub fn too_late(expected: IfMatch) -> Refusal {
    violation::too_late(expected.0.is_some())
}
