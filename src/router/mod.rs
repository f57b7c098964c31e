//! All routes of the service, and what every request goes through: rewriting, tracing, catching, one log line.

mod media_types;
mod written;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tower::ServiceExt;
use tracing::Instrument;

use self::{media_types::MediaTypes, written::Written};
use crate::{
    app::App,
    db::replica::Asker,
    docs,
    domain::{limits::BODY_BYTES, refusal::Refusal},
    enduser, graphql,
    http::{
        context::{self, RequestContext},
        ledger::{Noted, Used},
        problem,
        templates::Templates,
    },
    metadata, meter,
    openapi::{Operation, Route},
    serviceowner, telemetry,
    usage::recorder::Executed,
};

/// Every operation of the API, shown or hidden.
pub fn operations() -> Vec<Operation> {
    [enduser::operations(), serviceowner::operations(), metadata::operations()].concat()
}

/// The service over `app`.
///
/// It is one fallback, so that paths can be rewritten before they are routed, and so that a router of other paths (the
/// sandbox's) can be merged with it.
pub fn router(app: App) -> Router {
    let kept = app.clone();
    let operations = operations();
    let media_types = MediaTypes::new(&operations);
    let docs = docs::routes(&operations, &app.config.dialogporten.base_uri);
    let routes: Vec<Route> = operations
        .into_iter()
        .map(|operation| operation.route)
        .chain(metadata::health::routes())
        .chain(graphql::http::routes())
        .chain(metadata::metrics::routes())
        .chain(docs)
        .collect();
    let templates = Templates::new(routes.iter().map(|route| route.path));
    let routes = routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler));
    let routes = routes
        // Our own reading of bodies has the same limit; this one is for handlers that take bytes as they are.
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(app);
    let written = Written::new(&kept.config.dialogporten);
    let table = Arc::new(Table { templates, media_types, app: kept, written });
    Router::new().fallback(move |request: Request| answer(routes, table, request))
}

/// What is known of the routes without asking them.
struct Table {
    templates: Templates,
    media_types: MediaTypes,
    app: App,
    written: Written,
}

impl Table {
    /// Counts the operation, if one was executed, and adds a record of it to the log.
    fn count(&self, used: Used, method: &Method, route: &str, status: u16, trace_id: &str) {
        if !used.is_admitted {
            return;
        }
        // Nobody waits for the registry here; nearly always it is in memory.
        let catalogue = self.app.altinn.resources().catalogue().now_or_never().and_then(Result::ok);
        let owner_org = used.service_resource.as_ref().and_then(|urn| {
            let resource = catalogue.as_ref()?.find(urn)?;
            Some(resource.owner_number.clone())
        });
        let executed = Executed {
            method: verb(method),
            route,
            has_end_user: used.has_end_user,
            is_admin: used.is_admin,
            caller_org: used.caller_org,
            owner_org,
            service_resource: used.service_resource,
            status,
            trace_id,
        };
        self.app.usage.record(executed, self.app.clock.now());
    }
}

