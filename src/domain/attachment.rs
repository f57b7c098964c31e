//! What hangs on a dialog or a transmission: attachments, GUI actions, API actions, navigational actions.
//!
//! `created_at` orders children on reads (then the id); it is not shown.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Instant, content::Localized, wire_enum::wire_enum};

wire_enum! {
    /// For whom an attachment URL is meant.
    AttachmentUrlConsumerType { Gui = 1, Api = 2 }
}

wire_enum! {
    /// How prominent a GUI action is. At most one primary, one secondary and five tertiary per dialog.
    GuiActionPriority { Primary = 1, Secondary = 2, Tertiary = 3 }
}

wire_enum! {
    /// HTTP methods; GUI actions know only GET, POST and DELETE.
    HttpVerb { GET = 1, POST = 2, PUT = 3, PATCH = 4, DELETE = 5, HEAD = 6, OPTIONS = 7, TRACE = 8, CONNECT = 9 }
}

/// An attachment of a dialog or a transmission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: Uuid,
    pub created_at: Instant,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display_name: Localized,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    pub urls: Vec<AttachmentUrl>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentUrl {
    pub id: Uuid,
    pub created_at: Instant,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    pub consumer_type: AttachmentUrlConsumerType,
}

/// A button of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuiAction {
    pub id: Uuid,
    pub created_at: Instant,
    pub action: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    pub is_delete_dialog_action: bool,
    pub priority: GuiActionPriority,
    pub http_method: HttpVerb,
    pub title: Localized,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt: Localized,
}

/// Something an end user's system may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiAction {
    pub id: Uuid,
    pub created_at: Instant,
    pub action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub endpoints: Vec<ApiActionEndpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiActionEndpoint {
    pub id: Uuid,
    pub created_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub url: String,
    pub http_method: HttpVerb,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_schema: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<String>,
    pub deprecated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset_at: Option<Instant>,
}

/// A link a transmission offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NavigationalAction {
    pub title: Localized,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}
