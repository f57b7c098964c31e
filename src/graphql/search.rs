//! `searchDialogs`: from its input to what REST's list is asked for, and back (chapter 02 §9.4).

use async_graphql::Result;

use super::{
    errors::failed,
    types::{
        list::{
            SearchDialogContinuationTokenParsingError, SearchDialogDomainError, SearchDialogError,
            SearchDialogForbidden, SearchDialogInput, SearchDialogOrderByParsingError, SearchDialogSortType,
            SearchDialogSortTypeInput, SearchDialogValidationError, SearchDialogsPayload,
        },
        scalars::DateTime,
    },
};
use crate::{
    app::App,
    auth::EndUser,
    domain::{
        dialog::{Status, StatusInput},
        order::{Direction, Key, Order},
        refusal::Refusal,
        wire_enum::{Given, WireEnum},
    },
    enduser::{
        dialogs::{
            list_item::ListItemView,
            search::{Asked, find},
        },
        lens::ShownRow,
    },
    heavy,
    http::{AcceptLanguage, ContinuationToken, PageRequest, problem},
    listing::Parameters,
    store::search::conditions::Range,
    views::each,
};

/// A page of the dialogs that the caller may see.
pub async fn page(
    app: &App,
    caller: &EndUser,
    languages: &AcceptLanguage,
    input: SearchDialogInput,
) -> Result<SearchDialogsPayload> {
    let page = match page_request(&input) {
        Ok(page) => page,
        Err(errors) => return Ok(refused(errors)),
    };
    let order = SearchDialogSortType::of(&page.order);
    match find(app, caller, languages, &asked(input, page)).await {
        Ok(page) => Ok(SearchDialogsPayload {
            items: Some(heavy::aside(ShownRow::weight_of(&page.items), || {
                each(page.items.into_iter().map(ListItemView::new).collect())
            })),
            has_next_page: page.has_next_page,
            continuation_token: page.continuation_token,
            order_by: order,
            errors: Vec::new(),
        }),
        Err(refusal) => Ok(refused(errors_of(refusal)?)),
    }
}

fn refused(errors: Vec<SearchDialogError>) -> SearchDialogsPayload {
    SearchDialogsPayload { errors, ..SearchDialogsPayload::default() }
}

fn errors_of(refusal: Refusal) -> Result<Vec<SearchDialogError>> {
    let wrap: fn(String) -> SearchDialogError = match refusal {
        Refusal::Invalid(_) => |text| SearchDialogValidationError::from(text).into(),
        Refusal::Unprocessable(_) => |text| SearchDialogDomainError::from(text).into(),
        Refusal::Forbidden(_) => |text| SearchDialogForbidden::from(text).into(),
        other => return Err(failed(other)),
    };
    Ok(problem::texts(refusal).into_iter().map(wrap).collect())
}

/// Which page is wanted, in the contract's order of what may be wrong with it: the input, the token, the order.
fn page_request(input: &SearchDialogInput) -> std::result::Result<PageRequest, Vec<SearchDialogError>> {
    let mut found: Vec<&str> = Vec::new();
    let keys = input.order_by.as_deref();
    // A rule of GraphQL alone (chapter 02 §9.4): REST falls back on the default order.
    if input.continuation_token.is_some() && keys.is_none() {
        found.push("OrderBy must be set when ContinuationToken is set.");
    }
    if keys.is_some_and(<[_]>::is_empty) {
        found.push("'OrderBy' must not be empty.");
    }
    let directions: Vec<_> = keys.unwrap_or_default().iter().map(|key| directions(*key)).collect();
    let not_one = directions.iter().filter(|directions| directions.len() != 1).count();
    // One error for each, as the reference's validator says it of each element.
    found.extend(std::iter::repeat_n("Exactly one property must be set on each OrderBy object.", not_one));
    if !found.is_empty() {
        let error = |text: &str| SearchDialogValidationError::from(text.to_owned()).into();
        return Err(found.into_iter().map(error).collect());
    }
    // A blank token is a fault, null is none (chapter 02 §9.4).
    let token = match input.continuation_token.as_deref().map(ContinuationToken::parse) {
        Some(None) => {
            let text = "An error occurred while parsing the ContinuationToken parameter";
            return Err(vec![SearchDialogContinuationTokenParsingError::from(text.to_owned()).into()]);
        }
        parsed => parsed.flatten(),
    };
    let keys: Vec<(Key, Direction)> = directions.into_iter().flatten().collect();
    // REST's `orderBy` is a text that is parsed; here a key that comes twice is all that is left to go wrong.
    let is_repeated = (1..keys.len()).any(|at| keys[..at].iter().any(|(known, _)| *known == keys[at].0));
    if is_repeated {
        let text = "An error occurred while parsing the OrderBy parameter";
        return Err(vec![SearchDialogOrderByParsingError::from(text.to_owned()).into()]);
    }
    let default = Order::default();
    let order = Order { keys: if keys.is_empty() { default.keys } else { keys }, id: default.id };
    // Squeezed into what REST takes, so that the rule for limits refuses it with its own words, not a conversion.
    let limit =
        input.limit.map_or(100, |limit| i32::try_from(limit).unwrap_or(if limit < 0 { i32::MIN } else { i32::MAX }));
    Ok(PageRequest { limit, order, token })
}

/// The keys that one element of an order sets.
fn directions(key: SearchDialogSortTypeInput) -> Vec<(Key, Direction)> {
    let all = [
        (Key::CreatedAt, key.created_at),
        (Key::UpdatedAt, key.updated_at),
        (Key::DueAt, key.due_at),
        (Key::ContentUpdatedAt, key.content_updated_at),
    ];
    all.into_iter().filter_map(|(key, direction)| Some((key, direction?.into()))).collect()
}

fn asked(input: SearchDialogInput, page: PageRequest) -> Asked {
    let instant = |instant: Option<DateTime>| instant.map(|instant| instant.0);
    let range = |after, before| Range { after: instant(after), before: instant(before) };
    let status = |status| {
        let name = Status::from(status).name();
        StatusInput::from_name(name).map_or_else(Given::default, Given::Known)
    };
    Asked {
        common: Parameters {
            page,
            resources: input.service_resource.unwrap_or_default(),
            // Parties are compared as stored, which is in lower case; REST does the same to its parameters (§10.1).
            parties: input.party.unwrap_or_default().iter().map(|party| party.to_lowercase()).collect(),
            extended_statuses: input.extended_status.unwrap_or_default(),
            external_reference: input.external_reference,
            process: input.process,
            statuses: input.status.unwrap_or_default().into_iter().map(status).collect(),
            labels: input
                .system_label
                .unwrap_or_default()
                .into_iter()
                .map(|label| Given::Known(label.into()))
                .collect(),
            created: range(input.created_after, input.created_before),
            updated: range(input.updated_after, input.updated_before),
            content_updated: range(input.content_updated_after, input.content_updated_before),
            due: range(input.due_after, input.due_before),
            is_content_seen: input.is_content_seen,
            exclude_api_only: input.exclude_api_only.unwrap_or(false),
            search: input.search,
            language: input.search_language_code,
        },
        orgs: input.org.unwrap_or_default(),
    }
}
