//! Answers of every operation: problems, empty refusals, what is never sent.

use serde_json::{Value, json};

use crate::harness::{PERSON, TestApp, fresh_id, simple_dialog};

/// Chapter 05 §A3, §A10
#[tokio::test]
async fn refusals_are_problems_in_the_contracts_form() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let missing = fresh_id();
    let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
    let owner = owner.header("traceparent", parent);
    for (answer, status, section, title, key) in [
        (
            owner.post("serviceowner/dialogs?x=y", json!({})).await,
            400,
            "rfc7231#section-6.5.1",
            "One or more validation errors occurred.",
            "dto.party",
        ),
        (
            owner.post("/dialogporten/api/v1/serviceowner/dialogs", json!({ "progress": "x" })).await,
            400,
            "rfc7231#section-6.5.1",
            "One or more validation errors occurred.",
            "progress",
        ),
        (
            owner.get(&format!("serviceowner/dialogs/{missing}")).await,
            404,
            "rfc7231#section-6.5.4",
            "Resource not found.",
            "DialogEntity",
        ),
        (
            user.get(&format!("enduser/dialogs/{missing}")).await,
            404,
            "rfc7231#section-6.5.4",
            "Resource not found.",
            "DialogEntity",
        ),
        (
            owner.post("serviceowner/dialogs", with_resource("urn:altinn:resource:ttd-wrong-type")).await,
            422,
            "rfc4918#section-11.2",
            "Unprocessable request.",
            "ServiceResource",
        ),
        (
            owner
                .post("serviceowner/dialogs", with_resource("urn:altinn:resource:brg-dialogporten-automated-tests"))
                .await,
            403,
            "rfc7231#section-6.5.3",
            "Forbidden.",
            "Forbidden",
        ),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json; charset=utf-8", "{}", answer.text);
        assert_eq!(answer.body["type"], format!("https://datatracker.ietf.org/doc/html/{section}"));
        assert_eq!((&answer.body["title"], &answer.body["status"]), (&json!(title), &json!(status)));
        assert!(!answer.errors(key).is_empty(), "{key} in {}", answer.text);
        let instance = answer.body["instance"].as_str().unwrap();
        assert!(instance.starts_with("/api/v1/") && !instance.contains('?'), "{instance}");
        let trace: Vec<_> = answer.body["traceId"].as_str().unwrap().split('-').map(str::len).collect();
        assert_eq!(trace, [2, 32, 16, 2], "{}", answer.text);
        for never in ["detail", "statusDescription", "validationErrors"] {
            assert_eq!(answer.body.get(never), None, "{}", answer.text);
        }
        assert_eq!(answer.header("cache-control"), "");
    }
    let traced = owner.get(&format!("serviceowner/dialogs/{missing}")).await;
    assert!(traced.body["traceId"].as_str().unwrap().starts_with("00-7d1f0a6b5c4e3d2c1b0a998877665544-"));
}

fn with_resource(urn: &str) -> Value {
    let mut dialog = simple_dialog();
    dialog["serviceResource"] = urn.into();
    dialog
}

/// Chapter 05 §A6, §A10.1: a body that cannot be read is told by its own paths, one that breaks rules by those of `dto`.
#[tokio::test]
async fn faults_come_in_two_generations() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let post = async |body: &str| {
        owner
            .send_text(reqwest::Method::POST, "serviceowner/dialogs", Some((body, "application/json")))
            .await
            .expect(400)
    };
    for (body, key) in [
        ("", "SerializerErrors"),
        ("{", "SerializerErrors"),
        ("null", "SerializerErrors"),
        ("{\"party\":\"a\",}", "SerializerErrors"),
        ("{} // comment", "SerializerErrors"),
        (
            "{\"content\":{\"title\":{\"value\":[{\"value\":\"x\",\"languageCode\":5}]}}}",
            "content.title.value[0].languageCode",
        ),
        ("{\"content\":{\"title\":{\"value\":[{\"value\":\"x\"}]}}}", "content.title.value[0]"),
        ("{\"TRANSMISSIONS\":[{},{\"Type\":\"Unheard\"}]}", "transmissions[1].type"),
        ("{\"dueAt\":\"2031-01-01T00:00:00\",\"progress\":101}", "dueAt"),
        ("{\"id\":\"x\"}", "id"),
        ("{\"isApiOnly\":null}", "isApiOnly"),
    ] {
        let refused = post(body).await;
        let keys: Vec<_> = refused.body["errors"].as_object().unwrap().keys().map(String::as_str).collect();
        assert!(keys == [key] || keys.iter().all(|found| found.starts_with(key)), "{body}: {}", refused.text);
    }
    let refused = post("{\"dueAt\":\"2031-01-01T00:00:00\"}").await;
    assert_eq!(
        refused.errors("dueAt"),
        ["The JSON value could not be converted to System.DateTimeOffset. Expected explicit offset postfix. \
             For example '+00:00', '-05:00', 'Z'. Got '2031-01-01T00:00:00'."]
    );
    let refused = post("{\"progress\":101,\"PARTY\":\"x\",\"party\":\"y\",\"unknown\":{\"a\":[1]}}").await;
    assert_eq!(refused.errors("dto.progress"), ["'Progress' must be between 0 and 100. You entered 101."]);
}

