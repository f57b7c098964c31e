//! GUI and API actions as clients give them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        attachment::{ApiAction, ApiActionEndpoint, GuiAction, GuiActionPriority, HttpVerb},
        child_ids::{ChildIds, ChildKind},
        limits,
        rules::{
            self,
            localized::{localized, some_localized},
            text, uri,
            uuid7::uuid7,
        },
        violations::{At, Code, Violations},
        wire_enum::{Given, WireEnum},
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        Checking, LocalizationInput, Operation, content::into_localized, defined, present, some, texts, unique_ids,
    },
};

/// A button of the inbox.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GuiAction)]
pub struct GuiActionInput {
    /// UUID version 7.
    pub id: Option<Uuid>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub action: Option<String>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>, format = "uri", nullable = false)]
    pub url: Option<String>,
    /// A name, or a URN of a type and a name.
    pub authorization_attribute: Option<String>,
    #[serde(default)]
    pub is_delete_dialog_action: bool,
    /// GET if left out.
    #[serde(default = "get", deserialize_with = "null_is_undefined")]
    #[schema(value_type = HttpVerb)]
    pub http_method: Given<HttpVerb>,
    #[serde(default)]
    #[schema(value_type = GuiActionPriority)]
    pub priority: Given<GuiActionPriority>,
    #[serde(default)]
    pub title: Vec<LocalizationInput>,
    /// A question to ask first. Unlike other lists it may be null.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub prompt: Vec<LocalizationInput>,
}

// The contract's schema says nullable for this list alone.
fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LocalizationInput>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Null is none of the verbs that the rule names; the parser would name all that HTTP has.
fn null_is_undefined<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Given<HttpVerb>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn get() -> Given<HttpVerb> {
    Given::Known(HttpVerb::GET)
}

/// The list as a whole, then its items.
pub(super) fn check_gui_actions(actions: &[GuiActionInput], checking: &Checking, at: At, found: &mut Violations) {
    let count = |priority| actions.iter().filter(|action| action.priority == Given::Known(priority)).count();
    for (priority, most, text) in [
        (GuiActionPriority::Primary, 1, "Only one primary GUI action is allowed."),
        (GuiActionPriority::Secondary, 1, "Only one secondary GUI action is allowed."),
        (GuiActionPriority::Tertiary, 5, "Only five tertiary GUI actions are allowed."),
    ] {
        if count(priority) > most {
            let hint = format!("{} have the priority {}.", count(priority), priority.name());
            found.add(at, Code::GuiActionsTooMany.says(text).hint(hint));
        }
    }
    unique_ids(actions.iter().map(|action| action.id), at, found);
    for (i, action) in actions.iter().enumerate() {
        action.check(checking, at.item(i), found);
    }
}

impl GuiActionInput {
    fn check(&self, checking: &Checking, at: At, found: &mut Violations) {
        if checking.operation == Operation::CreateDialog {
            uuid7(self.id, &checking.context, at.field("id"), found);
        }
        action_name(self.action.as_deref(), at, found);
        uri::https_url(self.url.as_deref(), at.field("url"), found);
        uri::authorization_attribute(
            self.authorization_attribute.as_deref(),
            at.field("authorizationAttribute"),
            found,
        );
        rules::defined(self.priority, at.field("priority"), found);
        if !matches!(self.http_method, Given::Known(HttpVerb::GET | HttpVerb::POST | HttpVerb::DELETE)) {
            let text = "'HttpMethod' for GUI actions must be one of the following: [GET, POST, DELETE].";
            let fault = Code::HttpMethodNotAllowed.says(text).allowed(["GET", "POST", "DELETE"]);
            found.add(at.field("httpMethod"), fault);
        }
        some_localized(texts(&self.title), limits::DEFAULT_STRING, at.field("title"), found);
        localized(texts(&self.prompt), limits::DEFAULT_STRING, at.field("prompt"), found);
    }

    fn into_action(self, ids: &mut ChildIds) -> GuiAction {
        GuiAction {
            id: ids.take(ChildKind::GuiAction, self.id),
            created_at: ids.now,
            action: present(self.action),
            url: present(self.url),
            authorization_attribute: self.authorization_attribute,
            is_delete_dialog_action: self.is_delete_dialog_action,
            priority: defined(self.priority),
            http_method: defined(self.http_method),
            title: into_localized(self.title),
            prompt: into_localized(self.prompt),
        }
    }
}

fn action_name(action: Option<&str>, at: At, found: &mut Violations) {
    text::not_blank(action, at.field("action"), found);
    text::max_length(action, limits::DEFAULT_STRING, at.field("action"), found);
}

