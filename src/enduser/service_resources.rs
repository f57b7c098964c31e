//! `GET /enduser/serviceresources`: the service resources that the caller may have dialogs of.
//!
//! Only resources that some represented party really has dialogs of. A caller with more than a thousand parties who names
//! none is not worked out: the whole public list stands in, and says so.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::AuthorizedResources,
    app::App,
    auth::EndUser,
    domain::{
        refusal::Refusal,
        rules,
        violations::{At, Code, Violations},
    },
    http::{AcceptLanguage, Ok200, Query},
    openapi::{self, Operation, Route},
    service_resources::{Described, ServiceResourceItem},
    store::access::referenced_resources,
};

/// The service resources that the caller may have dialogs of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthorizedServiceResourceList)]
pub struct AuthorizedServiceResources {
    /// The caller represents so many that this is the list of all service resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_full_catalogue_fallback: Option<bool>,
    pub items: Vec<ServiceResourceItem>,
}

/// Lists them.
pub async fn list(
    State(app): State<App>,
    caller: EndUser,
    languages: AcceptLanguage,
    mut query: Query,
) -> Result<Ok200<AuthorizedServiceResources>, Refusal> {
    let names_parties = query.contains("party");
    let parties = query.texts("party");
    query.finish()?;
    let parties = names_parties.then_some(parties);
    Ok(Ok200::of(authorized(&app, &caller, &languages, parties).await?))
}

/// Those that the caller may have dialogs of: of all parties, or of those named.
///
/// # Errors
/// 400 for parties that are none, or too many; those of the platform.
pub async fn authorized(
    app: &App,
    caller: &EndUser,
    languages: &AcceptLanguage,
    parties: Option<Vec<String>>,
) -> Result<AuthorizedServiceResources, Refusal> {
    if let Some(parties) = &parties {
        check(parties, app.config.limits.end_user_search.max_party_filter_values)?;
    }
    let parties = parties.unwrap_or_default();
    let parties: Vec<String> = parties.iter().map(|party| party.to_lowercase()).collect();
    let described = Described::now(&app.altinn).await?;
    let (is_whole, items) = match app.lists.service_resources(caller.identity(), &parties).await? {
        AuthorizedResources::WholeCatalogue => {
            let all = app.db.read(|db| async move { referenced_resources(&db).await }).await?;
            (true, described.items(all.iter().map(String::as_str), languages))
        }
        AuthorizedResources::Only(urns) => (false, described.items(urns.iter().map(AsRef::as_ref), languages)),
    };
    Ok(AuthorizedServiceResources { is_full_catalogue_fallback: is_whole.then_some(true), items })
}

fn check(parties: &[String], most: usize) -> Result<(), Violations> {
    let mut found = Violations::new();
    let at = At::Root("parties");
    if !(1..=most).contains(&parties.len()) {
        let text = format!("'Length' must be between 1 and {most}. You entered {}.", parties.len());
        let code = if parties.is_empty() { Code::ValueMissing } else { Code::TooManyValues };
        found.add(at.field("Length"), code.says(text).hint("Leave `party` out to ask for everybody you represent."));
    }
    for (i, party) in parties.iter().enumerate() {
        rules::actor::party_format(Some(&party.to_lowercase()), at.item(i), &mut found);
    }
    found.into_result()
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/enduser/serviceresources", list)
        .named("SearchAuthorizedServiceResources", "V1EndUserServiceResourcesSearch_AuthorizedServiceResources")
        .about(
            "Lists the service resources that you may have dialogs of",
            "Only those that some party you represent has dialogs of. If you represent more than a thousand parties and \
             name none, all service resources are listed and `isFullCatalogueFallback` says so.",
        )
        .query("party", openapi::Query::Texts, "Only resources of these parties; those you do not represent are left out.")
        .accept_language()
        .ok::<AuthorizedServiceResources>("The service resources, by name.")
        .refusals(&[403])
}
