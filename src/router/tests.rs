use axum::{body::to_bytes, routing::get};
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::Clock,
    dev::addresses,
    domain::ids::{DialogId, Revision},
    http::{Created, IfMatch, Json, NoContent, Path},
};

struct Answer {
    status: u16,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Keys of `errors`.
    fn keys(&self) -> Vec<String> {
        self.json()["errors"].as_object().expect("errors").keys().cloned().collect()
    }
}

async fn ask(router: &Router, request: Request) -> Answer {
    let (parts, body) = router.clone().oneshot(request).await.expect("infallible").into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn send(router: &Router, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(router, request.body(body.to_owned().into()).expect("a request")).await
}

async fn fetch(router: &Router, path: &str) -> Answer {
    send(router, Method::GET, path, &[], "").await
}

/// The real service; its database is never reached.
fn service() -> Router {
    let base = "http://127.0.0.1:1/dialogporten".parse().expect("an address");
    let config = addresses::config(&base, "postgres://nobody@127.0.0.1:1/nothing");
    router(App::build(config, Clock::system()).expect("an app"))
}

/// Routes that do what handlers do.
fn stand_ins() -> Router {
    async fn create(_: IfMatch, Json(id): Json<DialogId>) -> Created<DialogId> {
        let location = format!("/api/v1/things/{id}");
        Created { location, etag: Revision(uuid::Uuid::nil()), id }
    }
    async fn change(Path(_): Path<(DialogId, String)>) -> NoContent {
        NoContent { etag: Some(Revision(uuid::Uuid::nil())) }
    }
    async fn panic() -> StatusCode {
        panic!("on purpose")
    }
    let routes = Router::new()
        .route("/api/v1/things", get(panic).post(create))
        .route("/api/v1/things/{dialogId}/labels/{label}", get(change));
    let templates = Templates::new(["/api/v1/things", "/api/v1/things/{dialogId}/labels/{label}"]);
    let (app, media_types) = (app(), MediaTypes::default());
    let written = Written::new(&app.config.dialogporten);
    let table = Arc::new(Table { templates, media_types, app, written });
    Router::new().fallback(move |request: Request| answer(routes, table, request))
}

const ID: &str = "0196c0de-0000-7000-8000-000000000001";
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

#[tokio::test]
async fn limits_are_found_under_every_spelling() {
    let service = service();
    let limits = json!({
        "endUserSearch": {
            "maxPartyFilterValues": 100, "maxServiceResourceFilterValues": 20,
            "maxOrgFilterValues": 20, "maxExtendedStatusFilterValues": 20,
        },
        "serviceOwnerSearch": {
            "maxPartyFilterValues": 20, "maxServiceResourceFilterValues": 20, "maxExtendedStatusFilterValues": 20,
        },
    });
    for path in [
        "/api/v1/metadata/limits",
        "/dialogporten/api/v1/metadata/limits",
        "/Dialogporten/API/v1/Metadata/LIMITS/",
        "/api/v1/metadata/limits/?x=1",
    ] {
        let answer = fetch(&service, path).await;
        assert_eq!((answer.status, answer.json()), (200, limits.clone()), "{path}");
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    }
}

/// M-011.
#[tokio::test]
async fn well_known_documents_may_be_kept_for_a_day() {
    let service = service();
    let keys = fetch(&service, "/api/v1/.well-known/jwks.json").await;
    assert_eq!(keys.header("cache-control"), "public, max-age=86400");
    assert_eq!(keys.header("vary"), "Accept-Encoding");
    let keys = keys.json();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    for key in keys["keys"].as_array().expect("keys") {
        let fixed = ["kty", "use", "crv", "alg"].map(|member| key[member].as_str().expect("a text"));
        assert_eq!(fixed, ["OKP", "sig", "Ed25519", "EdDSA"]);
        assert_eq!(key["x"].as_str().map(str::len), Some(43));
    }
    let issuer = fetch(&service, "/api/v1/.well-known/oauth-authorization-server").await.json();
    let root = issuer["issuer"].as_str().expect("an issuer").to_owned();
    assert!(root.ends_with("/api/v1"), "{root}");
    assert_eq!(issuer["jwks_uri"], format!("{root}/.well-known/jwks.json"));
}

#[tokio::test]
async fn only_json_is_offered() {
    let service = service();
    for path in
        ["/api/v1/metadata/limits", "/api/v1/.well-known/jwks.json", "/api/v1/.well-known/oauth-authorization-server"]
    {
        let answer = send(&service, Method::GET, path, &[("accept", "text/html")], "").await;
        assert_eq!((answer.status, answer.keys()), (406, vec!["Accept".to_owned()]), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_routed_has_no_body() {
    let service = service();
    for path in ["/api", "/api/v1/nothing", "/api/v2/metadata/limits"] {
        let answer = fetch(&service, path).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
    }
    for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT] {
        let answer = send(&service, method.clone(), "/api/v1/metadata/limits", &[], "").await;
        assert_eq!((answer.status, answer.body.as_str(), answer.header("allow")), (405, "", "GET"), "{method}");
    }
    assert_eq!(send(&service, Method::HEAD, "/api/v1/nothing", &[], "").await.status, 404);
}

#[tokio::test]
async fn health_takes_any_verb_and_says_what_is_ill() {
    let service = service();
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let answer = send(&service, method, "/health/liveness", &[], "").await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("Healthy")));
        assert_eq!(answer.header("cache-control"), "no-store, no-cache");
    }
    let answer = fetch(&service, "/health/deep").await;
    let report = answer.json();
    assert_eq!((answer.status, report["status"].as_str()), (503, Some("Unhealthy")));
    assert_eq!(report["entries"]["postgres"]["status"], "Unhealthy");
    assert_eq!(report["entries"]["Endpoints"]["data"]["hardFailureCount"], 1);
}

