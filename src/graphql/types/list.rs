//! Lists of dialogs, as `searchDialogs` takes its questions and shows its answers.

use async_graphql::{InputObject, Interface, SimpleObject};

use super::{
    enums::{DialogStatus, OrderDirection, SystemLabel},
    parts::{Activity, ContentValue, EndUserContext, SeenLog},
    scalars::{DateTime, Uuid},
};
use crate::{
    domain::order::{Key, Order},
    enduser::dialogs::list_item::{ListContentView, ListItemView},
    views::each,
};

/// A dialog, as lists show it.
#[derive(SimpleObject, Clone, Debug)]
pub struct SearchDialog {
    id: Uuid,
    /// The owner's short name.
    org: String,
    service_resource: String,
    /// What the Resource Registry called the resource when the dialog was created.
    service_resource_type: String,
    /// Whom the dialog is for, as a URN.
    party: String,
    /// Percent.
    progress: Option<i32>,
    process: Option<String>,
    preceding_process: Option<String>,
    /// Attachments that the inbox shows.
    gui_attachment_count: Option<i32>,
    extended_status: Option<String>,
    external_reference: Option<String>,
    created_at: DateTime,
    updated_at: DateTime,
    /// When something changed last that readers ought to look at.
    content_updated_at: DateTime,
    due_at: Option<DateTime>,
    status: DialogStatus,
    /// There are transmissions of the service owner that nobody has opened.
    has_unopened_content: bool,
    /// Meant for the systems of end users only.
    is_api_only: bool,
    from_service_owner_transmissions_count: i32,
    from_party_transmissions_count: i32,
    latest_activity: Option<Activity>,
    content: SearchContent,
    /// Who has opened the dialog since it changed: each reader's newest entry.
    seen_since_last_update: Vec<SeenLog>,
    /// Who has opened the dialog since its content changed: each reader's newest entry.
    seen_since_last_content_update: Vec<SeenLog>,
    /// Somebody has opened the dialog since its content changed, and nobody has marked it as unopened.
    is_content_seen: bool,
    end_user_context: EndUserContext,
}

/// What a dialog says, as lists show it. Readers whose level is too low find texts that give nothing away.
#[derive(SimpleObject, Clone, Debug)]
pub struct SearchContent {
    /// Without texts where a dialog for systems has none.
    title: ContentValue,
    summary: Option<ContentValue>,
    sender_name: Option<ContentValue>,
    extended_status: Option<ContentValue>,
}

/// What a list is asked for. Empty lists and nulls filter nothing.
#[derive(InputObject, Debug)]
pub struct SearchDialogInput {
    /// Only dialogs of these service owners, by their short names.
    pub org: Option<Vec<String>>,
    /// Only dialogs of these service resources, as URNs.
    pub service_resource: Option<Vec<String>>,
    /// Only dialogs of these parties, as URNs.
    pub party: Option<Vec<String>>,
    /// Only dialogs with any of these extended statuses, letter for letter.
    pub extended_status: Option<Vec<String>>,
    /// Only dialogs with this external reference, letter for letter.
    pub external_reference: Option<String>,
    /// Only dialogs with any of these statuses.
    pub status: Option<Vec<DialogStatus>>,
    /// Only dialogs of this process, letter for letter.
    pub process: Option<String>,
    /// Only dialogs that carry all of these labels.
    pub system_label: Option<Vec<SystemLabel>>,
    /// Without dialogs that are meant for systems only.
    pub exclude_api_only: Option<bool>,
    pub created_after: Option<DateTime>,
    pub created_before: Option<DateTime>,
    pub content_updated_after: Option<DateTime>,
    pub content_updated_before: Option<DateTime>,
    /// Only dialogs that were, or were not, seen since their content changed.
    pub is_content_seen: Option<bool>,
    pub updated_after: Option<DateTime>,
    pub updated_before: Option<DateTime>,
    pub due_after: Option<DateTime>,
    pub due_before: Option<DateTime>,
    /// Only dialogs with these words. At least three characters.
    pub search: Option<String>,
    /// The language of the words, two letters.
    pub search_language_code: Option<String>,
    /// Most dialogs of the page: 1 to 1000, 100 unless told otherwise.
    pub limit: Option<i64>,
    /// Where the page before ended; goes with the `orderBy` of that page.
    pub continuation_token: Option<String>,
    /// Keys in the order of their weight, each an object with one of them set.
    pub order_by: Option<Vec<SearchDialogSortTypeInput>>,
}

