//! Changes of system labels.

use async_graphql::{InputObject, Interface, SimpleObject};

use super::{enums::SystemLabel, scalars::Uuid};

/// Labels to add to a dialog and to remove from it.
#[derive(InputObject, Debug)]
pub struct SetSystemLabelInput {
    pub dialog_id: Uuid,
    /// Added after the removals, in this order: of `DEFAULT`, `BIN` and `ARCHIVE` the last one counts.
    pub add_labels: Vec<SystemLabel>,
    pub remove_labels: Vec<SystemLabel>,
}

/// A dialog, and the revision of its end-user context that the change builds on.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct DialogRevisionInput {
    pub dialog_id: Uuid,
    pub enduser_context_revision: Option<Uuid>,
}

/// Labels to add to several dialogs and to remove from them.
#[derive(InputObject, Debug)]
pub struct BulkSetSystemLabelInput {
    /// 1 to 100, each once.
    pub dialogs: Vec<DialogRevisionInput>,
    /// Added after the removals, in this order: of `DEFAULT`, `BIN` and `ARCHIVE` the last one counts.
    pub add_labels: Vec<SystemLabel>,
    pub remove_labels: Vec<SystemLabel>,
}

/// Whether the labels were changed, or why not.
#[derive(SimpleObject, Debug)]
pub struct SetSystemLabelPayload {
    pub success: bool,
    pub errors: Vec<SetSystemLabelError>,
}

/// Whether the labels of all dialogs were changed, or why of none.
#[derive(SimpleObject, Debug)]
pub struct BulkSetSystemLabelPayload {
    pub success: bool,
    pub errors: Vec<BulkSetSystemLabelError>,
}

super::errors! {
    /// There is no such dialog, or it was deleted.
    SetSystemLabelEntityNotFound
    /// The dialog was deleted. Never told: a deleted dialog counts as missing.
    SetSystemLabelEntityDeleted
    /// The caller's lists do not show the dialog.
    SetSystemLabelForbidden
    /// A label that cannot be set or removed by hand.
    SetSystemLabelDomainError
    /// The change is right in itself, and cannot be made.
    SetSystemLabelValidationError
    /// The revision has moved on. Never told: no revision is sent.
    SetSystemLabelConcurrencyError
    /// Somebody else changed the labels at the same moment.
    SetSystemLabelConflictError
    /// Some of the dialogs are missing, deleted or not in the caller's lists.
    BulkSetSystemLabelNotFound
    /// The change is right in itself, and cannot be made.
    BulkSetSystemLabelDomainError
    /// The change breaks a rule.
    BulkSetSystemLabelValidationError
    /// A revision has moved on. Never told: then there is no success, and no error.
    BulkSetSystemLabelConcurrencyError
    /// Somebody else changed labels at the same moment.
    BulkSetSystemLabelConflictError
}

/// Why a dialog's labels were not changed.
#[derive(Interface, Debug)]
#[graphql(field(name = "message", ty = "&String"))]
pub enum SetSystemLabelError {
    NotFound(SetSystemLabelEntityNotFound),
    Deleted(SetSystemLabelEntityDeleted),
    Forbidden(SetSystemLabelForbidden),
    Domain(SetSystemLabelDomainError),
    Validation(SetSystemLabelValidationError),
    Concurrency(SetSystemLabelConcurrencyError),
    Conflict(SetSystemLabelConflictError),
}

/// Why no dialog's labels were changed.
#[derive(Interface, Debug)]
#[graphql(field(name = "message", ty = "&String"))]
pub enum BulkSetSystemLabelError {
    NotFound(BulkSetSystemLabelNotFound),
    Domain(BulkSetSystemLabelDomainError),
    Validation(BulkSetSystemLabelValidationError),
    Concurrency(BulkSetSystemLabelConcurrencyError),
    Conflict(BulkSetSystemLabelConflictError),
}