/// In reading order.
pub(super) fn into_gui_actions(given: Vec<GuiActionInput>, ids: &mut ChildIds) -> Vec<GuiAction> {
    let mut actions: Vec<_> = given.into_iter().map(|action| action.into_action(ids)).collect();
    actions.sort_by_key(|action| action.id);
    actions
}

/// Something an end user's system may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiAction)]
pub struct ApiActionInput {
    /// UUID version 7.
    pub id: Option<Uuid>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub action: Option<String>,
    /// A name, or a URN of a type and a name.
    pub authorization_attribute: Option<String>,
    pub name: Option<String>,
    #[serde(default)]
    pub endpoints: Vec<ApiActionEndpointInput>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiActionEndpoint)]
pub struct ApiActionEndpointInput {
    /// UUID version 7.
    pub id: Option<Uuid>,
    pub version: Option<String>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>, format = "uri", nullable = false)]
    pub url: Option<String>,
    #[serde(default)]
    #[schema(value_type = HttpVerb)]
    pub http_method: Given<HttpVerb>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub documentation_url: Option<String>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub request_schema: Option<String>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub response_schema: Option<String>,
    #[serde(default)]
    pub deprecated: bool,
    /// Only for deprecated endpoints.
    pub sunset_at: Option<Timestamp>,
}

/// The list as a whole, then its items.
pub(super) fn check_api_actions(actions: &[ApiActionInput], checking: &Checking, at: At, found: &mut Violations) {
    unique_ids(actions.iter().map(|action| action.id), at, found);
    for (i, action) in actions.iter().enumerate() {
        action.check(checking, at.item(i), found);
    }
}

impl ApiActionInput {
    fn check(&self, checking: &Checking, at: At, found: &mut Violations) {
        if checking.operation == Operation::CreateDialog {
            uuid7(self.id, &checking.context, at.field("id"), found);
        }
        action_name(self.action.as_deref(), at, found);
        uri::authorization_attribute(
            self.authorization_attribute.as_deref(),
            at.field("authorizationAttribute"),
            found,
        );
        text::max_length(self.name.as_deref(), limits::DEFAULT_STRING, at.field("name"), found);
        let endpoints = at.field("endpoints");
        if checking.operation == Operation::UpdateDialog {
            unique_ids(self.endpoints.iter().map(|endpoint| endpoint.id), endpoints, found);
        }
        text::present(!self.endpoints.is_empty(), endpoints, found);
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            endpoint.check(endpoints.item(i), found);
        }
    }

    fn into_action(self, ids: &mut ChildIds) -> ApiAction {
        let id = ids.take(ChildKind::ApiAction, self.id);
        let mut endpoints: Vec<_> = self.endpoints.into_iter().map(|endpoint| endpoint.into_endpoint(ids)).collect();
        endpoints.sort_by_key(|endpoint| endpoint.id);
        ApiAction {
            id,
            created_at: ids.now,
            action: present(self.action),
            authorization_attribute: self.authorization_attribute,
            name: self.name,
            endpoints,
        }
    }
}

impl ApiActionEndpointInput {
    fn check(&self, at: At, found: &mut Violations) {
        text::max_length(self.version.as_deref(), limits::DEFAULT_STRING, at.field("version"), found);
        uri::https_url(self.url.as_deref(), at.field("url"), found);
        rules::defined(self.http_method, at.field("httpMethod"), found);
        uri::uri(self.documentation_url.as_deref(), at.field("documentationUrl"), found);
        uri::uri(self.request_schema.as_deref(), at.field("requestSchema"), found);
        uri::uri(self.response_schema.as_deref(), at.field("responseSchema"), found);
        if self.sunset_at.is_some() && !self.deprecated {
            let text = "'Deprecated' must be equal to 'True' when SunsetAt is set.";
            let hint = "Send `deprecated`: true, or leave `sunsetAt` out.";
            found.add(at.field("deprecated"), Code::DeprecatedMissing.says(text).hint(hint));
        }
    }

    fn into_endpoint(self, ids: &mut ChildIds) -> ApiActionEndpoint {
        ApiActionEndpoint {
            id: ids.take(ChildKind::Endpoint, self.id),
            created_at: ids.now,
            version: self.version,
            url: present(self.url),
            http_method: defined(self.http_method),
            documentation_url: self.documentation_url,
            request_schema: self.request_schema,
            response_schema: self.response_schema,
            deprecated: self.deprecated,
            sunset_at: self.sunset_at.map(Into::into),
        }
    }
}

/// In reading order.
pub(super) fn into_api_actions(given: Vec<ApiActionInput>, ids: &mut ChildIds) -> Vec<ApiAction> {
    let mut actions: Vec<_> = given.into_iter().map(|action| action.into_action(ids)).collect();
    actions.sort_by_key(|action| action.id);
    actions
}
