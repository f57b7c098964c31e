//! A transmission by itself, as end users see it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        decision::Decision,
        dialog::{Transmission, TransmissionType},
    },
    http::Timestamp,
    views::{ActorView, AttachmentView, NavigationalActionView, TransmissionContentView, each},
};

/// A message inside a dialog. Unlike in the dialog, nothing is said of whether it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transmission)]
pub struct TransmissionView {
    pub id: Uuid,
    pub created_at: Timestamp,
    /// The part of the resource, or the other resource, whose policy decides who may open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    /// Whether the reader may open it.
    pub is_authorized: bool,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// The transmission that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_transmission_id: Option<Uuid>,
    /// Never: a transmission of a deleted dialog is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    #[serde(rename = "type")]
    pub transmission_type: TransmissionType,
    pub sender: ActorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<TransmissionContentView>,
    pub attachments: Vec<AttachmentView>,
    pub navigational_actions: Vec<NavigationalActionView>,
}

impl TransmissionView {
    /// `decision`: what the reader may do.
    pub fn new(transmission: Transmission, decision: &Decision) -> Self {
        let mut attachments: Vec<AttachmentView> = each(transmission.body.attachments);
        for attachment in &mut attachments {
            // Here, and only here, a name that is not there is an empty one.
            attachment.display_name.get_or_insert_default();
        }
        Self {
            id: transmission.id.0,
            created_at: Timestamp(transmission.created_at),
            is_authorized: decision.allows_transmission(transmission.authorization_attribute.as_deref()),
            authorization_attribute: transmission.authorization_attribute,
            extended_type: transmission.body.extended_type,
            external_reference: transmission.body.external_reference,
            related_transmission_id: transmission.related_transmission_id.map(|id| id.0),
            deleted_at: None,
            transmission_type: transmission.transmission_type,
            sender: transmission.body.sender.into(),
            content: transmission.body.content.map(Into::into),
            attachments,
            navigational_actions: each(transmission.body.navigational_actions),
        }
    }
}
