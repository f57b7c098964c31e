//! Texts and content as clients give them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        content::{ContentValue, DialogContent, Localization, Localized, TransmissionContent},
        rules::{
            RuleContext,
            content::{self, Element},
            localized::{GivenText, normalised_code},
        },
        violations::{At, Violations},
    },
    serviceowner::input::{present, some},
};

/// A text in one language.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Localization)]
pub struct LocalizationInput {
    #[schema(required = false)]
    pub value: String,
    /// ISO 639; a region is dropped.
    #[serde(deserialize_with = "language")]
    #[schema(required = false)]
    pub language_code: String,
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    // While parsing, as in the contract: rules and messages see the normalised code (§2.7).
    Ok(normalised_code(&String::deserialize(deserializer)?))
}

/// The texts as the rules look at them.
pub fn texts(list: &[LocalizationInput]) -> impl Iterator<Item = GivenText<'_>> + Clone {
    list.iter().map(|text| GivenText { language_code: &text.language_code, value: &text.value })
}

/// Sorted by language.
pub(super) fn into_localized(list: Vec<LocalizationInput>) -> Localized {
    let mut localized: Localized =
        list.into_iter().map(|text| Localization { language_code: text.language_code, value: text.value }).collect();
    // One form for one text: the stored and the sent are compared by value.
    localized.sort_by(|a, b| a.language_code.cmp(&b.language_code));
    localized
}

/// One element of content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContentValue)]
pub struct ContentValueInput {
    #[serde(default)]
    pub value: Vec<LocalizationInput>,
    /// Plain text if left out.
    // So a reference without a media type is refused: plain text is none of its types (§1.2).
    #[serde(default = "plain")]
    pub media_type: String,
    /// Accepted because reads show it, and ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_authorized: Option<bool>,
}

fn plain() -> String {
    content::PLAIN.to_owned()
}

impl ContentValueInput {
    fn check(&self, element: Element, context: &RuleContext, at: At, found: &mut Violations) {
        content::element(element, &self.media_type, texts(&self.value), context, at, found);
    }

    fn into_value(self) -> ContentValue {
        ContentValue { media_type: content::stored_media_type(self.media_type), value: into_localized(self.value) }
    }
}

/// The content of a dialog.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Content)]
pub struct DialogContentInput {
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub title: Option<ContentValueInput>,
    pub non_sensitive_title: Option<ContentValueInput>,
    pub summary: Option<ContentValueInput>,
    pub non_sensitive_summary: Option<ContentValueInput>,
    pub sender_name: Option<ContentValueInput>,
    pub additional_info: Option<ContentValueInput>,
    pub extended_status: Option<ContentValueInput>,
    pub main_content_reference: Option<ContentValueInput>,
}

impl DialogContentInput {
    pub fn check(&self, context: &RuleContext, at: At, found: &mut Violations) {
        content::has_title(self.title.is_some(), at, found);
        for (value, element) in [
            (&self.title, Element::TITLE),
            // In the order of the contract's DTO, which is the order of keys in the answer (chapter 08 §2.1).
            (&self.non_sensitive_title, Element::NON_SENSITIVE_TITLE),
            (&self.summary, Element::SUMMARY),
            (&self.non_sensitive_summary, Element::NON_SENSITIVE_SUMMARY),
            (&self.sender_name, Element::SENDER_NAME),
            (&self.additional_info, Element::ADDITIONAL_INFO),
            (&self.extended_status, Element::EXTENDED_STATUS),
            (&self.main_content_reference, Element::MAIN_CONTENT_REFERENCE),
        ] {
            if let Some(value) = value {
                value.check(element, context, at, found);
            }
        }
    }

    pub fn into_content(self) -> DialogContent {
        let value = |given: Option<ContentValueInput>| given.map(ContentValueInput::into_value);
        DialogContent {
            title: value(self.title),
            non_sensitive_title: value(self.non_sensitive_title),
            summary: value(self.summary),
            non_sensitive_summary: value(self.non_sensitive_summary),
            sender_name: value(self.sender_name),
            additional_info: value(self.additional_info),
            extended_status: value(self.extended_status),
            main_content_reference: value(self.main_content_reference),
        }
    }
}

/// The content of a transmission.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TransmissionContent)]
pub struct TransmissionContentInput {
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub title: Option<ContentValueInput>,
    pub summary: Option<ContentValueInput>,
    pub content_reference: Option<ContentValueInput>,
}

impl TransmissionContentInput {
    pub fn check(&self, context: &RuleContext, at: At, found: &mut Violations) {
        content::has_title(self.title.is_some(), at, found);
        for (value, element) in [
            (&self.title, Element::TITLE),
            (&self.summary, Element::SUMMARY),
            (&self.content_reference, Element::CONTENT_REFERENCE),
        ] {
            if let Some(value) = value {
                value.check(element, context, at, found);
            }
        }
    }

    pub fn into_content(self) -> TransmissionContent {
        TransmissionContent {
            title: present(self.title).into_value(),
            summary: self.summary.map(ContentValueInput::into_value),
            content_reference: self.content_reference.map(ContentValueInput::into_value),
        }
    }
}