/// One key of an order: exactly one of these is set.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct SearchDialogSortTypeInput {
    pub created_at: Option<OrderDirection>,
    pub updated_at: Option<OrderDirection>,
    pub due_at: Option<OrderDirection>,
    pub content_updated_at: Option<OrderDirection>,
}

/// One key of an order, which can be sent back as it is.
#[derive(SimpleObject, Clone, Copy, Debug, Default)]
pub struct SearchDialogSortType {
    created_at: Option<OrderDirection>,
    updated_at: Option<OrderDirection>,
    due_at: Option<OrderDirection>,
    content_updated_at: Option<OrderDirection>,
}

/// A page of a list, or why not.
#[derive(SimpleObject, Debug, Default)]
pub struct SearchDialogsPayload {
    pub items: Option<Vec<SearchDialog>>,
    pub has_next_page: bool,
    pub continuation_token: Option<String>,
    /// The order in force, without the id that ends it.
    pub order_by: Vec<SearchDialogSortType>,
    pub errors: Vec<SearchDialogError>,
}

super::errors! {
    /// The question breaks a rule.
    SearchDialogValidationError
    /// The question is right in itself, and cannot be answered.
    SearchDialogDomainError
    /// The continuation token is none.
    SearchDialogContinuationTokenParsingError
    /// The order is none.
    SearchDialogOrderByParsingError
    /// The caller may not list dialogs.
    SearchDialogForbidden
}

/// Why there is no page.
#[derive(Interface, Debug)]
#[graphql(field(name = "message", ty = "&String"))]
pub enum SearchDialogError {
    Validation(SearchDialogValidationError),
    Domain(SearchDialogDomainError),
    ContinuationTokenParsing(SearchDialogContinuationTokenParsingError),
    OrderByParsing(SearchDialogOrderByParsingError),
    Forbidden(SearchDialogForbidden),
}

impl SearchDialogSortType {
    /// The keys of an order.
    pub fn of(order: &Order) -> Vec<Self> {
        let one = |(key, direction): &(Key, _)| {
            let (direction, none) = (Some(OrderDirection::from(*direction)), Self::default());
            match key {
                Key::CreatedAt => Self { created_at: direction, ..none },
                Key::UpdatedAt => Self { updated_at: direction, ..none },
                Key::DueAt => Self { due_at: direction, ..none },
                Key::ContentUpdatedAt => Self { content_updated_at: direction, ..none },
            }
        };
        // Without the id that ends every order: the input has no such member, and clients send back what they got
        // (§9.4).
        order.keys.iter().map(one).collect()
    }
}

impl From<ListItemView> for SearchDialog {
    fn from(dialog: ListItemView) -> Self {
        Self {
            id: dialog.id.into(),
            org: dialog.org.to_string(),
            service_resource: dialog.service_resource.to_string(),
            service_resource_type: dialog.service_resource_type.to_string(),
            party: dialog.party,
            progress: dialog.progress,
            process: dialog.process,
            preceding_process: dialog.preceding_process,
            gui_attachment_count: dialog.gui_attachment_count,
            extended_status: dialog.extended_status,
            external_reference: dialog.external_reference,
            created_at: dialog.created_at.into(),
            updated_at: dialog.updated_at.into(),
            content_updated_at: dialog.content_updated_at.into(),
            due_at: dialog.due_at.map(Into::into),
            status: dialog.status.into(),
            has_unopened_content: dialog.has_unopened_content,
            is_api_only: dialog.is_api_only,
            from_service_owner_transmissions_count: dialog.from_service_owner_transmissions_count,
            from_party_transmissions_count: dialog.from_party_transmissions_count,
            latest_activity: dialog.latest_activity.map(Into::into),
            content: dialog.content.into(),
            seen_since_last_update: each(dialog.seen_since_last_update),
            seen_since_last_content_update: each(dialog.seen_since_last_content_update),
            is_content_seen: dialog.is_content_seen,
            end_user_context: dialog.end_user_context.into(),
        }
    }
}

impl From<Option<ListContentView>> for SearchContent {
    fn from(content: Option<ListContentView>) -> Self {
        match content {
            None => Self { title: ContentValue::title(None), summary: None, sender_name: None, extended_status: None },
            Some(content) => Self {
                title: ContentValue::title(content.title),
                summary: content.summary.map(Into::into),
                sender_name: content.sender_name.map(Into::into),
                extended_status: content.extended_status.map(Into::into),
            },
        }
    }
}
