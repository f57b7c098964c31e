//! `GET /serviceowner/dialogs/endusercontext`: how the owner's dialogs are labelled by end users, in pages, so that a copy
//! can be kept in step.
//!
//! Deleted, expired and not yet visible dialogs are listed too. Only the caller's own, also for administrators.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    auth::ServiceOwnerSearch,
    domain::{
        Instant,
        order::Position,
        party::Party,
        refusal::Refusal,
        rules,
        system_label::SystemLabel,
        violations::{At, Code, Violations},
        wire_enum::Given,
    },
    http::{Ok200, Page, PageRequest, Query},
    listing::at_most,
    openapi::{self, Operation, Route, scope},
    store::end_user_contexts::{self, EndUserContext, Wanted},
};

/// How one dialog is labelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EndUserContextItem)]
pub struct EndUserContextItem {
    pub dialog_id: Uuid,
    /// Changes with the labels.
    pub end_user_context_revision: Uuid,
    pub system_labels: Vec<SystemLabel>,
}

impl From<EndUserContext> for EndUserContextItem {
    fn from(context: EndUserContext) -> Self {
        Self {
            dialog_id: context.dialog.0,
            end_user_context_revision: context.revision.0,
            system_labels: context.labels.iter().collect(),
        }
    }
}

struct Parameters {
    page: PageRequest,
    /// In lower case.
    parties: Vec<String>,
    labels: Vec<Given<SystemLabel>>,
    content_updated_after: Option<Instant>,
}

/// Lists the contexts.
pub async fn list(
    State(app): State<App>,
    ServiceOwnerSearch(caller): ServiceOwnerSearch,
    mut query: Query,
) -> Result<Ok200<Page<EndUserContextItem>>, Refusal> {
    let parameters = Parameters::of(&mut query);
    query.finish()?;
    parameters.check(app.config.limits.service_owner_search.max_party_filter_values)?;
    let org = caller.org_code(&app.altinn).await?.to_lowercase();
    let own = app.altinn.resources().owned_by(caller.org_number()).await?;
    let own: Vec<String> = own.iter().map(|resource| resource.urn.to_string()).collect();
    let wanted = &parameters.wanted(&org, &own);
    let found = app.db.read(|db| async move { end_user_contexts::find(&db, wanted).await }).await?;
    let place =
        |context: &EndUserContext| Position { values: vec![Some(context.content_updated_at)], id: context.dialog.0 };
    let page = parameters.page.page(found, place);
    // Unlike the lists of dialogs, this one gives no token where it ends.
    let continuation_token = page.continuation_token.filter(|_| page.has_next_page);
    Ok(Ok200::of(Page {
        items: page.items.into_iter().map(Into::into).collect(),
        has_next_page: page.has_next_page,
        continuation_token,
        order_by: page.order_by,
    }))
}

impl Parameters {
    fn of(query: &mut Query) -> Self {
        Self {
            // The contract lets nobody choose here: newest content first.
            page: PageRequest::in_fixed_order(query),
            parties: query.texts("party").iter().map(|party| party.to_lowercase()).collect(),
            labels: query.enumerations("label"),
            content_updated_after: query.instant("contentUpdatedAfter"),
        }
    }

    /// The request's rules, in the contract's order.
    fn check(&self, most_parties: usize) -> Result<(), Violations> {
        let mut found = Violations::new();
        self.page.check(&mut found);
        let at = At::Root("party");
        if self.parties.is_empty() {
            found.add(at, Code::ValueMissing.says("'Party' must not be empty."));
        }
        for (i, party) in self.parties.iter().enumerate() {
            rules::actor::party_format(Some(party), at.item(i), &mut found);
        }
        at_most("party", self.parties.len(), most_parties, &mut found);
        for (i, label) in self.labels.iter().enumerate() {
            rules::defined(*label, At::Root("label").item(i), &mut found);
        }
        found.into_result()
    }

    fn wanted<'a>(&self, org: &'a str, own_resources: &'a [String]) -> Wanted<'a> {
        // `contentUpdatedAt` is never null, so a position without it was not made here and counts as none.
        let behind = self.page.after().and_then(|position| Some(((*position.values.first()?)?, position.id)));
        let mut parties: Vec<Party> = self.parties.iter().filter_map(|urn| Party::parse_owner(urn).ok()).collect();
        // Sorted and each once, as a row would come twice for a party named twice.
        parties.sort_unstable();
        parties.dedup();
        Wanted {
            parties,
            org,
            own_resources,
            labels: self.labels.iter().filter_map(|label| label.known()).collect(),
            content_updated_after: self.content_updated_after,
            behind,
            limit: self.page.rows(),
        }
    }
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/dialogs/endusercontext", list)
        .named("SearchDialogEndUserContexts", "V1ServiceOwnerDialogsQueriesSearchEndUserContext_DialogEndUserContext")
        .security(&[scope::SERVICE_OWNER, scope::SEARCH])
        .about(
            "Lists how end users have labelled dialogs",
            "For keeping a copy in step: your dialogs of the parties named, newest content first, deleted, expired and not \
             yet visible ones included. `contentUpdatedAfter` goes on from the last time.",
        )
        .query("party", openapi::Query::Texts, "Whose dialogs, as URNs: 1 to 20.")
        .required()
        .such_as(vec!["urn:altinn:person:identifier-no:08844397713"])
        .query("contentUpdatedAfter", openapi::Query::Time, "Only dialogs whose content was updated then or later.")
        .query_of::<SystemLabel>("label", true, "Only dialogs that carry any of these labels.")
        .query("continuationToken", openapi::Query::Text, "Where the page begins: from the page before it.")
        .query("limit", openapi::Query::Number, "Most items of a page: 1 to 1000, 100 unless told otherwise.")
        .ok_page::<EndUserContextItem>("A page of contexts.")
}
