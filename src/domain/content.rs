//! Texts in several languages, and the content of dialogs and transmissions.

use serde::{Deserialize, Serialize};

/// One language's text. Lists of these are kept sorted by language code, with each code once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localization {
    /// Normalised: lower case, without region.
    // One letter each, as texts are the most frequent objects of a stored body.
    #[serde(rename = "l")]
    pub language_code: String,
    #[serde(rename = "v")]
    pub value: String,
}

/// A text in several languages, sorted by language code. Empty stands for absent.
pub type Localized = Vec<Localization>;

/// One element of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentValue {
    #[serde(rename = "m")]
    pub media_type: String,
    #[serde(rename = "v")]
    pub value: Localized,
}

/// The content of a dialog. All elements absent: no content at all (API-only dialogs).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DialogContent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_title: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_sensitive_summary: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_status: Option<ContentValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_content_reference: Option<ContentValue>,
}

impl DialogContent {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The content of a transmission; absent as a whole under API-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransmissionContent {
    pub title: ContentValue,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ContentValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_reference: Option<ContentValue>,
}