/// Chapter 05 §A3: what is given comes back in one form.
#[tokio::test]
async fn texts_are_written_as_they_are() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut body = simple_dialog();
    body["content"]["title"]["value"][0]["value"] = json!("æøå ' < & + \u{1d11e} \" \\");
    body["STATUS"] = json!(5);
    body.as_object_mut().unwrap().remove("status");
    body["progress"] = json!("7");
    body["dueAt"] = json!("2031-04-05T06:07:08.123456789+02:00");
    let dialog = owner.creates(body).await;
    let read = owner.get(&format!("serviceowner/dialogs/{}", dialog.to_string().to_uppercase())).await.expect(200);
    assert!(read.text.contains("æøå ' < & + \u{1d11e} \\\" \\\\"), "{}", read.text);
    assert!(!read.text.contains(": ") && !read.text.contains('\n') && !read.text.contains("null"), "{}", read.text);
    assert_eq!((&read.body["progress"], &read.body["dueAt"]), (&json!(7), &json!("2031-04-05T04:07:08.1234560Z")));
    for form in [format!("{{{dialog}}}"), format!("({dialog})"), dialog.to_string().replace('-', "")] {
        let path = format!("serviceowner/dialogs/{}", form.replace('{', "%7B").replace('}', "%7D"));
        owner.get(&path).await.expect(200);
    }
}

/// H-001; chapter 05 §A14
#[tokio::test]
async fn nothing_is_compressed() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let user = app.person(PERSON).header("accept-encoding", "br, gzip");
    for path in [
        format!("enduser/dialogs/{dialog}"),
        format!("enduser/dialogs?party=urn:altinn:person:identifier-no:{PERSON}"),
        format!("enduser/dialogs/{}", fresh_id()),
    ] {
        let answer = user.get(&path).await;
        assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("", ""), "{path}");
        assert!(answer.body.is_object(), "{path}");
    }
}

/// Chapter 05 §D5: without its database the service is not ready, but alive.
#[tokio::test]
async fn health_tells_a_lost_database_from_a_lost_process() {
    let app = TestApp::start().await;
    app.door.close();
    for (path, status, word) in [
        ("/health/liveness", 200, "Healthy"),
        ("/health/readiness", 503, "Unhealthy"),
        ("/health/startup", 503, "Unhealthy"),
        ("/health", 503, "Unhealthy"),
        ("/health/deep", 503, "Unhealthy"),
    ] {
        let report = app.anonymous().get(path).await.expect(status);
        assert_eq!(report.body["status"], word, "{path}");
        assert_eq!(report.header("content-type"), "application/json");
        if status == 503 {
            assert_eq!(report.body["entries"]["postgres"]["status"], "Unhealthy");
        }
    }
    // Tokens and limits need no database; dialogs do, and say so without telling why.
    app.anonymous().get("metadata/limits").await.expect(200);
    let failed = app.service_owner("ttd").get("serviceowner/dialogs").await.expect(503);
    assert_eq!(failed.body["title"], "Service unavailable.");
    assert_eq!(failed.body["detail"], "The service cannot answer this now. Please try again later.");
    assert_eq!(failed.header("retry-after"), "2");
    assert_eq!(
        (failed.header("pragma"), failed.header("expires"), failed.body.get("errors")),
        ("no-cache", "-1", None)
    );
}
