//! The parts that dialogs and lists show alike.

use async_graphql::SimpleObject;

use super::{
    enums::{ActivityType, ActorType, AttachmentUrlConsumer, GuiActionPriority, HttpVerb, SystemLabel},
    scalars::{DateTime, Url, Uuid},
};
use crate::{
    listing::LatestActivityView,
    views::{
        ActivityView, ActorView, ApiActionEndpointView, ApiActionView, AttachmentUrlView, AttachmentView,
        ContentValueView, EndUserContextView, GuiActionView, LocalizationView, NavigationalActionView, SeenLogView,
        each,
    },
};

/// A text in one language.
#[derive(SimpleObject, Clone, Debug)]
pub struct Localization {
    value: String,
    /// Two letters, lower case.
    language_code: String,
}

/// One element of content.
#[derive(SimpleObject, Clone, Debug)]
pub struct ContentValue {
    value: Vec<Localization>,
    media_type: String,
    /// Whether the reader may fetch what a reference leads to. On main content references only.
    is_authorized: Option<bool>,
}

/// Who did something. A service owner has neither name nor id.
#[derive(SimpleObject, Clone, Debug)]
pub struct Actor {
    actor_type: Option<ActorType>,
    /// A URN; persons are shown under a passing name instead of their number.
    actor_id: Option<String>,
    actor_name: Option<String>,
}

/// A document, in one or more forms.
#[derive(SimpleObject, Clone, Debug)]
pub struct Attachment {
    id: Uuid,
    display_name: Vec<Localization>,
    /// The name of the file.
    name: Option<String>,
    urls: Vec<AttachmentUrl>,
    /// From then on its addresses are not given any more.
    expires_at: Option<DateTime>,
}

/// Where an attachment can be fetched.
#[derive(SimpleObject, Clone, Debug)]
pub struct AttachmentUrl {
    id: Uuid,
    url: Url,
    media_type: Option<String>,
    consumer_type: AttachmentUrlConsumer,
}

/// A button of the inbox.
#[derive(SimpleObject, Clone, Debug)]
pub struct GuiAction {
    id: Uuid,
    /// The action as the resource's policy calls it.
    action: String,
    url: Url,
    /// The part of the resource, or the other resource, whose policy decides.
    authorization_attribute: Option<String>,
    /// Whether the reader may perform it.
    is_authorized: bool,
    is_delete_dialog_action: bool,
    priority: GuiActionPriority,
    http_method: HttpVerb,
    title: Vec<Localization>,
    /// The question that must be answered before it is performed.
    prompt: Option<Vec<Localization>>,
}

/// Something an end user's system may do.
#[derive(SimpleObject, Clone, Debug)]
pub struct ApiAction {
    id: Uuid,
    /// The action as the resource's policy calls it.
    action: String,
    /// The part of the resource, or the other resource, whose policy decides.
    authorization_attribute: Option<String>,
    /// Whether the reader may perform it.
    is_authorized: bool,
    name: Option<String>,
    endpoints: Vec<ApiActionEndpoint>,
}

/// One version of the endpoint behind an API action.
#[derive(SimpleObject, Clone, Debug)]
pub struct ApiActionEndpoint {
    id: Uuid,
    version: Option<String>,
    url: Url,
    http_method: HttpVerb,
    documentation_url: Option<Url>,
    request_schema: Option<Url>,
    response_schema: Option<Url>,
    deprecated: bool,
    sunset_at: Option<DateTime>,
}

/// A link that a transmission offers.
#[derive(SimpleObject, Clone, Debug)]
pub struct TransmissionNavigationalAction {
    title: Vec<Localization>,
    url: Url,
    /// From then on its address is not given any more.
    expires_at: Option<DateTime>,
}

/// An entry of the activity log.
#[derive(SimpleObject, Clone, Debug)]
pub struct Activity {
    id: Uuid,
    created_at: Option<DateTime>,
    extended_type: Option<Url>,
    #[graphql(name = "type")]
    activity_type: ActivityType,
    transmission_id: Option<Uuid>,
    performed_by: Actor,
    description: Vec<Localization>,
}

/// Somebody opened the dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct SeenLog {
    id: Uuid,
    seen_at: DateTime,
    seen_by: Actor,
    /// A service owner read it for this person.
    is_via_service_owner: Option<bool>,
    /// The reader of this answer is the one who opened it.
    is_current_end_user: bool,
}

/// How end users have marked a dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct EndUserContext {
    /// Of this context alone: labels do not change the dialog's revision.
    revision: Uuid,
    system_labels: Vec<SystemLabel>,
}

/// Texts that REST leaves out where there are none.
// The reference's mapping has no null for these lists (chapter 02 §9.7), though the schema allows it.
fn texts_if_any(texts: Option<Vec<LocalizationView>>) -> Vec<Localization> {
    each(texts.unwrap_or_default())
}

