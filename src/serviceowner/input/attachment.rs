//! Attachments as clients give them: of dialogs with ids of their URLs, of new transmissions without.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        attachment::{Attachment, AttachmentUrl, AttachmentUrlConsumerType},
        child_ids::{ChildIds, ChildKind},
        limits,
        rules::{self, localized::localized, text, time, uri, uuid7::uuid7},
        violations::{At, Violations},
        wire_enum::Given,
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        Checking, LocalizationInput, Operation, content::into_localized, defined, present, some, texts, unique_ids,
    },
};

/// An attachment with one or more addresses.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attachment)]
pub struct AttachmentInput<U> {
    /// UUID version 7.
    pub id: Option<Uuid>,
    #[serde(default)]
    pub display_name: Vec<LocalizationInput>,
    pub name: Option<String>,
    #[serde(default = "Vec::new")]
    pub urls: Vec<U>,
    pub expires_at: Option<Timestamp>,
}

/// An address of an attachment that may keep its id.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(title = "AttachmentUrl")]
pub struct AttachmentUrlInput {
    /// UUID version 7.
    pub id: Option<Uuid>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>, format = "uri", nullable = false)]
    pub url: Option<String>,
    pub media_type: Option<String>,
    #[serde(default)]
    #[schema(value_type = AttachmentUrlConsumerType)]
    pub consumer_type: Given<AttachmentUrlConsumerType>,
}

/// An address of a new transmission's attachment; its id is generated.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(title = "AttachmentUrl")]
pub struct NewAttachmentUrlInput {
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>, format = "uri", nullable = false)]
    pub url: Option<String>,
    pub media_type: Option<String>,
    #[serde(default)]
    #[schema(value_type = AttachmentUrlConsumerType)]
    pub consumer_type: Given<AttachmentUrlConsumerType>,
}

/// Either form of an address.
pub trait UrlInput {
    /// The address with the id it has, if any.
    fn into_url(self) -> AttachmentUrlInput;
    fn id(&self) -> Option<Uuid>;
    fn url(&self) -> Option<&str>;
    fn media_type(&self) -> Option<&str>;
    fn consumer_type(&self) -> Given<AttachmentUrlConsumerType>;
}

impl UrlInput for AttachmentUrlInput {
    fn into_url(self) -> Self {
        self
    }

    fn id(&self) -> Option<Uuid> {
        self.id
    }

    fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    fn consumer_type(&self) -> Given<AttachmentUrlConsumerType> {
        self.consumer_type
    }
}

impl UrlInput for NewAttachmentUrlInput {
    fn into_url(self) -> AttachmentUrlInput {
        AttachmentUrlInput { id: None, url: self.url, media_type: self.media_type, consumer_type: self.consumer_type }
    }

    fn id(&self) -> Option<Uuid> {
        None
    }

    fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    fn consumer_type(&self) -> Given<AttachmentUrlConsumerType> {
        self.consumer_type
    }
}

impl<U: UrlInput> AttachmentInput<U> {
    /// An attachment of a dialog.
    pub fn check_of_dialog(&self, checking: &Checking, at: At, found: &mut Violations) {
        self.check_head(checking, at, found);
        // Before the rest, in the contract's order of rules under `urls` (chapter 08 §2.1).
        unique_ids(self.urls.iter().map(UrlInput::id), at.field("urls"), found);
        self.check_rest(checking, at, found, |url, at, found| {
            uuid7(url.id(), &checking.context, at.field("id"), found);
            uri::https_url(url.url(), at.field("url"), found);
            rules::defined(url.consumer_type(), at.field("consumerType"), found);
            // The reference has no such rule and fails at its column instead.
            text::max_length(url.media_type(), limits::DEFAULT_STRING, at.field("mediaType"), found);
        });
    }

    /// An attachment of a transmission.
    pub fn check_of_transmission(&self, checking: &Checking, at: At, found: &mut Violations) {
        self.check_head(checking, at, found);
        self.check_rest(checking, at, found, |url, at, found| {
            uuid7(url.id(), &checking.context, at.field("id"), found);
            if checking.operation == Operation::CreateTransmission {
                text::present(url.url().is_some(), at.field("url"), found);
                // The reference's looser rule: http and relative addresses pass here (§6.1); the length is ours (§13
                // no. 3).
                uri::uri(url.url(), at.field("url"), found);
            } else {
                uri::https_url(url.url(), at.field("url"), found);
            }
            text::max_length(url.media_type(), limits::DEFAULT_STRING, at.field("mediaType"), found);
            rules::defined(url.consumer_type(), at.field("consumerType"), found);
        });
    }

    fn check_head(&self, checking: &Checking, at: At, found: &mut Violations) {
        uuid7(self.id, &checking.context, at.field("id"), found);
        localized(texts(&self.display_name), limits::DEFAULT_STRING, at.field("displayName"), found);
        text::max_length(self.name.as_deref(), limits::DEFAULT_STRING, at.field("name"), found);
    }

    fn check_rest(
        &self,
        checking: &Checking,
        at: At,
        found: &mut Violations,
        check_url: impl Fn(&U, At, &mut Violations),
    ) {
        let urls = at.field("urls");
        text::present(!self.urls.is_empty(), urls, found);
        for (i, url) in self.urls.iter().enumerate() {
            check_url(url, urls.item(i), found);
        }
        // Updates compare with what is stored and refuse with 422 instead.
        if checking.operation == Operation::CreateDialog {
            time::future(self.expires_at.map(Into::into), &checking.context, at.field("expiresAt"), found);
        }
    }

    pub fn into_attachment(self, ids: &mut ChildIds) -> Attachment {
        let id = ids.take(ChildKind::Attachment, self.id);
        let mut urls: Vec<_> = self.urls.into_iter().map(|url| url.into_url().into_stored(ids)).collect();
        // In reading order, so that comparing with what is stored finds no change where there is none.
        urls.sort_by_key(|url| url.id);
        Attachment {
            id,
            created_at: ids.now,
            display_name: into_localized(self.display_name),
            name: self.name,
            expires_at: self.expires_at.map(Into::into),
            urls,
        }
    }
}

impl AttachmentUrlInput {
    fn into_stored(self, ids: &mut ChildIds) -> AttachmentUrl {
        AttachmentUrl {
            id: ids.take(ChildKind::AttachmentUrl, self.id),
            created_at: ids.now,
            url: present(self.url),
            media_type: self.media_type,
            consumer_type: defined(self.consumer_type),
        }
    }
}

/// In reading order: children of one request are born together, so their ids decide.
pub(super) fn into_attachments<U: UrlInput>(given: Vec<AttachmentInput<U>>, ids: &mut ChildIds) -> Vec<Attachment> {
    let mut attachments: Vec<_> = given.into_iter().map(|attachment| attachment.into_attachment(ids)).collect();
    attachments.sort_by_key(|attachment| attachment.id);
    attachments
}
