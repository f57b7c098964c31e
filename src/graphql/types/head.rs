//! What a dialog and its item in lists show alike. It is flattened into both: the schema knows no type of this name.

use async_graphql::SimpleObject;

use super::{
    enums::DialogStatus,
    parts::{EndUserContext, SeenLog},
    scalars::{DateTime, Uuid},
};

#[derive(SimpleObject, Clone, Debug)]
pub struct Head {
    pub id: Uuid,
    /// The owner's short name.
    pub org: String,
    pub service_resource: String,
    /// What the Resource Registry called the resource when the dialog was created.
    pub service_resource_type: String,
    /// Whom the dialog is for, as a URN.
    pub party: String,
    /// Percent.
    pub progress: Option<i32>,
    pub process: Option<String>,
    pub preceding_process: Option<String>,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    /// When something changed last that readers ought to look at.
    pub content_updated_at: DateTime,
    pub due_at: Option<DateTime>,
    pub status: DialogStatus,
    /// There are transmissions of the service owner that nobody has opened.
    pub has_unopened_content: bool,
    /// Meant for the systems of end users only.
    pub is_api_only: bool,
    pub from_service_owner_transmissions_count: i32,
    pub from_party_transmissions_count: i32,
    /// Who has opened the dialog since it changed: each reader's newest entry.
    pub seen_since_last_update: Vec<SeenLog>,
    /// Who has opened the dialog since its content changed: each reader's newest entry.
    pub seen_since_last_content_update: Vec<SeenLog>,
    /// Somebody has opened the dialog since its content changed, and nobody has marked it as unopened.
    pub is_content_seen: bool,
    pub end_user_context: EndUserContext,
}

/// The head of REST's view of a dialog or of an item: two types with these fields in common, whose order on the wire keeps
/// them apart, so that no function takes both.
macro_rules! head {
    ($view:ident) => {
        $crate::graphql::types::head::Head {
            id: $view.id.into(),
            org: $view.org.to_string(),
            service_resource: $view.service_resource.to_string(),
            service_resource_type: $view.service_resource_type.to_string(),
            party: $view.party,
            progress: $view.progress,
            process: $view.process,
            preceding_process: $view.preceding_process,
            extended_status: $view.extended_status,
            external_reference: $view.external_reference,
            created_at: $view.created_at.into(),
            updated_at: $view.updated_at.into(),
            content_updated_at: $view.content_updated_at.into(),
            due_at: $view.due_at.map(Into::into),
            status: $view.status.into(),
            has_unopened_content: $view.has_unopened_content,
            is_api_only: $view.is_api_only,
            from_service_owner_transmissions_count: $view.from_service_owner_transmissions_count,
            from_party_transmissions_count: $view.from_party_transmissions_count,
            seen_since_last_update: $crate::views::each($view.seen_since_last_update),
            seen_since_last_content_update: $crate::views::each($view.seen_since_last_content_update),
            is_content_seen: $view.is_content_seen,
            end_user_context: $view.end_user_context.into(),
        }
    };
}

pub(super) use head;
