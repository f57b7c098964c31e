//! `GET /serviceowner/events/parked`: what was not taken and waits for somebody to look at it, oldest first.
//!
//! Order of refusals: 403 of the policy; 400.

use axum::extract::State;
use serde::Serialize;

use crate::{
    app::App,
    auth::ServiceOwnerAdmin,
    domain::{
        refusal::Refusal,
        violations::{At, Code, Violations},
    },
    events::shown::Shown,
    http::{Ok200, Query},
    openapi::{Operation, Route},
    store::outbox_list,
};

const MOST: i32 = 1000;

/// As it is routed. The documents of the contract do not show it.
pub fn operation() -> Operation {
    Route::get("/api/v1/serviceowner/events/parked", list).hidden()
}

/// A page; `after` with the last item's `seq` goes on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parked {
    items: Vec<Shown>,
    has_more: bool,
}

/// Lists them.
pub async fn list(
    State(app): State<App>,
    ServiceOwnerAdmin(_): ServiceOwnerAdmin,
    mut query: Query,
) -> Result<Ok200<Parked>, Refusal> {
    let limit = query.integer("limit").unwrap_or(100);
    let after = query.scalar("after", "Int64", |text| text.parse::<i64>().ok()).unwrap_or(0);
    query.finish()?;
    if !(1..=MOST).contains(&limit) {
        let text = format!("'limit' must be between 1 and {MOST}.");
        let fault = Code::NumberOutOfRange.says(text).hint("Ask for fewer, and go on with `after`.");
        let mut found = Violations::new();
        found.add(At::Root("limit"), fault);
        return Err(found.into());
    }
    let mut items = outbox_list::parked(&app.db, after, i64::from(limit) + 1).await?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = items.len() > limit;
    items.truncate(limit);
    Ok(Ok200::of(Parked { items: items.into_iter().map(Shown::from).collect(), has_more }))
}
