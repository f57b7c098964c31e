//! Requests that lie about themselves, spoken over a bare socket, and headers of odd values.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{hold, is_one_of};
use crate::harness::{PERSON, TestApp, simple_dialog};

const DIALOGS: &str = "/api/v1/serviceowner/dialogs";

/// What the service says to these bytes until it hangs up.
async fn says(app: &TestApp, request: &[u8]) -> String {
    spoken(app, request, true).await
}

/// `and_leaves`: the client says that nothing more will come, which ends the request wherever it is.
async fn spoken(app: &TestApp, request: &[u8], and_leaves: bool) -> String {
    let url = app.url("/");
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // The service may hang up before it has heard everything.
    let _ = stream.write_all(request).await;
    if and_leaves {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(10), read).await.expect("an answer within ten seconds");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the first answer; 0 if the service hung up without one.
fn status(answer: &str) -> u16 {
    answer
        .strip_prefix("HTTP/1.1 ")
        .or(answer.strip_prefix("HTTP/1.0 "))
        .and_then(|rest| rest[..3].parse().ok())
        .unwrap_or(0)
}

async fn dialogs(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from dialog").fetch_one(&app.db).await.unwrap()
}

#[tokio::test]
async fn lengths_that_lie_store_nothing() {
    let app = TestApp::start().await;
    let token = app.service_owner("ttd").token().unwrap();
    let body = simple_dialog().to_string();
    let head = |more: &str| {
        format!(
            "POST {DIALOGS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{more}\r\n"
        )
    };
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (what, request, allowed) in [
        ("too long", head(&format!("Content-Length: {}\r\n", body.len() + 10)) + &body, &[400, 0][..]),
        ("too short", head(&format!("Content-Length: {}\r\n", body.len() - 10)) + &body, &[400]),
        ("none", head("") + &body, &[400]),
        ("no number", head("Content-Length: many\r\n") + &body, &[400]),
        ("negative", head("Content-Length: -5\r\n") + &body, &[400]),
        ("two", head("Content-Length: 5\r\nContent-Length: 6\r\n") + &body, &[400]),
        ("beyond the limit", head("Content-Length: 20000001\r\n"), &[413]),
        ("beyond all", head("Content-Length: 99999999999999999999999\r\n"), &[400]),
        ("chunk without end", head(chunked) + &chunk(&body), &[400, 0]),
        ("chunk of no size", head(chunked) + "xyz\r\n" + &body + "\r\n0\r\n\r\n", &[400]),
        ("chunk of all sizes", head(chunked) + "ffffffffffffffff\r\n" + &body, &[400, 413, 0]),
        ("unknown encoding", head("Transfer-Encoding: gzip\r\n") + &body, &[400, 411, 501]),
        (
            "compressed, says the client",
            head("Content-Encoding: gzip\r\nContent-Length: 4\r\n") + "\x1f\x01\x02\x03",
            &[400],
        ),
    ] {
        let answer = says(&app, request.as_bytes()).await;
        assert!(allowed.contains(&status(&answer)), "{what}: {answer}");
        assert_eq!(dialogs(&app).await, 0, "{what}");
    }
    let piecewise: String = body.chars().map(|c| chunk(&c.to_string())).collect();
    for request in [
        head(chunked) + &chunk(&body) + "0\r\n\r\n",
        head(chunked) + &piecewise + "0\r\nTrailer: x\r\n\r\n",
        head(&format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len())) + &body,
    ] {
        let answer = spoken(&app, request.as_bytes(), false).await;
        assert!(answer.contains("HTTP/1.1 201"), "{answer}");
    }
    let mut huge = (head(chunked) + "1312d01\r\n").into_bytes();
    huge.resize(huge.len() + 20_000_001, b' ');
    huge.extend(b"\r\n0\r\n\r\n");
    let answer = spoken(&app, &huge, false).await;
    // Who still talks may lose the answer with the connection (chapter 05 §A6).
    assert!(matches!(status(&answer), 413 | 0), "{answer}");
}

