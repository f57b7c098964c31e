//! `GET /metrics`: what the service measures of itself, as Prometheus reads it (chapter 11 §6). Without a token, unless
//! switched off with `telemetry.metrics`; a gateway should not pass it on.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    db::replica::Way,
    meter::{self, gauge},
    openapi::Route,
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
    let mut out = meter::print();
    let (used, idle) = app.db.connections();
    let states = [(r#"state="used""#, used.to_string()), (r#"state="idle""#, idle.to_string())];
    gauge(&mut out, "db_client_connections", "Connections to the database.", &states);
    // Without a database there is nothing to say of the outbox, and everything else is said all the same.
    if let Ok(pile) = outbox_list::pile(&app.db, app.clock.now()).await {
        gauge(&mut out, "outbox_pending", "Events that wait to be delivered.", &[("", pile.pending.to_string())]);
        gauge(&mut out, "outbox_parked", "Events that were not taken.", &[("", pile.parked.to_string())]);
        // Never negative: the sandbox's clock may stand before the event.
        let oldest = pile.oldest_seconds.max(0.0).to_string();
        gauge(&mut out, "outbox_oldest_seconds", "Age of the oldest event that waits.", &[("", oldest)]);
    }
    if let Some(way) = app.db.way_of_reads() {
        let open = i32::from(way == Way::Open).to_string();
        gauge(&mut out, "database_replica_usable", "Whether reads go to the replica.", &[("", open)]);
    }
    let listening = i32::from(app.signal.is_listening()).to_string();
    gauge(&mut out, "signal_listening", "Whether other processes can be heard.", &[("", listening)]);
    if let Some(bytes) = resident() {
        gauge(&mut out, "process_resident_memory_bytes", "Memory of the process.", &[("", bytes.to_string())]);
    }
    let mut response = out.into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Where the system says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
