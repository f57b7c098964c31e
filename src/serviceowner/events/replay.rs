//! `POST /serviceowner/events/parked/actions/replay?dialogId=`: sends what is parked again, of one dialog or of all.
//!
//! Order of refusals: 403 of the policy; 400.

use axum::extract::State;
use serde::Serialize;

use crate::{
    app::App,
    auth::ServiceOwnerAdmin,
    domain::refusal::Refusal,
    http::{Ok200, Query},
    openapi::{Operation, Route},
    store::outbox_list::{self, Wanted},
};

/// Most events of one request.
// One statement's worth; whoever has more asks again.
const MOST: u16 = 1000;

/// As it is routed. The documents of the contract do not show it.
pub fn operation() -> Operation {
    Route::post("/api/v1/serviceowner/events/parked/actions/replay", replay).hidden()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    replayed: usize,
    /// There are more: ask again.
    has_more: bool,
}

/// Makes them wait for delivery again.
pub async fn replay(
    State(app): State<App>,
    ServiceOwnerAdmin(_): ServiceOwnerAdmin,
    mut query: Query,
) -> Result<Ok200<Replayed>, Refusal> {
    let dialog = query.uuid("dialogId");
    query.finish()?;
    let wanted = Wanted { state: Some(outbox_list::State::Parked), dialog, ..Wanted::default() };
    let replayed = outbox_list::replay(&app.db, &wanted, 0, MOST.into()).await?.len();
    // Wakes the delivery, which would find them by itself only at its next look.
    app.signal.written();
    Ok(Ok200::of(Replayed { replayed, has_more: replayed == usize::from(MOST) }))
}
