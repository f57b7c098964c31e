//! What readers can do: buttons, calls of their systems, links of transmissions.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LocalizationView, each, texts, texts_if_any};
use crate::{
    domain::{
        attachment::{ApiAction, ApiActionEndpoint, GuiAction, GuiActionPriority, HttpVerb, NavigationalAction},
        decision::Decision,
    },
    http::timestamp::Timestamp,
};

/// A button of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GuiAction)]
pub struct GuiActionView {
    pub id: Uuid,
    /// The action as the resource's policy calls it.
    pub action: String,
    #[schema(format = "uri")]
    pub url: String,
    /// The part of the resource, or the other resource, whose policy decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    /// Whether the reader may perform it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_authorized: Option<bool>,
    pub is_delete_dialog_action: bool,
    pub priority: GuiActionPriority,
    pub http_method: HttpVerb,
    pub title: Vec<LocalizationView>,
    /// The question that must be answered before it is performed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Vec<LocalizationView>>,
}

impl GuiActionView {
    /// `decision`: what the reader may do, if that was asked.
    pub fn new(action: GuiAction, decision: Option<&Decision>) -> Self {
        let is_authorized =
            decision.map(|it| it.allows_action(&action.action, action.authorization_attribute.as_deref()));
        Self {
            id: action.id,
            action: action.action,
            url: action.url,
            authorization_attribute: action.authorization_attribute,
            is_authorized,
            is_delete_dialog_action: action.is_delete_dialog_action,
            priority: action.priority,
            http_method: action.http_method,
            title: texts(action.title),
            prompt: texts_if_any(action.prompt),
        }
    }
}

/// Something an end user's system may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiAction)]
pub struct ApiActionView {
    pub id: Uuid,
    /// The action as the resource's policy calls it.
    pub action: String,
    /// The part of the resource, or the other resource, whose policy decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_attribute: Option<String>,
    /// Whether the reader may perform it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_authorized: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub endpoints: Vec<ApiActionEndpointView>,
}

impl ApiActionView {
    /// `decision`: what the reader may do, if that was asked.
    pub fn new(action: ApiAction, decision: Option<&Decision>) -> Self {
        let is_authorized =
            decision.map(|it| it.allows_action(&action.action, action.authorization_attribute.as_deref()));
        Self {
            id: action.id,
            action: action.action,
            authorization_attribute: action.authorization_attribute,
            is_authorized,
            name: action.name,
            endpoints: each(action.endpoints),
        }
    }
}

/// One version of the endpoint behind an API action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiActionEndpoint)]
pub struct ApiActionEndpointView {
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[schema(format = "uri")]
    pub url: String,
    pub http_method: HttpVerb,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_schema: Option<String>,
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<String>,
    pub deprecated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset_at: Option<Timestamp>,
}

impl From<ApiActionEndpoint> for ApiActionEndpointView {
    fn from(endpoint: ApiActionEndpoint) -> Self {
        Self {
            id: endpoint.id,
            version: endpoint.version,
            url: endpoint.url,
            http_method: endpoint.http_method,
            documentation_url: endpoint.documentation_url,
            request_schema: endpoint.request_schema,
            response_schema: endpoint.response_schema,
            deprecated: endpoint.deprecated,
            sunset_at: endpoint.sunset_at.map(Timestamp),
        }
    }
}

/// A link that a transmission offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NavigationalAction)]
pub struct NavigationalActionView {
    pub title: Vec<LocalizationView>,
    #[schema(format = "uri")]
    pub url: String,
    /// From then on end users are not given its URL any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl From<NavigationalAction> for NavigationalActionView {
    fn from(action: NavigationalAction) -> Self {
        Self { title: texts(action.title), url: action.url, expires_at: action.expires_at.map(Timestamp) }
    }
}