/// Answers one request, whatever happens, and writes its log line.
async fn answer(routes: Router, table: Arc<Table>, mut request: Request) -> Response {
    let (began, _active) = (Instant::now(), meter::ACTIVE.enter());
    let mut asked = RequestContext::new(request.headers(), request.uri());
    let route = rewrite(&mut request, &asked, &table.templates);
    let method = request.method().clone();
    let span = telemetry::request(verb(&method), route.unwrap_or("-"), asked.trace.caller());
    if let Some(place) = telemetry::place(&span) {
        asked.trace.is_at(place);
    }
    let trace = asked.trace.to_string();
    let is_api = asked.instance.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("/api/"));
    if is_api && method == Method::HEAD {
        // GET routes would answer HEAD as well, which the contract refuses: a verb that no route has gets the 405.
        *request.method_mut() = Method::CONNECT;
    }
    let is_probe = route.is_some_and(|route| route.starts_with("/health") || route == "/metrics");
    // Browsers ask beforehand whether they may ask, and are told, so that their users see what is going on.
    let for_pages = route.filter(|route| route.starts_with("/graphql")).map(|_| &table.app.config.graphql.cors_origins);
    let is_preflight = for_pages.is_some() && graphql::http::is_preflight(&method, request.headers());
    let standing = if is_probe || is_preflight { None } else { table.app.maintenance.standing() };
    let refused = route.and_then(|route| table.media_types.refuse(&method, route, request.headers()));
    let (prefers, ledger) = (asked.prefers, asked.ledger.clone());
    let asker = Asker::bringing(table.written.brought(request.headers(), table.app.clock.now()));
    if is_api && !matches!(method, Method::GET | Method::HEAD) {
        // Also where it was refused: what the client reads next is to show why.
        asker.wrote();
    }
    let answering = async {
        if let Some(standing) = standing {
            let mut closed = problem::of_maintenance(standing.retry_at);
            if let Some(origins) = for_pages {
                graphql::http::grant(&mut closed, origins, request.headers());
            }
            return closed;
        }
        if let Some(accepted) = refused {
            return Refusal::UnsupportedMediaType { accepted: accepted.to_vec() }.into_response();
        }
        let mut response = AssertUnwindSafe(routes.oneshot(request)).catch_unwind().await.map_or_else(
            |panic| Refusal::Fault(anyhow::anyhow!("panic: {}", words_of(&*panic))).into_response(),
            |answered| answered.unwrap_or_else(|never| match never {}),
        );
        if is_api && response.status() == StatusCode::METHOD_NOT_ALLOWED {
            leave_out_head(&mut response);
        }
        // What handlers say no with has a media type.
        if response.headers().contains_key(header::CONTENT_TYPE) { response } else { problem::of_routing(response) }
    };
    let answering = asker.clone().within(context::within(asked, answering));
    let mut response = answering.instrument(span.clone()).await;
    if let Some(position) = table.app.db.written_by(&asker).instrument(span.clone()).await {
        table.written.hand_out(response.headers_mut(), position, table.app.clock.now());
    }
    let noted = ledger.take();
    say_besides(&mut response, &trace, prefers.strict && is_api, &noted);
    let took = began.elapsed();
    let (duration_ms, status) = (telemetry::millis(took), response.status().as_u16());
    telemetry::request_ended(&span, status, took);
    meter::REQUESTS.record([verb(&method), route.unwrap_or("-"), &status.to_string()], took);
    if let Some(route) = route.filter(|_| is_probe) {
        // Probes come every few seconds, and say nothing new.
        tracing::debug!(parent: &span, %method, route, status, duration_ms, "probe answered");
        return response;
    }
    // No path and no query: they hold ids, party numbers and search words.
    tracing::info!(
        parent: &span,
        %method,
        route = route.unwrap_or("-"),
        status,
        duration_ms,
        trace_id = trace,
        caller = noted.caller,
        policy = noted.policy,
        code = noted.code,
        reason = noted.reason,
        ignored = noted.ignored_in_log(),
        "request answered"
    );
    table.count(noted.usage.clone(), &method, route.unwrap_or("-"), status, &trace);
    if let Some(reason) = &noted.reason {
        // The same in one line for people: what `dev` shows at its terminal.
        let route = route.unwrap_or("(no such path)");
        let caller = noted.caller.as_deref().unwrap_or("nobody known");
        tracing::debug!(target: "dialogporten::refused", "{status} {method} {route}: {reason} ({caller})");
    }
    response
}

/// Headers that every answer has, and those that say what became of the request besides.
fn say_besides(response: &mut Response, trace: &str, strict: bool, noted: &Noted) {
    let headers = response.headers_mut();
    if let Ok(trace) = HeaderValue::try_from(trace) {
        headers.insert("traceparent", trace);
    }
    if let Some(ignored) = noted.ignored_header() {
        headers.insert("dialogporten-ignored", ignored);
    }
    if strict {
        headers.append("preference-applied", HeaderValue::from_static("handling=strict"));
    }
}

/// Takes the public prefix off and gives literal segments the spelling of the route, whose template is returned.
fn rewrite(request: &mut Request, asked: &RequestContext, templates: &Templates) -> Option<&'static str> {
    let routed = templates.route(&asked.instance);
    let path = routed.as_ref().map_or(asked.instance.as_str(), |routed| routed.path.as_str());
    if path != request.uri().path() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        // Made of the parts of a valid address, so it is one.
        parts.path_and_query = PathAndQuery::try_from(format!("{path}{query}")).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    routed.map(|routed| routed.template)
}

/// The verb for metrics, of which there are few whatever clients send.
fn verb(method: &Method) -> &str {
    const KNOWN: [Method; 7] =
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
    if KNOWN.contains(method) { method.as_str() } else { "other" }
}

/// `Allow` names HEAD beside every GET; the API has no HEAD.
fn leave_out_head(response: &mut Response) {
    let Some(allowed) = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()) else { return };
    let verbs: Vec<_> = allowed.split(',').map(str::trim).filter(|verb| *verb != "HEAD").collect();
    if let Ok(allowed) = HeaderValue::try_from(verbs.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

#[cfg(test)]
mod tests;
