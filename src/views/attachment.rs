//! Attachments of dialogs and of transmissions.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LocalizationView, each, texts_if_any};
use crate::{
    domain::attachment::{Attachment, AttachmentUrl, AttachmentUrlConsumerType},
    http::timestamp::Timestamp,
};

/// A document, in one or more forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attachment)]
pub struct AttachmentView {
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Vec<LocalizationView>>,
    /// The name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub urls: Vec<AttachmentUrlView>,
    /// From then on end users are not given its URLs any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl From<Attachment> for AttachmentView {
    fn from(attachment: Attachment) -> Self {
        Self {
            id: attachment.id,
            display_name: texts_if_any(attachment.display_name),
            name: attachment.name,
            urls: each(attachment.urls),
            expires_at: attachment.expires_at.map(Timestamp),
        }
    }
}

/// Where an attachment can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttachmentUrl)]
pub struct AttachmentUrlView {
    pub id: Uuid,
    #[schema(format = "uri")]
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    pub consumer_type: AttachmentUrlConsumerType,
}

impl From<AttachmentUrl> for AttachmentUrlView {
    fn from(url: AttachmentUrl) -> Self {
        Self { id: url.id, url: url.url, media_type: url.media_type, consumer_type: url.consumer_type }
    }
}
