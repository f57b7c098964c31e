//! `GET /serviceowner/dialogs`: a service owner's own dialogs, in pages; with `endUserId` those that the person may see.
//!
//! Order of refusals: 400 unreadable, 400 rules. A person who may see nothing gets an empty page.

use std::collections::BTreeSet;

use axum::extract::State;

use super::list_item::ListItemView;
use crate::{
    access::{Pruning, level},
    app::App,
    auth::{END_USER_HINT, ServiceOwnerSearch},
    config::Limits,
    domain::{
        identity::EndUserIdentity,
        party::{PartyKind, is_person_number},
        refusal::Refusal,
        rules::text,
        violations::{At, Code, Violations},
    },
    heavy,
    http::{Ok200, Page, Query},
    listing::{self, DeletedFilter, Most, Parameters, interval, page_of, search_of},
    openapi::{self, Operation, Route},
    store::search::{
        self, ListRow,
        conditions::{Conditions, OwnerLabel, Range, Visibility},
        scope::Delegated,
        text::TextReach,
    },
};

/// What this surface's list knows besides the common parameters.
struct Own {
    end_user_id: Option<String>,
    deleted: DeletedFilter,
    visible: Range,
    labels: Vec<String>,
}

/// Lists dialogs.
pub async fn search(
    State(app): State<App>,
    ServiceOwnerSearch(caller): ServiceOwnerSearch,
    mut query: Query,
) -> Result<Ok200<Page<ListItemView>>, Refusal> {
    let parameters = Parameters::of(&mut query);
    let own = Own::of(&mut query);
    query.finish()?;
    check(&parameters, &own, &app.config.limits)?;

    let org = caller.org_code(&app.altinn).await?.to_lowercase();
    let mut filter = own.filter(parameters.filter());
    // Administrators too list only what is their own.
    filter.orgs = Some(app.dictionary.owners(&app.db, &[org]).await?);
    // The owner wrote all the texts, whatever level their readers need.
    filter.text = parameters.text(|| TextReach::All);
    let person = own.end_user_id.as_ref().and_then(|_| caller.end_user());
    let request = match person {
        Some(person) => on_behalf_of(&app, person, &parameters, filter).await?,
        None => for_owner(&app, &parameters, filter).await?,
    };
    let found = match request {
        Some(request) => {
            let (request, dictionary) = (&request, &app.dictionary);
            app.db.read(|db| async move { search::page(&db, dictionary, request).await }).await?
        }
        None => search::Page::default(),
    };
    let person = person.map(|person| person.party.as_str());
    let weight = found.weight();
    let show = |row: ListRow| {
        // Lists show owners what a reader of level 0 would see.
        let level_suffices = level::shows_in_lists(&app.altinn, &row.head.service_resource, None);
        ListItemView::new(row, person, level_suffices)
    };
    Ok(Ok200::of(heavy::aside(weight, || page_of(&parameters.page, found, show))).weighing(weight))
}

/// The owner's own list; `None` if nothing can match.
async fn for_owner(app: &App, parameters: &Parameters, filter: Conditions) -> Result<Option<search::Request>, Refusal> {
    let known = app.dictionary.resources(&app.db, parameters.resources.clone()).await?;
    let scope = listing::owned(&parameters.parties, &parameters.resources, &known);
    Ok(scope.map(|scope| search_of(&parameters.page, scope, Delegated::default(), filter)))
}

/// What the person may see of the owner's dialogs; also before they are visible and after they expired.
async fn on_behalf_of(
    app: &App,
    person: &EndUserIdentity,
    parameters: &Parameters,
    mut filter: Conditions,
) -> Result<Option<search::Request>, Refusal> {
    // `visibleAfter` means something else here than without a person: visible as of then. `visibleBefore` means nothing.
    filter.visibility = match filter.visibility {
        Visibility::Within(Range { after: Some(at), .. }) => Visibility::AsOf(at),
        Visibility::Within(_) | Visibility::Any | Visibility::AsOf(_) => Visibility::Any,
    };
    let authorization =
        app.lists.pruned_authorization(person, &parameters.parties, &parameters.resources, Pruning::WhenBroad).await?;
    let mut urns: BTreeSet<String> = authorization.resources().iter().map(ToString::to_string).collect();
    // Those asked for too, so that the dictionary knows them in one look-up with those permitted.
    urns.extend(parameters.resources.iter().map(|urn| urn.to_lowercase()));
    let known = app.dictionary.resources(&app.db, urns).await?;
    let scope = listing::granted(&authorization, &known);
    let delegated = listing::delegated(&authorization, &parameters.parties, &parameters.resources, &known);
    Ok(Some(search_of(&parameters.page, scope, delegated, filter)))
}

impl Own {
    fn of(query: &mut Query) -> Self {
        Self {
            end_user_id: query.text("endUserId"),
            deleted: query.enumeration("deleted").unwrap_or(DeletedFilter::Exclude),
            visible: Range { after: query.instant("visibleAfter"), before: query.instant("visibleBefore") },
            labels: query.texts("serviceOwnerLabels"),
        }
    }

