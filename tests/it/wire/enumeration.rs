//! What every operation keeps, whichever it is: those of the router's own lists, so that a new one is held to it at once.

use dialogporten::openapi::{Operation, Tag};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, OWNER_ORGANIZATION, PERSON, TestApp, fresh_id};

/// Everything with a token, whether the documents show it or not.
fn protected() -> Vec<(Method, String, Tag)> {
    let operations = [dialogporten::serviceowner::operations(), dialogporten::enduser::operations()].concat();
    let asked = |Operation { route, tag, .. }: Operation| {
        (route.method.to_uppercase().parse().expect("a verb"), route.path.to_owned(), tag)
    };
    operations.into_iter().map(asked).collect()
}

/// The path with an unknown id in each place.
fn unknown(path: &str) -> String {
    filled(path, &fresh_id().to_string())
}

fn filled(path: &str, id: &str) -> String {
    let segment = |segment: &str| match segment {
        "{label}" => "some-label".to_owned(),
        _ if segment.starts_with('{') => id.to_owned(),
        _ => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn takes_body(method: &Method, path: &str) -> bool {
    let bodiless =
        ["restore", "purge", "freeze", "replay"].iter().any(|action| path.ends_with(&format!("/actions/{action}")));
    [Method::POST, Method::PUT, Method::PATCH].contains(method) && !bodiless
}

/// A refusal is a problem document, or one of the empty answers that the contract names.
#[track_caller]
fn is_documented(answer: &Answer, path: &str, what: &str) {
    let status = answer.status.as_u16();
    assert!((400..500).contains(&status), "{what} {path}: {status} {}", answer.text);
    if answer.text.is_empty() {
        assert!([401, 403, 404, 405, 415].contains(&status), "{what} {path}: {status} without body");
        assert_eq!(answer.header("content-type"), "", "{what} {path}");
        return;
    }
    assert!(answer.header("content-type").contains("json"), "{what} {path}");
    assert_eq!(answer.body["status"], status, "{what} {path}: {}", answer.text);
    assert_eq!(answer.body["instance"], path, "{what}");
    assert!(answer.body["title"].is_string() && answer.body["type"].is_string(), "{what} {path}: {}", answer.text);
    let trace: Vec<_> = answer.body["traceId"].as_str().unwrap_or_default().split('-').map(str::len).collect();
    assert_eq!(trace, [2, 32, 16, 2], "{what} {path}: {}", answer.text);
    if let Some(errors) = answer.body.get("errors") {
        let lists: Vec<_> = errors.as_object().expect("a map").values().collect();
        assert!(!lists.is_empty(), "{what} {path}");
        let texts =
            |list: &Value| list.as_array().is_some_and(|texts| !texts.is_empty() && texts.iter().all(Value::is_string));
        assert!(lists.into_iter().all(texts), "{what} {path}: {}", answer.text);
    }
}

///
#[tokio::test]
async fn without_a_token_that_holds_nothing_is_answered() {
    let app = TestApp::start().await;
    let operations = protected();
    assert!(operations.len() > 15);
    for (method, path, _) in operations {
        for body in [None, Some(json!({ "not": "right" }))] {
            let refused = app.anonymous().send(method.clone(), &unknown(&path), body.clone()).await.expect(401);
            assert_eq!(refused.header("www-authenticate"), "Bearer", "{method} {path}");
            assert_eq!((refused.text.as_str(), refused.header("content-type")), ("", ""), "{method} {path}");
            let refused = app
                .with_token("thisisnotavalidtoken")
                .send(method.clone(), &filled(&path, "x"), body)
                .await
                .expect(401);
            assert!(refused.header("www-authenticate").contains("Bearer error=\"invalid_token\""), "{method} {path}");
            assert_eq!(refused.text, "", "{method} {path}");
        }
    }
}

/// M-15: which media types a route takes is known before anybody is asked who is calling; a missing one is found later.
#[tokio::test]
async fn a_wrong_media_type_is_refused_before_the_token() {
    let app = TestApp::start().await;
    let (stranger, wrong) = (app.anonymous(), app.service_owner("ttd").with_scopes(&["wrong-scope"]));
    for (method, path, tag) in protected() {
        let taking = takes_body(&method, &path);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "nonsense"] {
            for (client, without) in [(&stranger, 401), (&wrong, 403)] {
                let answer = client.send_text(method.clone(), &unknown(&path), Some(("{}", kind))).await;
                let answer = answer.expect(if taking { 415 } else { without });
                assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", ""), "{method} {path}");
            }
        }
        stranger.send_bytes(method.clone(), &unknown(&path), b"{}".to_vec(), "").await.expect(401);
        stranger.send(method.clone(), &unknown(&path), None).await.expect(401);
        if taking {
            let client = if tag == Tag::Serviceowner { app.admin() } else { app.person(PERSON) };
            client.send_text(method.clone(), &unknown(&path), None).await.expect(415);
        }
    }
}

/// the wrong scope is an empty 403, whatever ids and body are.
#[tokio::test]
async fn without_the_scope_nothing_is_looked_at() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&["wrong-scope"]);
    let person = app.person(PERSON).with_scopes(&["wrong-scope", "digdir:dialogporten.other"]);
    for (method, path, _) in protected() {
        for client in [&owner, &person] {
            for (path, body) in [
                (unknown(&path), None),
                (filled(&path, "x"), Some(json!([]))),
                (format!("{}?enduserid=1&limit=x", unknown(&path)), Some(json!({}))),
            ] {
                let refused = client.send(method.clone(), &path, body).await.expect(403);
                assert_eq!((refused.text.as_str(), refused.header("content-type")), ("", ""), "{method} {path}");
            }
        }
    }
}

