//! Which dialog an instance of another system belongs to: what both sides' look-ups share. Who may know the answer differs
//! and stands in the surfaces.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    altinn::decision::{InstanceRef, instance_ref},
    app::App,
    domain::{
        refusal::Refusal,
        violations::{Code, Violations},
    },
    http::{AcceptLanguage, Query},
    service_resources::{Described, id_of, pruned},
    store::lookup::{LookedUp, Sought, dialogs_meant},
    views::LocalizationView,
};

/// The instance of a draft in the default scenario.
pub const EXAMPLE: &str = "urn:altinn:instance-id:50364905/2f7c8a52-6d0a-4a0e-9a53-3f6d5f1d0b11";

const INVALID: &str = "InstanceRef must be a supported identifier: 'urn:altinn:instance-id:{partyId}/{uuid}', \
    'urn:altinn:correspondence-id:{uuid}' or 'urn:altinn:dialog-id:{uuid}'.";

/// What a client looks up.
#[derive(Clone, Debug)]
pub struct Reference {
    given: String,
    instance: InstanceRef,
}

/// A dialog that was found, and the instance it is best known as.
#[derive(Clone, Debug)]
pub struct Meant {
    pub dialog: LookedUp,
    pub instance: InstanceRef,
}

/// The service resource of a looked-up dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentifierLookupServiceResource)]
pub struct ServiceResourceView {
    /// Without the URN's prefix.
    pub id: String,
    pub is_delegable: bool,
    /// The authentication level that reading the dialog takes.
    pub minimum_authentication_level: i32,
    pub name: Vec<LocalizationView>,
}

/// Whose a looked-up dialog is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentifierLookupServiceOwner)]
pub struct ServiceOwnerView {
    pub org_number: String,
    /// The owner's short name.
    pub code: String,
    pub name: Vec<LocalizationView>,
}

impl Reference {
    /// The query parameter `instanceRef`.
    ///
    /// # Errors
    /// 400 if it is missing, or of no form that dialogs are found by.
    pub fn of(query: &mut Query) -> Result<Self, Refusal> {
        let given = query.text("instanceRef").unwrap_or_default();
        query.finish()?;
        Ok(Self::read(&given)?)
    }

    /// What a client calls the instance.
    ///
    /// # Errors
    /// It is of no form that dialogs are found by.
    pub fn read(given: &str) -> Result<Self, Violations> {
        Self::parse(given).ok_or_else(|| {
            let hint = "An app's instance has a party's number and an id, a correspondence or a dialog an id alone.";
            Violations::one("InstanceRef", Code::ParameterMalformed.says(INVALID).hint(hint))
        })
    }

    fn parse(given: &str) -> Option<Self> {
        // A label of an app's instance is how owners mark dialogs, not how clients name instances.
        let is_label = given.trim().to_lowercase().starts_with("urn:altinn:integration:storage:");
        let instance = InstanceRef::parse(given).filter(|_| !is_label)?;
        Some(Self { given: given.to_owned(), instance })
    }

    /// Finds the dialog.
    ///
    /// # Errors
    /// 404 if there is none; 500 if the instance's label stands on several.
    pub async fn find(&self, app: &App, with_deleted: bool) -> Result<Meant, Refusal> {
        let sought = match self.instance {
            InstanceRef::Dialog(id) => Sought::Dialog(id),
            labelled => Sought::Labelled(labelled.label().unwrap_or_default()),
        };
        let mut found = {
            let sought = &sought;
            app.db
                .read_if(|db| async move { dialogs_meant(&db, sought, with_deleted).await }, |found| !found.is_empty())
                .await?
        };
        if found.len() > 1 {
            let fault = anyhow::anyhow!("the label of an instance stands on several dialogs");
            return Err(Refusal::Fault(fault));
        }
        let missing = || Refusal::NotFound { entity: "InstanceRef", keys: vec![self.given.clone()] };
        let dialog = found.pop().ok_or_else(missing)?;
        let instance = match self.instance {
            InstanceRef::Dialog(id) => instance_ref(&dialog.owner_labels, id),
            named => named,
        };
        Ok(Meant { dialog, instance })
    }
}

impl Meant {
    pub fn service_resource(&self, described: &Described, languages: &AcceptLanguage) -> ServiceResourceView {
        let urn = &self.dialog.service_resource;
        ServiceResourceView {
            id: id_of(urn).to_owned(),
            is_delegable: described.resource(urn).is_some_and(|resource| resource.delegable),
            minimum_authentication_level: described.minimum_level(urn),
            name: pruned(&described.name(urn), languages),
        }
    }

    pub fn service_owner(&self, described: &Described, languages: &AcceptLanguage) -> ServiceOwnerView {
        let owner = described.owner(described.resource(&self.dialog.service_resource), &self.dialog.org);
        ServiceOwnerView { org_number: owner.org_number, code: owner.code, name: pruned(&owner.name, languages) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-017, D-020
    #[test]
    fn references_have_three_forms() {
        const ID: &str = "6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
        for (given, read) in [
            (format!("urn:altinn:instance-id:51990012/{ID}"), true),
            (format!("  URN:Altinn:Instance-Id:51990012/{} ", ID.to_uppercase()), true),
            (format!("urn:altinn:correspondence-id:{ID}"), true),
            (format!("urn:altinn:dialog-id:{ID}"), true),
            (String::new(), false),
            ("   ".to_owned(), false),
            (ID.to_owned(), false),
            ("urn:altinn:unsupported:abc".to_owned(), false),
            (format!("urn:altinn:integration:storage:51990012/{ID}"), false),
            (format!("urn:altinn:legacy-instance-id:1337/{ID}"), false),
            (format!("urn:altinn:instance-id:{ID}"), false),
            ("urn:altinn:instance-id:1337/not-a-guid".to_owned(), false),
            (format!("urn:altinn:instance-id:0/{ID}"), false),
            (format!("urn:altinn:instance-id:-1/{ID}"), false),
            (format!("urn:altinn:instance-id:+1/{ID}"), false),
            (format!("urn:altinn:instance-id:2147483648/{ID}"), false),
            (format!("urn:altinn:instance-id:1/{ID}/1"), false),
            (format!("urn:altinn:instance-id:/{ID}"), false),
            (format!("urn:altinn:instance-id:1 /{ID}"), false),
            ("urn:altinn:dialog-id:".to_owned(), false),
            (format!("urn:altinn:dialog-id: {ID}"), false),
            (format!("urn:altinn:dialog-id:{ID}x"), false),
        ] {
            assert_eq!(Reference::parse(&given).is_some(), read, "{given}");
        }
    }
}