/// Chapter 05 §A6, §A15
#[tokio::test]
async fn requests_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let get = |target: &str, more: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    let limits = "/api/v1/metadata/limits";
    for (what, request, allowed) in [
        ("nothing", String::new(), &[0][..]),
        ("no HTTP", "hello\r\n\r\n".into(), &[400]),
        ("a longer address than any", get(&format!("{DIALOGS}?{}", "x".repeat(100_000)), ""), &[414, 431]),
        ("a thousand headers", get(limits, &"X-Y: z\r\n".repeat(1000)), &[431]),
        ("a longer header than any", get(limits, &format!("X-Y: {}\r\n", "z".repeat(1_000_000))), &[431]),
        ("an absolute address", get(&format!("http://elsewhere.example{limits}"), ""), &[200]),
        ("a dot", get("/api/v1/./metadata/limits", ""), &[404]),
        ("two dots", get("/api/v1/x/../metadata/limits", ""), &[404]),
        ("two slashes", get("//api/v1/metadata/limits", ""), &[404]),
        ("an escaped slash", get("/api/v1%2Fmetadata/limits", ""), &[404]),
        ("an escape of nothing", get("/api/v1/enduser/dialogs/%zz", ""), &[401, 400]),
        ("no UTF-8", get("/api/v1/enduser/dialogs/%ff%fe", ""), &[401, 400]),
        ("NUL", get("/api/v1/enduser/dialogs/%00", ""), &[401, 400]),
        ("no verb", "FOO /api/v1/metadata/limits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into(), &[405]),
        ("a tunnel", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into(), &[404, 405, 400]),
        ("the server itself", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into(), &[404, 405, 400]),
        ("another version", format!("GET {limits} HTTP/9.9\r\nHost: x\r\n\r\n"), &[400]),
    ] {
        let answer = says(&app, request.as_bytes()).await;
        assert!(allowed.contains(&status(&answer)), "{what}: {answer:.1000}");
    }
    let owner = app.service_owner("ttd");
    for id in ["%00", "%ff%fe", "x", "0196c0de-0000-7000-8000-00000000000", "0196c0de-0000-7000-8000-000000000001%00"] {
        let answer = owner.get(&format!("serviceowner/dialogs/{id}")).await.expect(400);
        assert!(answer.body["errors"].as_object().is_some_and(|errors| !errors.is_empty()), "{id}: {}", answer.text);
    }
}

/// Chapter 05 §A6, §A8
#[tokio::test]
async fn headers_are_read_as_the_contract_says() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for (kind, status) in [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("application/json;", 201),
        ("text/json", 415),
        ("application/problem+json", 415),
        ("application/json, text/plain", 415),
        ("", 415),
        (";", 415),
    ] {
        let answer = owner.clone().header("content-type", kind).post("serviceowner/dialogs", simple_dialog()).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.text);
        if status == 415 {
            assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", ""), "{kind}");
        }
    }
    let dialog = owner.creates(simple_dialog()).await;
    for revision in ["", "*", "\"*\"", "W/\"0196c0de-0000-4000-8000-000000000001\"", "x", "a,b", "\""] {
        let answer =
            owner.clone().if_match(revision).delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(400);
        assert_eq!(
            answer.errors("If-Match"),
            [format!("Unable to bind header value [{revision}] to a [Guid] property!")]
        );
    }
    let revision = owner.get(&format!("serviceowner/dialogs/{dialog}")).await.etag().to_owned();
    assert_eq!(revision.parse::<uuid::Uuid>().unwrap().to_string(), revision, "bare");
    // Conditional reading does not exist.
    let reader =
        app.person(PERSON).header("if-none-match", &revision).header("if-match", "*").header("accept", "text/html");
    let read = reader.get(&format!("enduser/dialogs/{dialog}")).await.expect(200);
    assert_eq!(read.etag(), revision);
    assert_eq!((read.header("cache-control"), read.header("content-language")), ("", ""));
}

#[test]
fn any_header_is_answered() {
    const NAMES: &[&str] = &[
        "accept",
        "accept-language",
        "accept-encoding",
        "traceparent",
        "tracestate",
        "if-none-match",
        "if-match",
        "range",
        "origin",
        "cookie",
        "x-forwarded-for",
        "x-http-method-override",
        "te",
        "user-agent",
        "content-type",
    ];
    let value = prop_oneof![
        3 => "[ -~]{0,40}",
        1 => prop::sample::select(vec![
            "*/*;q=0", "text/html", ";;;", ",", "nb;q=1e9", "nb;q=-1", "nb; q=0.5", "*;q=0", "gzip, br",
            "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01", "00-x-y-z", "bytes=0-1", "DELETE", "trailers",
        ]).prop_map(str::to_owned),
    ];
    let headers = prop::collection::vec((prop::sample::select(NAMES), value), 1..5);
    hold(300, &headers, &async |app, headers| {
        let (mut user, mut anyone) = (app.person(PERSON), app.anonymous());
        for (name, value) in &headers {
            user = user.header(name, value.trim());
            anyone = anyone.header(name, value.trim());
        }
        let what = json!(headers).to_string();
        let party = format!("urn:altinn:person:identifier-no:{PERSON}");
        let list = user.get(&format!("enduser/dialogs?party={party}")).await;
        is_one_of(&list, &[200, 400], &what)?;
        let missing = user.get("enduser/dialogs/0196c0de-0000-7000-8000-000000000001").await;
        is_one_of(&missing, &[400, 404], &what)?;
        for refused in [&list, &missing].into_iter().filter(|answer| answer.status == 400) {
            prop_assert!(!refused.errors("Accept-Language").is_empty(), "{what}: {}", refused.text);
        }
        let trace = missing.body["traceId"].as_str().unwrap_or_default();
        prop_assert_eq!(trace.len(), 55, "{}: {}", what, missing.text);
        let limits = anyone.get("metadata/limits").await;
        prop_assert!(matches!(limits.status.as_u16(), 200 | 406), "{what}: {}", limits.text);
        Ok(())
    });
}
