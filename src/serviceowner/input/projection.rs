//! A stored dialog as PATCH shows it to its operations: what a PUT would have to say to leave it as it is.

use crate::{
    domain::{
        attachment::{ApiAction, ApiActionEndpoint, Attachment, AttachmentUrl, GuiAction},
        content::{ContentValue, DialogContent, Localization},
        dialog::{Dialog, Status, StatusInput},
        wire_enum::{Given, WireEnum},
    },
    serviceowner::input::{
        ApiActionEndpointInput, ApiActionInput, AttachmentInput, AttachmentUrlInput, ContentValueInput,
        DialogContentInput, GuiActionInput, LocalizationInput, SearchTagInput, UpdateDialog,
    },
};

impl From<&Dialog> for UpdateDialog {
    fn from(dialog: &Dialog) -> Self {
        let body = &dialog.body;
        Self {
            progress: dialog.progress,
            extended_status: dialog.extended_status.clone(),
            external_reference: dialog.external_reference.clone(),
            due_at: dialog.due_at.map(Into::into),
            process: dialog.process.clone(),
            preceding_process: dialog.preceding_process.clone(),
            expires_at: dialog.expires_at.map(Into::into),
            is_api_only: dialog.is_api_only,
            status: Given::Known(status(dialog.status)),
            content: (!body.content.is_empty()).then(|| content(&body.content)),
            search_tags: body.search_tags.iter().map(|tag| SearchTagInput { value: Some(tag.clone()) }).collect(),
            attachments: body.attachments.iter().map(attachment).collect(),
            // Empty, so that what a patch adds is what is appended (§5).
            transmissions: Vec::new(),
            gui_actions: body.gui_actions.iter().map(gui_action).collect(),
            api_actions: body.api_actions.iter().map(api_action).collect(),
            activities: Vec::new(),
        }
    }
}

fn status(status: Status) -> StatusInput {
    StatusInput::from_id(status.id().into()).expect("every status can be sent")
}

fn texts(localized: &[Localization]) -> Vec<LocalizationInput> {
    let text = |text: &Localization| LocalizationInput {
        value: text.value.clone(),
        language_code: text.language_code.clone(),
    };
    localized.iter().map(text).collect()
}

fn content(content: &DialogContent) -> DialogContentInput {
    let value = |value: &Option<ContentValue>| {
        value.as_ref().map(|value| ContentValueInput {
            value: texts(&value.value),
            media_type: value.media_type.clone(),
            is_authorized: None,
        })
    };
    DialogContentInput {
        title: value(&content.title),
        non_sensitive_title: value(&content.non_sensitive_title),
        summary: value(&content.summary),
        non_sensitive_summary: value(&content.non_sensitive_summary),
        sender_name: value(&content.sender_name),
        additional_info: value(&content.additional_info),
        extended_status: value(&content.extended_status),
        main_content_reference: value(&content.main_content_reference),
    }
}

fn attachment(attachment: &Attachment) -> AttachmentInput<AttachmentUrlInput> {
    let url = |url: &AttachmentUrl| AttachmentUrlInput {
        id: Some(url.id),
        url: Some(url.url.clone()),
        media_type: url.media_type.clone(),
        consumer_type: Given::Known(url.consumer_type),
    };
    AttachmentInput {
        // With their ids, so that children that no operation touches stay who they are.
        id: Some(attachment.id),
        display_name: texts(&attachment.display_name),
        name: attachment.name.clone(),
        urls: attachment.urls.iter().map(url).collect(),
        expires_at: attachment.expires_at.map(Into::into),
    }
}

fn gui_action(action: &GuiAction) -> GuiActionInput {
    GuiActionInput {
        id: Some(action.id),
        action: Some(action.action.clone()),
        url: Some(action.url.clone()),
        authorization_attribute: action.authorization_attribute.clone(),
        is_delete_dialog_action: action.is_delete_dialog_action,
        http_method: Given::Known(action.http_method),
        priority: Given::Known(action.priority),
        title: texts(&action.title),
        prompt: texts(&action.prompt),
    }
}

fn api_action(action: &ApiAction) -> ApiActionInput {
    let endpoint = |endpoint: &ApiActionEndpoint| ApiActionEndpointInput {
        id: Some(endpoint.id),
        version: endpoint.version.clone(),
        url: Some(endpoint.url.clone()),
        http_method: Given::Known(endpoint.http_method),
        documentation_url: endpoint.documentation_url.clone(),
        request_schema: endpoint.request_schema.clone(),
        response_schema: endpoint.response_schema.clone(),
        deprecated: endpoint.deprecated,
        sunset_at: endpoint.sunset_at.map(Into::into),
    };
    ApiActionInput {
        id: Some(action.id),
        action: Some(action.action.clone()),
        authorization_attribute: action.authorization_attribute.clone(),
        name: action.name.clone(),
        endpoints: action.endpoints.iter().map(endpoint).collect(),
    }
}
