//! A transmission by itself, as service owners see it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::dialog::{Transmission, TransmissionType},
    http::Timestamp,
    views::{ActorView, AttachmentView, NavigationalActionView, TransmissionContentView, each},
};

/// A message inside a dialog, with real URLs. Unlike in the dialog, nothing is said of whether it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transmission)]
pub struct TransmissionView {
    pub id: Uuid,
    /// The key under which the owner added it, so that trying again does not add another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_key: Option<String>,
    pub created_at: Timestamp,
    /// The part of the resource, or the other resource, whose policy decides who may open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// The transmission that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_transmission_id: Option<Uuid>,
    #[serde(rename = "type")]
    pub transmission_type: TransmissionType,
    pub sender: ActorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<TransmissionContentView>,
    pub attachments: Vec<AttachmentView>,
    pub navigational_actions: Vec<NavigationalActionView>,
}

impl From<Transmission> for TransmissionView {
    fn from(transmission: Transmission) -> Self {
        Self {
            id: transmission.id.0,
            idempotent_key: transmission.idempotent_key,
            created_at: Timestamp(transmission.created_at),
            authorization_attribute: transmission.authorization_attribute,
            extended_type: transmission.body.extended_type,
            external_reference: transmission.body.external_reference,
            related_transmission_id: transmission.related_transmission_id.map(|id| id.0),
            transmission_type: transmission.transmission_type,
            sender: transmission.body.sender.into(),
            content: transmission.body.content.map(Into::into),
            attachments: each(transmission.body.attachments),
            navigational_actions: each(transmission.body.navigational_actions),
        }
    }
}
