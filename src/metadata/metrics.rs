//! `GET /metrics`: what the service measures of itself, as Prometheus reads it (chapter 11 §6). Without a token, unless
//! switched off with `telemetry.metrics`; a gateway should not pass it on. A collector is sent the same.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    db::replica::Way,
    meter::{self, Family},
    openapi::Route,
    otlp::{Export, Exporting},
    store::outbox_list,
};

/// Not part of the API.
pub fn routes() -> [Route; 1] {
    [Route::get("/metrics", metrics)]
}

async fn metrics(State(app): State<App>) -> Response {
    if !app.config.telemetry.metrics {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = meter::print(&measured(&app).await).into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends what is seen of the process, and how `app` is, until that is stopped.
pub fn begin(export: Export, app: &App) -> Exporting {
    let app = app.clone();
    export.begin(move || {
        let app = app.clone();
        async move { measured(&app).await }
    })
}

/// Everything that is counted, and what is measured now.
pub async fn measured(app: &App) -> Vec<Family> {
    let mut all = meter::families();
    let (used, idle) = app.db.connections();
    let states = [("used", used), ("idle", idle)];
    let states = states.map(|(state, number)| (vec![("state", state.to_owned())], as_level(number)));
    all.push(Family::levels("db_client_connections", "Connections to the database.", states.into()));
    // Without a database there is nothing to say of the outbox, and everything else is said all the same.
    if let Ok(pile) = outbox_list::pile(&app.db, app.clock.now()).await {
        all.push(Family::level("outbox_pending", "Events that wait to be delivered.", as_level(pile.pending)));
        all.push(Family::level("outbox_parked", "Events that were not taken.", as_level(pile.parked)));
        // Never negative: the sandbox's clock may stand before the event.
        let oldest = pile.oldest_seconds.max(0.0);
        all.push(Family::level("outbox_oldest_seconds", "Age of the oldest event that waits.", oldest));
    }
    if let Some(way) = app.db.way_of_reads() {
        let open = f64::from(u8::from(way == Way::Open));
        all.push(Family::level("database_replica_usable", "Whether reads go to the replica.", open));
    }
    let listening = f64::from(u8::from(app.signal.is_listening()));
    all.push(Family::level("signal_listening", "Whether other processes can be heard.", listening));
    if let Some(bytes) = resident() {
        all.push(Family::level("process_resident_memory_bytes", "Memory of the process.", as_level(bytes)));
    }
    all
}

/// Numbers of connections, events and bytes are far below 2⁵³.
fn as_level(number: impl TryInto<i64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    number.try_into().map_or(f64::NAN, |number| number as f64)
}

/// Where the system says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
