//! Texts and actors.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    actor::{Actor, ActorType},
    content::{ContentValue, Localization, Localized, TransmissionContent},
};

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Localization)]
pub struct LocalizationView {
    pub value: String,
    /// Two letters, lower case.
    pub language_code: String,
}

impl From<Localization> for LocalizationView {
    fn from(text: Localization) -> Self {
        Self { value: text.value, language_code: text.language_code }
    }
}

pub fn texts(localized: Localized) -> Vec<LocalizationView> {
    super::each(localized)
}

/// A text that is left out where there is none.
pub fn texts_if_any(localized: Localized) -> Option<Vec<LocalizationView>> {
    (!localized.is_empty()).then(|| texts(localized))
}

/// One element of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContentValue)]
pub struct ContentValueView {
    pub value: Vec<LocalizationView>,
    pub media_type: String,
    /// Whether the reader may fetch what a reference leads to. On main content references only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_authorized: Option<bool>,
}

impl From<ContentValue> for ContentValueView {
    fn from(content: ContentValue) -> Self {
        Self { value: texts(content.value), media_type: content.media_type, is_authorized: None }
    }
}

/// The content of a transmission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TransmissionContent)]
pub struct TransmissionContentView {
    pub title: ContentValueView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValueView>,
    /// Leads to the content itself, for clients that embed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_reference: Option<ContentValueView>,
}

impl From<TransmissionContent> for TransmissionContentView {
    fn from(content: TransmissionContent) -> Self {
        Self {
            title: content.title.into(),
            summary: content.summary.map(Into::into),
            content_reference: content.content_reference.map(Into::into),
        }
    }
}

/// Who did something. A service owner has neither name nor id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Actor)]
pub struct ActorView {
    pub actor_type: ActorType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// A URN. For end users, persons are shown under a passing name instead of their number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        Self { actor_type: actor.actor_type, actor_name: actor.actor_name, actor_id: actor.actor_id }
    }
}
