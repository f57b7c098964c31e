//! Which service resources a service owner may write about (chapter 01 §9.2), and what its scopes widen.

use indexmap::IndexSet;

use crate::{
    altinn::resources::Catalogue,
    auth::{ServiceOwner, scope::Scope},
    domain::{
        Instant,
        dialog::{DialogBody, Transmission},
        growth::CORRESPONDENCE,
        refusal::Refusal,
        rules::{RuleContext, uri::RESOURCE_PREFIX},
        violations::Code,
    },
};

/// What the rules need to know of the caller.
pub fn rule_context(caller: &ServiceOwner, now: Instant) -> RuleContext {
    RuleContext {
        now,
        is_admin: caller.is_admin(),
        correspondence: caller.has(Scope::Correspondence),
        legacy_html: caller.has(Scope::LegacyHtml),
    }
}

/// The resources a dialog refers to: its own, and those by which its actions and transmissions are authorized.
#[derive(Clone, Debug, Default)]
pub struct References<'a>(Vec<&'a str>);

impl<'a> References<'a> {
    /// In the order of the refusal: service resource, API actions, GUI actions; transmissions follow by
    /// [`and`](Self::and).
    pub fn of(service_resource: &'a str, body: &'a DialogBody) -> Self {
        let api = body.api_actions.iter().map(|action| action.authorization_attribute.as_deref());
        let gui = body.gui_actions.iter().map(|action| action.authorization_attribute.as_deref());
        Self(vec![service_resource]).with(api.chain(gui))
    }

    /// The service resource alone.
    pub fn to(service_resource: &'a str) -> Self {
        Self(vec![service_resource])
    }

    /// Besides, those of transmissions.
    pub fn and(self, transmissions: impl IntoIterator<Item = &'a Transmission>) -> Self {
        self.with(transmissions.into_iter().map(|transmission| transmission.authorization_attribute.as_deref()))
    }

    /// Attributes that are no resources are left out.
    fn with(mut self, attributes: impl Iterator<Item = Option<&'a str>>) -> Self {
        self.0.extend(attributes.flatten().filter(|attribute| names_resource(attribute)));
        self
    }
}

fn names_resource(attribute: &str) -> bool {
    attribute.get(..RESOURCE_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESOURCE_PREFIX))
}

/// What mends a refused letter.
pub const CORRESPONDENCE_HINT: &str = "Ask for a token with the scope digdir:dialogporten.correspondence besides.";

/// Whether the caller may write a dialog of that type that refers to these resources.
///
/// # Errors
/// 403 that lists what the caller does not own, or that says that letters need a scope of their own.
pub fn may_write(
    caller: &ServiceOwner,
    catalogue: &Catalogue,
    resource_type: &str,
    references: &References,
) -> Result<(), Refusal> {
    // Administrators pass outright, also without the scope of correspondence (§9.2); deleting and purging ask them for
    // it.
    if caller.is_admin() {
        return Ok(());
    }
    // Each once and in the order met: the contract lists them so (chapter 08 §4.2).
    let foreign: IndexSet<String> = references
        .0
        .iter()
        .map(|urn| urn.to_lowercase())
        .filter(|urn| !catalogue.owns(caller.org_number(), urn))
        .collect();
    if !foreign.is_empty() {
        let list = foreign.into_iter().collect::<Vec<_>>().join(", ");
        let text = format!("Not allowed to reference the following unowned resources: [{list}].");
        return Err(Refusal::forbidden(Code::ResourceNotOwned.says(text).hint(format!(
            "The Resource Registry names another competent authority for them than organization {}, or does not know them.",
            caller.org_number()
        ))));
    }
    // Ownership first: somebody else's letter is told as not owned, whatever the scopes.
    if resource_type == CORRESPONDENCE && !caller.has(Scope::Correspondence) {
        let text = format!("User cannot create or modify a dialog with resource type {resource_type}.");
        return Err(Refusal::forbidden(Code::CorrespondenceScopeMissing.says(text).hint(CORRESPONDENCE_HINT)));
    }
    Ok(())
}
