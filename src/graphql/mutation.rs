//! The two mutations: marking dialogs. Each calls what its REST twin calls, and tells refusals by type.

use async_graphql::{Context, Object, Result};

use super::{
    errors::failed,
    question::Question,
    types::{
        enums::SystemLabel,
        label::{
            BulkSetSystemLabelConflictError, BulkSetSystemLabelDomainError, BulkSetSystemLabelError,
            BulkSetSystemLabelInput, BulkSetSystemLabelNotFound, BulkSetSystemLabelPayload,
            BulkSetSystemLabelValidationError, SetSystemLabelConflictError, SetSystemLabelDomainError,
            SetSystemLabelEntityDeleted, SetSystemLabelEntityNotFound, SetSystemLabelError, SetSystemLabelForbidden,
            SetSystemLabelInput, SetSystemLabelPayload, SetSystemLabelValidationError,
        },
    },
};
use crate::{
    domain::{ids::DialogId, refusal::Refusal, system_label::Wanted, wire_enum::Given},
    enduser::system_labels,
    http::{IfMatch, problem},
    labelling::DialogRevision,
};

/// What end users can change.
pub struct Mutations;

/// What end users can change.
#[Object(name = "Mutations")]
impl Mutations {
    /// Changes the system labels of a dialog. The header `Etag` is the new revision of its end-user context.
    async fn set_system_label(&self, ctx: &Context<'_>, input: SetSystemLabelInput) -> Result<SetSystemLabelPayload> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        let wanted = wanted(input.add_labels, input.remove_labels);
        let id = DialogId(input.dialog_id.0);
        // The input has no revision (chapter 02 §9.5), so there is nothing to compare with.
        match system_labels::set::change(&question.app, &caller, id, &wanted, IfMatch(None)).await {
            Ok(revision) => {
                // Each of several changes in one document says its own.
                ctx.append_http_header("etag", revision.to_string());
                Ok(SetSystemLabelPayload { success: true, errors: Vec::new() })
            }
            Err(refusal) => Ok(SetSystemLabelPayload { success: false, errors: one_refused(refusal)? }),
        }
    }

    /// Changes the system labels of several dialogs: of all that are named, or of none.
    async fn bulk_set_system_labels(
        &self,
        ctx: &Context<'_>,
        input: BulkSetSystemLabelInput,
    ) -> Result<BulkSetSystemLabelPayload> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        let wanted = wanted(input.add_labels, input.remove_labels);
        let dialogs: Vec<DialogRevision> = input
            .dialogs
            .into_iter()
            .map(|dialog| DialogRevision {
                dialog_id: dialog.dialog_id.0,
                end_user_context_revision: dialog.enduser_context_revision.map(|revision| revision.0),
            })
            .collect();
        match system_labels::set_many::change(&question.app, &caller, &dialogs, &wanted).await {
            Ok(()) => Ok(BulkSetSystemLabelPayload { success: true, errors: Vec::new() }),
            Err(refusal) => Ok(BulkSetSystemLabelPayload { success: false, errors: many_refused(refusal)? }),
        }
    }
}

fn wanted(add: Vec<SystemLabel>, remove: Vec<SystemLabel>) -> Wanted {
    let given = |labels: Vec<SystemLabel>| labels.into_iter().map(|label| Given::Known(label.into())).collect();
    Wanted { add: given(add), remove: given(remove) }
}

/// The types of what the rules find and of what the store finds are each other's in the existing system. Clients that look
/// at the type have learnt it so.
fn one_refused(refusal: Refusal) -> Result<Vec<SetSystemLabelError>> {
    let wrap: fn(String) -> SetSystemLabelError = match refusal {
        Refusal::NotFound { .. } => |text| SetSystemLabelEntityNotFound::from(text).into(),
        Refusal::Gone { .. } => |text| SetSystemLabelEntityDeleted::from(text).into(),
        Refusal::Invalid(_) => |text| SetSystemLabelDomainError::from(text).into(),
        Refusal::Unprocessable(_) => |text| SetSystemLabelValidationError::from(text).into(),
        Refusal::Conflict { .. } => |text| SetSystemLabelConflictError::from(text).into(),
        Refusal::Forbidden(_) => {
            // One error for all reasons, where lookups have one for each (chapter 02 §9.5, §9.4).
            let reasons = problem::texts(refusal).join(", ");
            return Ok(vec![SetSystemLabelForbidden::from(reasons).into()]);
        }
        // Cannot come without a revision; said as the reference would say it, with success false and no error.
        Refusal::PreconditionFailed { .. } => return Ok(Vec::new()),
        other => return Err(failed(other)),
    };
    Ok(problem::texts(refusal).into_iter().map(wrap).collect())
}

fn many_refused(refusal: Refusal) -> Result<Vec<BulkSetSystemLabelError>> {
    let wrap: fn(String) -> BulkSetSystemLabelError = match refusal {
        Refusal::NotFound { .. } => |text| BulkSetSystemLabelNotFound::from(text).into(),
        Refusal::Invalid(_) => |text| BulkSetSystemLabelValidationError::from(text).into(),
        Refusal::Unprocessable(_) => |text| BulkSetSystemLabelDomainError::from(text).into(),
        Refusal::Conflict { .. } => |text| BulkSetSystemLabelConflictError::from(text).into(),
        // In the existing system too: no success, and nothing is said.
        Refusal::PreconditionFailed { .. } => return Ok(Vec::new()),
        other => return Err(failed(other)),
    };
    Ok(problem::texts(refusal).into_iter().map(wrap).collect())
}