#[tokio::test]
async fn a_panic_becomes_a_problem_with_the_clients_trace() {
    let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
    let path = "/dialogporten/api/v1/Things?secret=1";
    let answer = send(&stand_ins(), Method::GET, path, &[("traceparent", parent)], "").await;
    let problem = answer.json();
    assert_eq!((answer.status, &problem["status"]), (500, &json!(500)));
    assert_eq!(problem["instance"], "/api/v1/Things");
    assert!(problem["traceId"].as_str().is_some_and(|id| id.starts_with(&parent[..36])), "{problem}");
    assert!(!answer.body.contains("on purpose"));
}

#[tokio::test]
async fn created_things_say_where_they_are() {
    let routes = stand_ins();
    let body = format!("\"{ID}\"");
    for prefix in ["", "/dialogporten"] {
        let path = format!("{prefix}/api/v1/things");
        let answer = send(&routes, Method::POST, &path, &[JSON, ("accept", "text/plain")], &body).await;
        assert_eq!((answer.status, answer.body.as_str()), (201, body.as_str()));
        assert_eq!(answer.header("location"), format!("{path}/{ID}"));
        assert_eq!(answer.header("etag"), "00000000-0000-0000-0000-000000000000");
    }
}

#[tokio::test]
async fn bodies_are_judged_by_type_size_and_form() {
    let routes = stand_ins();
    for content_type in ["text/plain", "application/problem+json", "application/jsonx"] {
        let answer = send(&routes, Method::POST, "/api/v1/things", &[("content-type", content_type)], "{}").await;
        assert_eq!((answer.status, answer.body.as_str()), (415, ""), "{content_type}");
    }
    assert_eq!(send(&routes, Method::POST, "/api/v1/things", &[], "\"\"").await.status, 415);
    for body in ["", "{", "null", "1"] {
        let answer = send(&routes, Method::POST, "/api/v1/things", &[JSON], body).await;
        assert_eq!((answer.status, answer.keys()), (400, vec!["SerializerErrors".to_owned()]), "{body}");
    }
    let blanks = |length: usize| format!("\"{ID}\"{}", " ".repeat(length - 38));
    assert_eq!(send(&routes, Method::POST, "/api/v1/things", &[JSON], &blanks(BODY_BYTES)).await.status, 201);
    let large = blanks(BODY_BYTES + 1);
    let answer = send(&routes, Method::POST, "/api/v1/things", &[JSON], &large).await;
    assert_eq!((answer.status, &answer.json()["errors"]), (413, &Value::Null));
    // The announced length alone is enough.
    let announced = ("content-length", "20000001");
    assert_eq!(send(&routes, Method::POST, "/api/v1/things", &[JSON, announced], "").await.status, 413);
}

#[tokio::test]
async fn if_match_is_one_uuid_quoted_or_not() {
    let routes = stand_ins();
    let (body, quoted) = (format!("\"{ID}\""), format!("\"{ID}\""));
    let send = |headers: Vec<(&'static str, String)>| {
        let (routes, body) = (routes.clone(), body.clone());
        async move {
            let mut all: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            all.push(JSON);
            send(&routes, Method::POST, "/api/v1/things", &all, &body).await
        }
    };
    for value in [ID, &ID.to_uppercase(), &quoted] {
        assert_eq!(send(vec![("if-match", value.to_owned())]).await.status, 201, "{value}");
    }
    let weak = format!("W/{quoted}");
    for value in ["", "*", "x", &weak, &format!("{ID}, {ID}")] {
        let answer = send(vec![("if-match", value.to_owned())]).await;
        assert_eq!((answer.status, answer.keys()), (400, vec!["If-Match".to_owned()]), "{value}");
    }
    let twice = vec![("if-match", ID.to_owned()), ("if-match", ID.to_owned())];
    assert_eq!(send(twice).await.status, 400);
}

#[tokio::test]
async fn ids_in_paths_have_several_notations() {
    let routes = stand_ins();
    for id in [ID.to_owned(), ID.to_uppercase(), ID.replace('-', ""), format!("%7B{ID}%7D"), format!("({ID})")] {
        let answer = fetch(&routes, &format!("/api/v1/things/{id}/LABELS/Things")).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{id}");
        assert_eq!(answer.header("etag"), "00000000-0000-0000-0000-000000000000");
    }
    let answer = fetch(&routes, "/api/v1/things/4711/labels/x").await;
    let expected = json!({ "dialogId": ["Value [4711] is not valid for a [Guid] property!"] });
    assert_eq!((answer.status, &answer.json()["errors"]), (400, &expected));
}

/// One that nothing is asked of.
fn app() -> App {
    let base = "http://127.0.0.1:1".parse().unwrap();
    App::build(addresses::config(&base, "postgres://nobody@127.0.0.1:1/nothing"), Clock::system()).unwrap()
}