    fn filter(&self, common: Conditions) -> Conditions {
        Conditions {
            deleted: self.deleted.into(),
            visibility: if self.visible.is_open() { Visibility::Any } else { Visibility::Within(self.visible) },
            owner_labels: self.labels.iter().filter_map(|label| owner_label(label)).collect(),
            ..common
        }
    }
}

/// `None` for a blank one, which asks for nothing.
fn owner_label(given: &str) -> Option<OwnerLabel> {
    let label = given.trim().to_lowercase();
    match label.strip_suffix('*') {
        Some(prefix) => Some(OwnerLabel::Prefix(prefix.to_owned())),
        None if label.is_empty() => None,
        None => Some(OwnerLabel::Exact(label)),
    }
}

/// The request's rules, in the contract's order.
fn check(parameters: &Parameters, own: &Own, limits: &Limits) -> Result<(), Violations> {
    let mut found = Violations::new();
    parameters.page.check(&mut found);
    for (i, label) in own.labels.iter().enumerate() {
        let labels = At::Root("serviceOwnerLabels");
        let at = labels.item(i);
        text::min_length(Some(label), 3, at, &mut found);
        text::max_length(Some(label), crate::domain::limits::DEFAULT_STRING, at, &mut found);
        let label = label.trim();
        if label.strip_suffix('*').unwrap_or(label).contains('*') {
            let text = "'ServiceOwnerLabels' may have an asterisk at the end only.";
            found.add(
                at,
                Code::LabelWildcardMisplaced.says(text).hint("Write the beginning of the label, then one asterisk."),
            );
        }
    }
    parameters.check_text(&mut found);
    // With a person the end users' limits hold, as the list is then made the end users' way.
    let most = if let Some(urn) = &own.end_user_id {
        if !urn.strip_prefix(PartyKind::Person.prefix()).is_some_and(is_person_number) {
            let text = "EndUserId must be a valid end user identifier. It must match the format \
                        'urn:altinn:person:identifier-no:{norwegian f-nr/d-nr}' or 'urn:altinn:systemuser:uuid:{uuid}'.";
            found.add("endUserId", Code::EndUserMalformed.says(text).hint(END_USER_HINT));
        }
        if parameters.is_unbounded() {
            let text = "Either 'ServiceResource' or 'Party' must be specified if 'EndUserId' is provided.";
            found.add("endUserId", Code::FilterMissing.says(text).hint("Add `party=` or `serviceResource=`."));
        }
        let most = &limits.end_user_search;
        Most {
            resources: most.max_service_resource_filter_values,
            parties: most.max_party_filter_values,
            extended_statuses: most.max_extended_status_filter_values,
        }
    } else {
        if parameters.search.is_some() {
            let text = "'EndUserId' must be specified if Search is provided.";
            found.add(
                "search",
                Code::EndUserMissing.says(text).hint("Add `endUserId=urn:altinn:person:identifier-no:…`."),
            );
        }
        let most = &limits.service_owner_search;
        Most {
            resources: most.max_service_resource_filter_values,
            parties: most.max_party_filter_values,
            extended_statuses: most.max_extended_status_filter_values,
        }
    };
    parameters.check_parties(&mut found);
    parameters.check_counts(most, &mut found);
    parameters.check_enums(&mut found);
    parameters.check_process(&mut found);
    parameters.check_intervals(&mut found);
    interval("visibleAfter", "visible", own.visible, &mut found);
    found.into_result()
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    let operation = Route::get("/api/v1/serviceowner/dialogs", search)
        .named("SearchDialogs", "V1ServiceOwnerDialogsQueriesSearch_Dialog")
        .security(&[openapi::scope::SERVICE_OWNER, openapi::scope::SEARCH])
        .about(
            "Lists dialogs",
            "The caller's own dialogs, also expired and not yet visible ones, newest content first unless told otherwise. \
             With `endUserId` only those that the person may see; then at least one party or service resource must be \
             named. No search is too broad: if finding a page takes too long, it comes with fewer dialogs, and its token \
             goes on from there.",
        );
    Parameters::describe(operation)
        .query("endUserId", openapi::Query::Text, "The person to list for, as `urn:altinn:person:identifier-no:…`.")
        .after("party")
        .query_of::<DeletedFilter>(
            "deleted",
            false,
            "Whether deleted dialogs are listed; `Exclude` unless told otherwise.",
        )
        .after("status")
        .query("visibleAfter", openapi::Query::Time, "Only dialogs that become visible then or later.")
        .after("dueBefore")
        .query("visibleBefore", openapi::Query::Time, "Only dialogs that become visible then or earlier.")
        .after("visibleAfter")
        .query(
            "serviceOwnerLabels",
            openapi::Query::Texts,
            "Only dialogs that carry all of these labels. A `*` at the end stands for any ending.",
        )
        .after("search")
        .ok_page::<ListItemView>("A page of dialogs.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_exact_unless_they_end_in_an_asterisk() {
        assert_eq!(owner_label(" Scadrial* "), Some(OwnerLabel::Prefix("scadrial".into())));
        assert_eq!(owner_label("A_c"), Some(OwnerLabel::Exact("a_c".into())));
        assert_eq!(owner_label("  *"), Some(OwnerLabel::Prefix(String::new())));
        assert_eq!(owner_label("   "), None);
    }
}