impl From<LocalizationView> for Localization {
    fn from(text: LocalizationView) -> Self {
        Self { value: text.value, language_code: text.language_code }
    }
}

impl From<ContentValueView> for ContentValue {
    fn from(content: ContentValueView) -> Self {
        Self { value: each(content.value), media_type: content.media_type, is_authorized: content.is_authorized }
    }
}

impl ContentValue {
    /// A title, which the schema demands and a dialog for systems need not have.
    pub fn title(title: Option<ContentValueView>) -> Self {
        title.map_or_else(
            // `title` is non-null in the schema: an empty one rather than an answer without data.
            || Self { value: Vec::new(), media_type: "text/plain".to_owned(), is_authorized: None },
            Into::into,
        )
    }
}

impl From<ActorView> for Actor {
    fn from(actor: ActorView) -> Self {
        Self { actor_type: Some(actor.actor_type.into()), actor_id: actor.actor_id, actor_name: actor.actor_name }
    }
}

impl From<AttachmentView> for Attachment {
    fn from(attachment: AttachmentView) -> Self {
        Self {
            id: attachment.id.into(),
            display_name: texts_if_any(attachment.display_name),
            name: attachment.name,
            urls: each(attachment.urls),
            expires_at: attachment.expires_at.map(Into::into),
        }
    }
}

impl From<AttachmentUrlView> for AttachmentUrl {
    fn from(url: AttachmentUrlView) -> Self {
        Self {
            id: url.id.into(),
            url: url.url.into(),
            media_type: url.media_type,
            consumer_type: url.consumer_type.into(),
        }
    }
}

impl From<GuiActionView> for GuiAction {
    fn from(action: GuiActionView) -> Self {
        Self {
            id: action.id.into(),
            action: action.action,
            url: action.url.into(),
            authorization_attribute: action.authorization_attribute,
            is_authorized: action.is_authorized.unwrap_or(false),
            is_delete_dialog_action: action.is_delete_dialog_action,
            priority: action.priority.into(),
            http_method: action.http_method.into(),
            title: each(action.title),
            prompt: Some(texts_if_any(action.prompt)),
        }
    }
}

impl From<ApiActionView> for ApiAction {
    fn from(action: ApiActionView) -> Self {
        Self {
            id: action.id.into(),
            action: action.action,
            authorization_attribute: action.authorization_attribute,
            is_authorized: action.is_authorized.unwrap_or(false),
            name: action.name,
            endpoints: each(action.endpoints),
        }
    }
}

impl From<ApiActionEndpointView> for ApiActionEndpoint {
    fn from(endpoint: ApiActionEndpointView) -> Self {
        Self {
            id: endpoint.id.into(),
            version: endpoint.version,
            url: endpoint.url.into(),
            http_method: endpoint.http_method.into(),
            documentation_url: endpoint.documentation_url.map(Into::into),
            request_schema: endpoint.request_schema.map(Into::into),
            response_schema: endpoint.response_schema.map(Into::into),
            deprecated: endpoint.deprecated,
            sunset_at: endpoint.sunset_at.map(Into::into),
        }
    }
}

impl From<NavigationalActionView> for TransmissionNavigationalAction {
    fn from(action: NavigationalActionView) -> Self {
        Self { title: each(action.title), url: action.url.into(), expires_at: action.expires_at.map(Into::into) }
    }
}

impl From<ActivityView> for Activity {
    fn from(activity: ActivityView) -> Self {
        Self {
            id: activity.id.into(),
            created_at: Some(activity.created_at.into()),
            extended_type: activity.extended_type.map(Into::into),
            activity_type: activity.activity_type.into(),
            transmission_id: activity.transmission_id.map(Into::into),
            performed_by: activity.performed_by.into(),
            description: texts_if_any(activity.description),
        }
    }
}

impl From<LatestActivityView> for Activity {
    fn from(activity: LatestActivityView) -> Self {
        Self {
            id: activity.id.into(),
            created_at: activity.created_at.map(Into::into),
            extended_type: activity.extended_type.map(Into::into),
            activity_type: activity.activity_type.into(),
            transmission_id: activity.transmission_id.map(Into::into),
            performed_by: activity.performed_by.into(),
            description: each(activity.description),
        }
    }
}

impl From<SeenLogView> for SeenLog {
    fn from(entry: SeenLogView) -> Self {
        Self {
            id: entry.id.into(),
            seen_at: entry.seen_at.into(),
            seen_by: entry.seen_by.into(),
            is_via_service_owner: Some(entry.is_via_service_owner),
            is_current_end_user: entry.is_current_end_user,
        }
    }
}

impl From<EndUserContextView> for EndUserContext {
    fn from(context: EndUserContextView) -> Self {
        Self { revision: context.revision.into(), system_labels: each(context.system_labels) }
    }
}