///
#[tokio::test]
async fn each_side_has_its_own_users() {
    let app = TestApp::start().await;
    let owner_scopes = dialogporten::sandbox::mint::SERVICE_OWNER_SCOPES;
    let all = format!("{owner_scopes} {} digdir:dialogporten", dialogporten::sandbox::mint::ADMIN_SCOPE);
    let consumer = json!({ "authority": "iso6523-actorid-upis", "ID": format!("0192:{OWNER_ORGANIZATION}") });
    let system_user = app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    // The usual tokens of the other side fail the policy.
    let (owner, person) = (app.service_owner("ttd"), app.person(PERSON));
    // With every scope and no organization, or as a kind of user that the route does not know.
    let no_organization = app.with_claims(json!({ "scope": all, "pid": PERSON }));
    let nobody = app.with_claims(json!({ "scope": all }));
    let system_with_all = app.with_claims(json!({
        "scope": all, "consumer": consumer,
        "authorization_details": [{
            "type": "urn:altinn:systemuser", "systemuser_id": ["51551dd0-b9c5-4f4b-a4a2-9b7e3669b364"],
            "systemuser_org": { "authority": "iso6523-actorid-upis", "ID": "0192:310057223" },
        }],
    }));
    let owner_with_all = app.with_claims(json!({ "scope": all, "consumer": consumer }));
    let unknown_user = app.with_claims(json!({ "scope": "digdir:dialogporten" }));
    let empty = async |client: &Client<'_>, method: &Method, path: &str| {
        let refused = client.send(method.clone(), path, Some(json!([]))).await.expect(403);
        assert_eq!((refused.text.as_str(), refused.header("content-type")), ("", ""), "{method} {path}");
    };
    let by_kind = async |client: &Client<'_>, method: &Method, path: &str| {
        let refused = client.send(method.clone(), path, Some(json!([]))).await.expect(403);
        is_documented(&refused, path, "kind");
        assert_eq!(refused.errors("Type").len(), 1, "{method} {path}: {}", refused.text);
    };
    for (method, path, tag) in protected() {
        let any_kind =
            method == Method::PUT && path.ends_with("{transmissionId}") || path.ends_with("should-send-notification");
        let path = unknown(&path);
        if tag == Tag::Serviceowner {
            for client in [&person, &system_user, &no_organization, &nobody] {
                empty(client, &method, &path).await;
            }
            if !any_kind {
                by_kind(&system_with_all, &method, &path).await;
            }
        } else {
            empty(&owner, &method, &path).await;
            by_kind(&owner_with_all, &method, &path).await;
            by_kind(&unknown_user, &method, &path).await;
        }
    }
}

