//! `GET /enduser/dialogs`: the dialogs an end user may see, in pages.
//!
//! Order of refusals: 400 unreadable, 400 rules. Nothing authorized is no refusal, but an empty page.

use std::{collections::BTreeSet, time::Duration};

use axum::extract::State;

use super::list_item::ListItemView;
use crate::{
    access::{Pruning, level},
    app::App,
    auth::EndUser,
    config::Limits,
    domain::{
        refusal::Refusal,
        violations::{Code, Violations},
    },
    enduser::lens::{Lens, ShownRow},
    heavy,
    http::{AcceptLanguage, Ok200, Page, Query},
    listing::{self, Most, Parameters, at_most, page_of, search_of},
    openapi::{self, Operation, Route},
    store::search::{self, ListRow, conditions::Visibility},
};

/// Lists dialogs.
pub async fn search(
    State(app): State<App>,
    caller: EndUser,
    mut query: Query,
    languages: AcceptLanguage,
) -> Result<Ok200<Page<ListItemView>>, Refusal> {
    let asked = Asked { common: Parameters::of(&mut query), orgs: query.texts("org") };
    query.finish()?;
    let page = find(&app, &caller, &languages, &asked).await?;
    let weight = ShownRow::weight_of(&page.items);
    Ok(Ok200::of(heavy::aside(weight, || page.map(ListItemView::new))).weighing(weight))
}

/// What an end user may ask a list for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub common: Parameters,
    /// Short names of service owners.
    pub orgs: Vec<String>,
}

/// A page of the dialogs that the caller may see, prepared for them.
///
/// # Errors
/// More than the skew that is granted to clocks, those of other instances included.
const CLOCKS: Duration = Duration::from_mins(1);

/// 400 for parameters against the rules, and those of the platform.
pub async fn find(
    app: &App,
    caller: &EndUser,
    languages: &AcceptLanguage,
    asked: &Asked,
) -> Result<Page<ShownRow>, Refusal> {
    let Asked { common: parameters, orgs } = asked;
    check(parameters, orgs, &app.config.limits)?;

    let now = app.clock.now();
    let authorization = app
        .lists
        // For any number of parties one question, which is cached: the list never asks the decision point.
        .pruned_authorization(caller.identity(), &parameters.parties, &parameters.resources, Pruning::WhenBroad)
        .await?;
    let mut urns: BTreeSet<String> = authorization.resources().iter().map(ToString::to_string).collect();
    urns.extend(parameters.resources.iter().map(|urn| urn.to_lowercase()));
    let known = app.dictionary.resources(&app.db, urns).await?;

    let mut filter = parameters.filter();
    // By the one instant of the request, not by the database's clock.
    filter.visibility = Visibility::AsOf(now);
    filter.alive_at = Some(now);
    filter.present = Some(now + CLOCKS);
    // No level is no refusal in lists: it counts as 0 (chapter 02 §0.4).
    let level = caller.level().ok();
    filter.text = parameters.text(|| level::reach_of_texts(app, level));
    if !orgs.is_empty() {
        filter.orgs = Some(app.dictionary.owners(&app.db, orgs).await?);
    }
    let scope = listing::granted(&authorization, &known);
    let delegated = listing::delegated(&authorization, &parameters.parties, &parameters.resources, &known);
    let request = &search_of(&parameters.page, scope, delegated, filter);
    let found = app.db.read(|db| async move { search::page(&db, &app.dictionary, request).await }).await?;

    let lens = Lens { reader: caller.party_urn(), languages, masking: &app.masking, now };
    let show = |row: ListRow| {
        let level_suffices = level::shows_in_lists(&app.altinn, &row.head.service_resource, level);
        lens.row(row, level_suffices)
    };
    Ok(heavy::aside(found.weight(), || page_of(&parameters.page, found, show)))
}

/// The request's rules, in the contract's order.
fn check(parameters: &Parameters, orgs: &[String], limits: &Limits) -> Result<(), Violations> {
    let mut found = Violations::new();
    let most = &limits.end_user_search;
    parameters.page.check(&mut found);
    parameters.check_text(&mut found);
    if parameters.is_unbounded() {
        let text = "Either ServiceResource or Party must be specified.";
        found.add("", Code::FilterMissing.says(text).hint("Add `party=` or `serviceResource=` to the query."));
    }
    parameters.check_parties(&mut found);
    at_most("org", orgs.len(), most.max_org_filter_values, &mut found);
    parameters.check_counts(
        Most {
            resources: most.max_service_resource_filter_values,
            parties: most.max_party_filter_values,
            extended_statuses: most.max_extended_status_filter_values,
        },
        &mut found,
    );
    parameters.check_process(&mut found);
    parameters.check_enums(&mut found);
    parameters.check_intervals(&mut found);
    found.into_result()
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    let operation = Route::get("/api/v1/enduser/dialogs", search)
        .named("SearchDialogs", "V1EndUserDialogsQueriesSearch_Dialog")
        .about(
            "Lists dialogs",
            "The dialogs that the caller may see, newest content first unless told otherwise. At least one party or service \
             resource must be named. No search is too broad: if finding a page takes too long, it comes with fewer dialogs, \
             and its token goes on from there.",
        )
        .query("org", openapi::Query::Texts, "Only dialogs of any of these service owners, by their short names.");
    Parameters::describe(operation)
        .try_with("party", serde_json::json!([openapi::example::PERSON]))
        .accept_language()
        .ok_page::<ListItemView>("A page of dialogs.")
        .refusals(&[403, 422])
}
