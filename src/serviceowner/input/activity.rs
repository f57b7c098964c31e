//! Activities as clients give them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        dialog::{Activity, ActivityBody, ActivityType},
        ids::{self, ActivityId, TransmissionId},
        rules::{self, RuleContext, localized::localized, text, time, uri, uuid7::uuid7},
        violations::{At, Code, Fault, Violations},
        wire_enum::Given,
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        ActorInput, Checking, LocalizationInput, content::into_localized, defined, present, some, texts,
    },
};

/// An entry of a dialog's log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
pub struct ActivityInput {
    /// UUID version 7.
    pub id: Option<Uuid>,
    pub created_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub extended_type: Option<String>,
    #[serde(default, rename = "type")]
    #[schema(value_type = ActivityType)]
    pub activity_type: Given<ActivityType>,
    /// For type TransmissionOpened, and only there.
    pub transmission_id: Option<Uuid>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub performed_by: Option<ActorInput>,
    /// For type Information, and only there.
    #[serde(default)]
    pub description: Vec<LocalizationInput>,
}

impl ActivityInput {
    pub fn check(&self, checking: &Checking, at: At, found: &mut Violations) {
        let context = &checking.context;
        uuid7(self.id, context, at.field("id"), found);
        time::past(self.supplied_created_at(), context, at.field("createdAt"), found);
        uri::uri(self.extended_type.as_deref(), at.field("extendedType"), found);
        rules::defined(self.activity_type, at.field("type"), found);
        text::present(self.performed_by.is_some(), at.field("performedBy"), found);
        if let Some(performer) = &self.performed_by {
            performer.check(at.field("performedBy"), found);
        }
        let description = at.field("description");
        if self.is(ActivityType::Information) {
            if self.description.is_empty() {
                let text = "Description is required when the type is 'Information'.";
                let hint = "Add `description`, or choose another type.";
                found.add(description, Code::DescriptionMissing.says(text).hint(hint));
            }
            // Also when it is empty: then there is nothing to find.
            localized(texts(&self.description), context.description_limit(), description, found);
        } else if !self.description.is_empty() {
            let text = "Description is only allowed when the type is 'Information'.";
            let hint = "Leave `description` out, or choose the type Information.";
            found.add(description, Code::DescriptionNotAllowed.says(text).hint(hint));
        }
        let transmission = at.field("transmissionId");
        if self.is(ActivityType::TransmissionOpened) {
            // Whether it exists is asked elsewhere: on create within the request (400), else of the store (422).
            if self.transmission_id.is_none() {
                let text = "An activity of type TransmissionOpened needs to reference a transmission.";
                let hint = "Add `transmissionId`: which transmission was opened.";
                found.add(transmission, Code::TransmissionIdMissing.says(text).hint(hint));
            }
        } else if self.transmission_id.is_some() {
            let text = "Only activities of type TransmissionOpened can reference a transmission.";
            let hint = "Leave `transmissionId` out, or choose the type TransmissionOpened.";
            found.add(transmission, Code::TransmissionIdNotAllowed.says(text).hint(hint));
        }
    }

    fn is(&self, activity_type: ActivityType) -> bool {
        self.activity_type == Given::Known(activity_type)
    }

    fn supplied_created_at(&self) -> Option<Instant> {
        time::supplied(self.created_at.map(Into::into))
    }

    pub fn into_activity(self, now: Instant) -> Activity {
        Activity {
            id: ActivityId(self.id.unwrap_or_else(|| ids::v7_at(now))),
            // `visibleFrom` has no effect here, unlike for transmissions (§11.2).
            created_at: self.supplied_created_at().unwrap_or(now),
            activity_type: defined(self.activity_type),
            transmission_id: self.transmission_id.map(TransmissionId),
            body: ActivityBody {
                extended_type: self.extended_type,
                performed_by: present(self.performed_by).into_actor(),
                description: into_localized(self.description),
            },
        }
    }
}

/// Activities about correspondence need its scope.
///
/// # Errors
/// The text of the 403.
pub fn must_be_permitted<'a>(
    activities: impl IntoIterator<Item = &'a Activity>,
    context: &RuleContext,
) -> Result<(), Fault> {
    let of_correspondence = |activity: &Activity| {
        matches!(activity.activity_type, ActivityType::CorrespondenceOpened | ActivityType::CorrespondenceConfirmed)
    };
    if !context.correspondence && activities.into_iter().any(of_correspondence) {
        let text = "Use of CorrespondenceConfirmed or CorrespondenceOpened activity types requires the scope \
                    digdir:dialogporten.correspondence.";
        return Err(Code::CorrespondenceScopeMissing.says(text).hint("Ask for a token with that scope besides."));
    }
    Ok(())
}
