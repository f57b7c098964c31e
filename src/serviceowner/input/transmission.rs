//! Transmissions as clients give them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Instant,
        attachment::NavigationalAction,
        child_ids::ChildIds,
        dialog::{Transmission, TransmissionBody, TransmissionType},
        ids::{self, TransmissionId},
        limits,
        rules::{self, localized::some_localized, text, time, uri, uuid7::uuid7},
        violations::{At, Code, Violations},
        wire_enum::Given,
    },
    http::timestamp::Timestamp,
    serviceowner::input::{
        ActorInput, AttachmentInput, Checking, LocalizationInput, NewAttachmentUrlInput, Operation,
        TransmissionContentInput, UrlInput, attachment::into_attachments, content::into_localized, defined, present,
        some, texts, unique_ids,
    },
};

/// A message inside a dialog. `U` is the form of its attachments' addresses.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transmission)]
pub struct TransmissionInput<U = NewAttachmentUrlInput> {
    /// UUID version 7.
    pub id: Option<Uuid>,
    /// Unique within the dialog.
    pub idempotent_key: Option<String>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub created_at: Option<Timestamp>,
    /// A name, or a URN of a type and a name.
    pub authorization_attribute: Option<String>,
    #[schema(value_type = Option<String>, format = "uri")]
    pub extended_type: Option<String>,
    pub external_reference: Option<String>,
    /// Another transmission of the dialog, of which this is a consequence.
    pub related_transmission_id: Option<Uuid>,
    #[serde(default, rename = "type")]
    #[schema(value_type = TransmissionType)]
    pub transmission_type: Given<TransmissionType>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub sender: Option<ActorInput>,
    pub content: Option<TransmissionContentInput>,
    #[serde(default = "Vec::new")]
    pub attachments: Vec<AttachmentInput<U>>,
    #[serde(default)]
    pub navigational_actions: Vec<NavigationalActionInput>,
}

/// A link a transmission offers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NavigationalAction)]
pub struct NavigationalActionInput {
    #[serde(default)]
    pub title: Vec<LocalizationInput>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>, format = "uri", nullable = false)]
    pub url: Option<String>,
    pub expires_at: Option<Timestamp>,
}

impl<U: UrlInput> TransmissionInput<U> {
    pub fn check(&self, checking: &Checking, at: At, found: &mut Violations) {
        let context = &checking.context;
        // A closure, since its place in the order differs in three operations (chapter 08 §2.1).
        let idempotent_key = |found: &mut Violations| {
            let (key, at) = (self.idempotent_key.as_deref(), at.field("idempotentKey"));
            text::min_length(key, limits::SHORT_STRING_MIN, at, found);
            text::max_length(key, limits::IDEMPOTENT_KEY, at, found);
        };
        let is_correction = checking.operation == Operation::UpdateTransmission;
        let is_posted = checking.operation == Operation::CreateTransmission;
        if is_correction {
            idempotent_key(found);
        } else {
            uuid7(self.id, context, at.field("id"), found);
            if is_posted {
                idempotent_key(found);
            }
            time::past(self.supplied_created_at(), context, at.field("createdAt"), found);
        }
        uri::uri(self.extended_type.as_deref(), at.field("extendedType"), found);
        text::max_length(
            self.external_reference.as_deref(),
            limits::DEFAULT_STRING,
            at.field("externalReference"),
            found,
        );
        rules::defined(self.transmission_type, at.field("type"), found);
        // Only an id that was sent can be referred to; a correction's ring is found by the tree (422).
        if let Some(id) = self.id.filter(|id| !is_correction && self.related_transmission_id == Some(*id)) {
            let text =
                format!("A transmission cannot reference itself (RelatedTransmissionId is equal to Id, '{id}').");
            let hint = "Name the transmission that this one answers, or leave `relatedTransmissionId` out.";
            found.add(at.field("relatedTransmissionId"), Code::TransmissionSelfReference.says(text).hint(hint));
        }
        text::present(self.sender.is_some(), at.field("sender"), found);
        if let Some(sender) = &self.sender {
            sender.check(at.field("sender"), found);
        }
        uri::authorization_attribute(
            self.authorization_attribute.as_deref(),
            at.field("authorizationAttribute"),
            found,
        );
        let attachments = at.field("attachments");
        unique_ids(self.attachments.iter().map(|attachment| attachment.id), attachments, found);
        for (i, attachment) in self.attachments.iter().enumerate() {
            attachment.check_of_transmission(checking, attachments.item(i), found);
        }
        for (i, action) in self.navigational_actions.iter().enumerate() {
            action.check(checking, at.field("navigationalActions").item(i), found);
        }
        if !is_posted && !is_correction {
            idempotent_key(found);
        }
        if !checking.is_api_only {
            text::present(self.content.is_some(), at.field("content"), found);
        }
        if let Some(content) = &self.content {
            content.check(context, at.field("content"), found);
        }
    }

    fn supplied_created_at(&self) -> Option<Instant> {
        time::supplied(self.created_at.map(Into::into))
    }

    /// A new transmission, unopened. A dialog that is not visible yet shows it as of the day it appears.
    pub fn into_transmission(self, visible_from: Option<Instant>, ids: &mut ChildIds) -> Transmission {
        let now = ids.now;
        // The day of appearance wins over a supplied time (§11.2).
        let created_at = visible_from.filter(|from| *from > now).or(self.supplied_created_at()).unwrap_or(now);
        Transmission {
            id: TransmissionId(self.id.unwrap_or_else(|| ids::v7_at(now))),
            created_at,
            idempotent_key: self.idempotent_key,
            authorization_attribute: self.authorization_attribute,
            related_transmission_id: self.related_transmission_id.map(TransmissionId),
            transmission_type: defined(self.transmission_type),
            is_opened: false,
            body: TransmissionBody {
                extended_type: self.extended_type,
                external_reference: self.external_reference,
                sender: present(self.sender).into_actor(),
                content: self.content.map(TransmissionContentInput::into_content),
                attachments: into_attachments(self.attachments, ids),
                navigational_actions: self
                    .navigational_actions
                    .into_iter()
                    .map(NavigationalActionInput::into_action)
                    .collect(),
            },
        }
    }
}

impl NavigationalActionInput {
    fn check(&self, checking: &Checking, at: At, found: &mut Violations) {
        some_localized(texts(&self.title), limits::DEFAULT_STRING, at.field("title"), found);
        uri::https_url(self.url.as_deref(), at.field("url"), found);
        time::future(self.expires_at.map(Into::into), &checking.context, at.field("expiresAt"), found);
    }

    pub fn into_action(self) -> NavigationalAction {
        NavigationalAction {
            title: into_localized(self.title),
            url: present(self.url),
            expires_at: self.expires_at.map(Into::into),
        }
    }
}
