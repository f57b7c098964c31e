//! The six queries. Each calls what its REST twin calls, and tells refusals by type.

use async_graphql::{Context, Object, Result};

use super::{
    errors::{failed, not_authorized},
    question::Question,
    search,
    types::{
        dialog::{
            Dialog, DialogByIdDeleted, DialogByIdError, DialogByIdExpired, DialogByIdForbidden,
            DialogByIdForbiddenAuthLevelTooLow, DialogByIdNotFound, DialogByIdNotVisible, DialogByIdPayload,
        },
        limits::Limits,
        list::{SearchDialogInput, SearchDialogsPayload},
        lookup::{
            DialogLookupError, DialogLookupForbidden, DialogLookupNotFound, DialogLookupPayload,
            DialogLookupValidationError,
        },
        parties::AuthorizedParty,
        scalars::{DateTime, Uuid},
        service_resources::ServiceResourceMetadata,
    },
};
use crate::{
    domain::{ids::DialogId, refusal::Refusal, violations::Code},
    enduser::{self, dialogs::view::DialogView},
    heavy,
    http::{problem, problem::expires},
    lookup::Reference,
    metadata,
    views::each,
};

/// What end users can ask.
pub struct Queries;

/// What end users can ask.
#[Object(name = "Queries")]
impl Queries {
    /// Finds the dialog that an instance of another system belongs to, and says why the caller may know.
    async fn dialog_lookup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`urn:altinn:instance-id:{partyId}/{uuid}`, `urn:altinn:correspondence-id:{uuid}` or \
                          `urn:altinn:dialog-id:{uuid}`.")]
        instance_ref: String,
    ) -> Result<DialogLookupPayload> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        let reference = Reference::read(&instance_ref).map_err(Refusal::from);
        let found = match reference {
            Ok(reference) => enduser::lookup::look_up(&question.app, &caller, &question.languages, &reference).await,
            Err(refusal) => Err(refusal),
        };
        match found {
            Ok(found) => Ok(DialogLookupPayload { lookup: Some(found.into()), errors: Vec::new() }),
            Err(refusal) => Ok(DialogLookupPayload { lookup: None, errors: lookup_errors(refusal)? }),
        }
    }

    /// Reads one dialog. Opening it counts as having seen it.
    async fn dialog_by_id(&self, ctx: &Context<'_>, dialog_id: Uuid) -> Result<DialogByIdPayload> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        let (app, id) = (&question.app, DialogId(dialog_id.0));
        match enduser::dialogs::get::open(app, &caller, id, &question.languages, app.clock.now()).await {
            Ok((shown, decision, token)) => {
                let dialog = heavy::aside(shown.weight(), || Dialog::from(DialogView::new(shown, &decision, token)));
                Ok(DialogByIdPayload { dialog: Some(dialog), errors: Vec::new() })
            }
            Err(refusal) => {
                if let Some(expires) = expires(&refusal) {
                    // From when the dialog may be asked for again: REST's header, which GraphQL answers keep (chapter
                    // 02 §9.4).
                    ctx.insert_http_header("expires", expires);
                }
                Ok(DialogByIdPayload { dialog: None, errors: vec![dialog_error(refusal)?] })
            }
        }
    }

    /// Lists dialogs, newest content first unless told otherwise. At least one party or service resource must be named.
    async fn search_dialogs(&self, ctx: &Context<'_>, input: SearchDialogInput) -> Result<SearchDialogsPayload> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        search::page(&question.app, &caller, &question.languages, input).await
    }

    /// How many values the filters of searches take.
    async fn limits(&self, ctx: &Context<'_>) -> Result<Limits> {
        // Admitted is enough: the figures are the same for everybody.
        let (question, _turn) = Question::admitted(ctx).await?;
        Ok(metadata::limits::Limits::of(&question.app.config).into())
    }

    /// Whom the caller represents, in the platform's order.
    async fn parties(&self, ctx: &Context<'_>) -> Result<Vec<AuthorizedParty>> {
        let (question, caller, _turn) = Question::of_end_user(ctx).await?;
        enduser::parties::represented(&question.app, &caller).await.map(each).map_err(failed)
    }

    /// Lists service resources that there are dialogs of: all of them, or where this installation says so, those that the
    /// caller may have dialogs of.
    async fn service_resources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only resources of these parties, where the caller's own are listed.")] parties: Option<
            Vec<String>,
        >,
        #[graphql(default = false)] include_unauthorized: bool,
    ) -> Result<ServiceResourceMetadata> {
        let (question, _turn) = Question::admitted(ctx).await?;
        let (app, languages) = (&question.app, &question.languages);
        // Off by default as in the reference: then the public catalogue is the answer whatever is asked (GQ-009).
        if include_unauthorized || !app.config.features.enable_graphql_authorized_service_resources {
            return metadata::service_resources::catalogue(app, languages).await.map(Into::into).map_err(failed);
        }
        // Only now: the public catalogue is also for those whom the platform cannot be asked about.
        let caller = question.asker.end_user().ok_or_else(not_authorized)?;
        // An empty list is no list, as everywhere in this schema.
        let parties = parties.filter(|parties| !parties.is_empty());
        let found = enduser::service_resources::authorized(app, &caller, languages, parties).await;
        found.map(Into::into).map_err(failed)
    }
}

fn dialog_error(refusal: Refusal) -> Result<DialogByIdError> {
    // The first text: each of these refusals has one.
    let text = |refusal| problem::texts(refusal).into_iter().next().unwrap_or_default();
    Ok(match refusal {
        Refusal::NotFound { .. } => DialogByIdNotFound::from(text(refusal)).into(),
        Refusal::Gone { .. } => DialogByIdDeleted::from(text(refusal)).into(),
        Refusal::Forbidden(ref reasons) => {
            let is_level = |code| matches!(code, Code::LevelTooLow | Code::LevelUnknown);
            // REST says both with 403; the contract has a type of its own for a login that is too weak (chapter 02
            // §1.1).
            if reasons.iter().any(|reason| is_level(reason.code)) {
                DialogByIdForbiddenAuthLevelTooLow::from(text(refusal)).into()
            } else {
                DialogByIdForbidden::from(text(refusal)).into()
            }
        }
        Refusal::NotVisible { visible_from } => {
            DialogByIdNotVisible { message: text(refusal), visible_from: DateTime(visible_from) }.into()
        }
        Refusal::Expired { expires_at } => {
            DialogByIdExpired { message: text(refusal), expired_at: DateTime(expires_at) }.into()
        }
        other => return Err(failed(other)),
    })
}

fn lookup_errors(refusal: Refusal) -> Result<Vec<DialogLookupError>> {
    let wrap: fn(String) -> DialogLookupError = match refusal {
        Refusal::NotFound { .. } => |text| DialogLookupNotFound::from(text).into(),
        Refusal::Forbidden(_) => |text| DialogLookupForbidden::from(text).into(),
        Refusal::Invalid(_) => |text| DialogLookupValidationError::from(text).into(),
        other => return Err(failed(other)),
    };
    Ok(problem::texts(refusal).into_iter().map(wrap).collect())
}
