//! Lists of dialogs, as `searchDialogs` takes its questions and shows its answers.

use async_graphql::{InputObject, Interface, SimpleObject};

use super::{
    enums::{DialogStatus, OrderDirection, SystemLabel},
    head::{Head, head},
    parts::{Activity, ContentValue},
    scalars::DateTime,
};
use crate::{
    domain::order::{Key, Order},
    enduser::dialogs::list_item::{ListContentView, ListItemView},
};

/// A dialog, as lists show it.
#[derive(SimpleObject, Clone, Debug)]
pub struct SearchDialog {
    #[graphql(flatten)]
    head: Head,
    /// Attachments that the inbox shows.
    gui_attachment_count: Option<i32>,
    latest_activity: Option<Activity>,
    content: SearchContent,
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
            head: head!(dialog),
            gui_attachment_count: dialog.gui_attachment_count,
            latest_activity: dialog.latest_activity.map(Into::into),
            content: dialog.content.into(),
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
