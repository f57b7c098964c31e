//! One dialog, as `dialogById` shows it.

use async_graphql::{Interface, SimpleObject};

use super::{
    enums::TransmissionType,
    head::{Head, head},
    parts::{Activity, Actor, ApiAction, Attachment, ContentValue, GuiAction, TransmissionNavigationalAction},
    scalars::{DateTime, Url, Uuid},
};
use crate::{
    enduser::dialogs::view::{ContentView, DialogView, TransmissionView},
    views::{TransmissionContentView, each},
};

/// A dialog, with all that belongs to it.
#[derive(SimpleObject, Clone, Debug)]
pub struct Dialog {
    #[graphql(flatten)]
    head: Head,
    /// Changes with every change of the dialog; labels and reading leave it.
    revision: Uuid,
    expires_at: Option<DateTime>,
    /// Proof towards the service owner of what the reader may do here.
    dialog_token: Option<String>,
    content: Content,
    attachments: Vec<Attachment>,
    gui_actions: Vec<GuiAction>,
    api_actions: Vec<ApiAction>,
    activities: Vec<Activity>,
    transmissions: Vec<Transmission>,
}

/// What a dialog says.
#[derive(SimpleObject, Clone, Debug)]
pub struct Content {
    /// Without texts where a dialog for systems has none.
    title: ContentValue,
    summary: Option<ContentValue>,
    sender_name: Option<ContentValue>,
    additional_info: Option<ContentValue>,
    extended_status: Option<ContentValue>,
    /// Leads to the content itself, for clients that embed it.
    main_content_reference: Option<ContentValue>,
}

/// A message inside a dialog.
#[derive(SimpleObject, Clone, Debug)]
pub struct Transmission {
    id: Uuid,
    created_at: DateTime,
    /// The part of the resource, or the other resource, whose policy decides who may open it.
    authorization_attribute: Option<String>,
    /// Whether the reader may open it.
    is_authorized: bool,
    extended_type: Option<Url>,
    external_reference: Option<String>,
    /// The transmission that it answers.
    related_transmission_id: Option<Uuid>,
    #[graphql(name = "type")]
    transmission_type: TransmissionType,
    sender: Actor,
    is_opened: bool,
    content: TransmissionContent,
    attachments: Vec<Attachment>,
    navigational_actions: Vec<TransmissionNavigationalAction>,
}

/// What a transmission says.
#[derive(SimpleObject, Clone, Debug)]
pub struct TransmissionContent {
    /// Without texts where a transmission has none.
    title: ContentValue,
    summary: Option<ContentValue>,
    /// Leads to the content itself, for clients that embed it.
    content_reference: Option<ContentValue>,
}

/// The dialog, or why not.
#[derive(SimpleObject, Debug)]
pub struct DialogByIdPayload {
    pub dialog: Option<Dialog>,
    pub errors: Vec<DialogByIdError>,
}

super::errors! {
    /// There is no such dialog, or not for the caller.
    DialogByIdNotFound
    /// The dialog was deleted.
    DialogByIdDeleted
    /// Nothing lets the caller read the dialog.
    DialogByIdForbidden
    /// The caller must log in by a stronger means.
    DialogByIdForbiddenAuthLevelTooLow
}

/// The dialog is not to be seen yet.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogByIdNotVisible {
    pub message: String,
    pub visible_from: DateTime,
}

/// The dialog's time is over.
#[derive(SimpleObject, Clone, Debug)]
pub struct DialogByIdExpired {
    pub message: String,
    pub expired_at: DateTime,
}

/// Why a dialog is not shown.
#[derive(Interface, Debug)]
#[graphql(field(name = "message", ty = "&String"))]
pub enum DialogByIdError {
    NotFound(DialogByIdNotFound),
    Deleted(DialogByIdDeleted),
    Forbidden(DialogByIdForbidden),
    ForbiddenAuthLevelTooLow(DialogByIdForbiddenAuthLevelTooLow),
    NotVisible(DialogByIdNotVisible),
    Expired(DialogByIdExpired),
}

impl From<DialogView> for Dialog {
    fn from(dialog: DialogView) -> Self {
        Self {
            head: head!(dialog),
            revision: dialog.revision.into(),
            expires_at: dialog.expires_at.map(Into::into),
            dialog_token: dialog.dialog_token,
            content: dialog.content.into(),
            attachments: each(dialog.attachments),
            gui_actions: each(dialog.gui_actions),
            api_actions: each(dialog.api_actions),
            activities: each(dialog.activities),
            transmissions: each(dialog.transmissions),
        }
    }
}

impl From<Option<ContentView>> for Content {
    fn from(content: Option<ContentView>) -> Self {
        let Some(content) = content else {
            return Self {
                title: ContentValue::title(None),
                summary: None,
                sender_name: None,
                additional_info: None,
                extended_status: None,
                main_content_reference: None,
            };
        };
        Self {
            title: ContentValue::title(content.title),
            summary: content.summary.map(Into::into),
            sender_name: content.sender_name.map(Into::into),
            additional_info: content.additional_info.map(Into::into),
            extended_status: content.extended_status.map(Into::into),
            main_content_reference: content.main_content_reference.map(Into::into),
        }
    }
}

impl From<TransmissionView> for Transmission {
    fn from(transmission: TransmissionView) -> Self {
        Self {
            id: transmission.id.into(),
            created_at: transmission.created_at.into(),
            authorization_attribute: transmission.authorization_attribute,
            is_authorized: transmission.is_authorized,
            extended_type: transmission.extended_type.map(Into::into),
            external_reference: transmission.external_reference,
            related_transmission_id: transmission.related_transmission_id.map(Into::into),
            transmission_type: transmission.transmission_type.into(),
            sender: transmission.sender.into(),
            is_opened: transmission.is_opened,
            content: transmission.content.into(),
            attachments: each(transmission.attachments),
            navigational_actions: each(transmission.navigational_actions),
        }
    }
}

impl From<Option<TransmissionContentView>> for TransmissionContent {
    fn from(content: Option<TransmissionContentView>) -> Self {
        match content {
            None => Self { title: ContentValue::title(None), summary: None, content_reference: None },
            Some(content) => Self {
                title: content.title.into(),
                summary: content.summary.map(Into::into),
                content_reference: content.content_reference.map(Into::into),
            },
        }
    }
}