/// Chapter 05 §A10: nothing a client gets wrong ends in a 5xx, and every refusal has its form.
#[tokio::test]
async fn every_refusal_has_the_contracts_form() {
    let app = TestApp::start().await;
    let notifier = "altinn:system/notifications.condition.check";
    let (owner, person) = (app.admin().and_scopes(&[notifier]), app.person(PERSON));
    for (method, path, tag) in protected() {
        let client = if tag == Tag::Serviceowner { &owner } else { &person };
        let body = takes_body(&method, &path);
        let (missing, has_id) = (unknown(&path), path.contains("{dialogId}"));
        let text = |text: &'static str, kind: &'static str| body.then_some((text, kind));
        let mut answers: Vec<(&str, String, Answer)> = Vec::new();
        let mut send = async |what, client: &Client<'_>, path: &str, body: Option<(&str, &str)>| {
            let answer = client.send_text(method.clone(), path, body).await;
            answers.push((what, path.split('?').next().unwrap().to_owned(), answer));
        };
        if has_id {
            send("unknown", client, &missing, text("{}", "application/json")).await;
            send("malformed id", client, &filled(&path, "x"), text("{}", "application/json")).await;
            send("all zero", client, &filled(&path, &uuid::Uuid::nil().to_string()), text("{}", "application/json"))
                .await;
        }
        if method != Method::GET && has_id {
            send("malformed revision", &client.clone().if_match("x"), &missing, text("{}", "application/json")).await;
            send("two revisions", &client.clone().if_match("*"), &missing, text("[]", "application/json")).await;
        }
        if body {
            for (what, text, kind) in [
                ("no JSON", "{", "application/json"),
                ("nothing", "", "application/json"),
                ("null", "null", "application/json"),
                ("text", "\"x\"", "application/json"),
                ("a number", "1", "application/json"),
                ("nested", "[[[[[[{}]]]]]]", "application/json"),
                ("not UTF-8 after all", "{\"a\": \"\\ud800\"}", "application/json"),
                ("NUL", "{\"value\": \"a\\u0000b\", \"type\": \"\\u0000\"}", "application/json"),
                ("plain text", "{}", "text/plain"),
                ("a form", "a=b", "application/x-www-form-urlencoded"),
            ] {
                send(what, client, &missing, Some((text, kind))).await;
            }
            let wrong = answers.iter().filter(|(what, ..)| ["plain text", "a form"].contains(what));
            for (what, path, answer) in wrong {
                assert_eq!(answer.status, 415, "{what} {method} {path}: {}", answer.text);
            }
            let mut send = async |what, path: &str| {
                let answer = client.send_text(method.clone(), path, None).await;
                answers.push((what, path.to_owned(), answer));
            };
            send("neither body nor content type", &missing).await;
        }
        if tag == Tag::Serviceowner {
            let answer = client.send(method.clone(), &format!("{missing}?EndUserID=x"), body.then(|| json!({}))).await;
            assert_eq!((answer.status.as_u16(), answer.errors("EndUserId").len()), (400, 1), "{method} {path}");
            answers.push(("malformed end user", missing.clone(), answer));
        }
        for (what, path, answer) in answers {
            is_documented(&answer, &path, &format!("{method} {what}"));
        }
    }
}

/// Chapter 05 §A8: where JSON is answered, it must be taken.
#[tokio::test]
async fn unknown_verbs_and_paths_are_empty() {
    let app = TestApp::start().await;
    for (_, path, _) in protected() {
        for method in [Method::HEAD, Method::OPTIONS, Method::TRACE] {
            let answer = app.anonymous().send(method.clone(), &unknown(&path), None).await.expect(405);
            assert!(answer.text.is_empty() && !answer.header("allow").is_empty(), "{method} {path}");
        }
        let answer = app.anonymous().get(&format!("{}/no/such/thing", unknown(&path))).await.expect(404);
        assert_eq!(answer.text, "");
    }
}
