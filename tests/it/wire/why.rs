//! It says why: what an answer tells besides the contract, for those who look (issue 8, E).

use std::sync::{Arc, Mutex};

use dialogporten::sandbox::{
    keys::{KeyName, Keys},
    mint::{ADMIN_SCOPE, SERVICE_OWNER_SCOPES},
};
use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::filter::EnvFilter;

use crate::harness::{
    Answer, Client, Edit, OWNER_ORGANIZATION, PERSON, TestApp, fresh_id, simple_activity, simple_dialog,
    simple_transmission, text,
};

const OWNER_SCOPE: &str = "digdir:dialogporten.serviceprovider";

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate")
}

/// M-27: a token that does not hold says what is wrong with it, and nothing of whom it speaks for.
#[tokio::test]
async fn a_refused_token_says_what_is_wrong_with_it() {
    let app = TestApp::start().await;
    app.clock.set_frozen(true);
    let now = app.clock.now().timestamp();
    let claims = |change: Value| {
        let mut claims = json!({ "pid": PERSON, "scope": "digdir:dialogporten", "exp": now + 60 });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        app.with_claims(claims)
    };
    let foreign = Keys::open(None).unwrap();
    let foreign = foreign.get(KeyName::Altinn);
    let payload = json!({ "iss": app.sandbox.issuer(KeyName::Altinn), "pid": PERSON, "exp": now + 60 });
    let unknown_key = foreign.sign(&foreign.header(), payload.as_object().unwrap());
    let good = claims(json!({})).token().unwrap();
    let forged = format!("{}{}", &good[..good.len() - 8], "AAAAAAAA");
    let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
    parts[0] = base64(&json!({ "alg": "none" }).to_string());
    let other_times = |what: &str, at: i64| {
        let at = chrono::DateTime::from_timestamp(at, 0).unwrap();
        format!("{what} {}", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    for (client, told) in [
        (app.with_token("thisisnotavalidtoken"), "the token is malformed".to_owned()),
        (claims(json!({ "exp": null })), "the token is malformed".into()),
        (claims(json!({ "iss": "https://elsewhere.example/" })), "the issuer of the token is not trusted".into()),
        (app.with_token(&unknown_key), "the token is signed with an unknown key".into()),
        (app.with_token(&forged), "the signature of the token does not fit its content".into()),
        (app.with_token(&parts.join(".")), "the algorithm of the token is not accepted".into()),
        (claims(json!({ "exp": now - 60 })), other_times("the token expired at", now - 60)),
        (claims(json!({ "nbf": now + 30 })), other_times("the token is not valid before", now + 30)),
    ] {
        let refused = client.get("enduser/dialogs?party=x").await.expect(401);
        assert_eq!(
            challenge(&refused),
            format!("Bearer error=\"invalid_token\", error_description=\"{told}\""),
            "{told}"
        );
        assert_eq!((refused.text.as_str(), refused.header("content-type")), ("", ""));
        assert!(!challenge(&refused).contains(PERSON));
    }
    assert_eq!(challenge(&app.anonymous().get("enduser/dialogs").await.expect(401)), "Bearer");
}

fn base64(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// M-27: what a token lacks stands in the challenge of the 403.
#[tokio::test]
async fn a_token_that_does_not_reach_is_told_what_would() {
    let app = TestApp::start().await;
    let owner = |scopes: &[&str]| app.service_owner("ttd").with_scopes(scopes);
    let missing = fresh_id();
    let dialog = format!("serviceowner/dialogs/{missing}");
    let consumer = json!({ "authority": "iso6523-actorid-upis", "ID": format!("0192:{OWNER_ORGANIZATION}") });
    for (client, path, scope, told) in [
        (owner(&["x"]), dialog.as_str(), Some(OWNER_SCOPE.to_owned()), OWNER_SCOPE),
        (
            owner(&[OWNER_SCOPE]),
            "serviceowner/dialogs",
            Some(format!("{OWNER_SCOPE} {OWNER_SCOPE}.search")),
            "lacks the scope digdir:dialogporten.serviceprovider.search",
        ),
        (
            owner(&[OWNER_SCOPE]),
            "enduser/dialogs?party=x",
            Some("digdir:dialogporten".into()),
            "digdir:dialogporten or digdir:dialogporten.noconsent",
        ),
        (
            app.with_claims(json!({ "scope": SERVICE_OWNER_SCOPES })),
            &dialog,
            Some(OWNER_SCOPE.into()),
            "the token names no organization",
        ),
        (
            app.with_claims(json!({ "scope": "digdir:dialogporten", "consumer": consumer })),
            "enduser/dialogs?party=x",
            None,
            "the token names no known kind of user; this is for Person, SystemUser, IdportenEmailIdentifiedUser",
        ),
        (
            app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364").with_scopes(&[OWNER_SCOPE]),
            &dialog,
            None,
            "the token is of kind SystemUser; this is for ServiceOwner, ServiceOwnerOnBehalfOfPerson",
        ),
    ] {
        let refused = client.get(path).await.expect(403);
        let challenge = challenge(&refused);
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""), "{told}: {challenge}");
        assert!(challenge.contains(told), "{told}: {challenge}");
        let named = scope.as_ref().map(|scope| format!(", scope=\"{scope}\","));
        assert!(named.is_none_or(|named| challenge.contains(&named)), "{scope:?}: {challenge}");
        assert!(!challenge.contains(PERSON) && !challenge.contains(OWNER_ORGANIZATION), "{challenge}");
    }
}

/// M-28: what the contract leaves empty stays empty, unless the client asks for a body.
#[tokio::test]
async fn an_empty_refusal_has_a_body_for_those_who_ask() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialogs = "serviceowner/dialogs";
    for (client, method, path, kind, status, code) in [
        (app.anonymous(), Method::GET, dialogs, None, 401, "token-missing"),
        (app.with_token("x"), Method::GET, dialogs, None, 401, "token-malformed"),
        (owner.clone().with_scopes(&["x"]), Method::GET, dialogs, None, 403, "scope-missing"),
        (app.anonymous(), Method::GET, "nothing", None, 404, "route-unknown"),
        (app.anonymous(), Method::DELETE, dialogs, None, 405, "method-not-allowed"),
        (app.anonymous(), Method::POST, dialogs, Some("text/plain"), 415, "media-type-unsupported"),
        (owner.clone(), Method::POST, dialogs, Some(""), 415, "media-type-unsupported"),
    ] {
        let send = async |client: Client<'_>| {
            client.send_text(method.clone(), path, kind.map(|kind| ("{}", kind))).await.expect(status)
        };
        for wish in ["", "return=minimal", "handling=strict", "respond-async"] {
            let empty = send(client.clone().header("prefer", wish)).await;
            assert_eq!((empty.text.as_str(), empty.header("content-type")), ("", ""), "{code} with {wish}");
        }
        let told = send(client.clone().header("prefer", "return=representation")).await;
        assert_eq!(told.header("content-type"), "application/problem+json; charset=utf-8", "{code}");
        assert_eq!(told.header("preference-applied"), "return=representation", "{code}");
        assert_eq!((&told.body["status"], &told.body["code"]), (&json!(status), &json!(code)));
        assert_eq!(told.body["instance"], format!("/api/v1/{path}"));
        assert!(told.body["hint"].as_str().is_some_and(|hint| hint.len() > 10), "{}", told.text);
        let empty = send(client).await;
        for name in ["www-authenticate", "allow"] {
            assert_eq!(told.header(name), empty.header(name), "{code}: the same headers");
        }
    }
}

/// M-28: ids and revisions that mend a refusal are members of their own.
#[tokio::test]
async fn conflicts_name_what_is_there() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let keyed = simple_dialog().with("idempotentKey", "a-key-of-mine");
    let dialog = owner.creates(keyed.clone()).await;
    let taken = owner.post("serviceowner/dialogs", keyed).await.expect(409);
    assert_eq!((&taken.body["code"], &taken.body["existingId"]), (&json!("idempotent-key-taken"), &json!(dialog)));
    let current = owner.get(&format!("serviceowner/dialogs/{dialog}")).await.expect(200);
    let stale = owner.clone().if_match(&fresh_id().to_string());
    for answer in [
        stale.delete(&format!("serviceowner/dialogs/{dialog}")).await,
        stale.put(&format!("serviceowner/dialogs/{dialog}"), simple_dialog()).await,
        stale.post(&format!("serviceowner/dialogs/{dialog}/activities"), simple_activity("PaymentMade")).await,
    ] {
        let answer = answer.expect(412);
        assert_eq!((&answer.body["code"], answer.body.get("errors")), (&json!("revision-stale"), None));
        assert_eq!(answer.body["currentRevision"], current.etag());
    }
    let labels = format!("serviceowner/dialogs/{dialog}/context/labels");
    let listed = owner.get(&labels).await.expect(200);
    let answer = stale.post(&labels, json!({ "value": "a-label" })).await.expect(412);
    assert_eq!(answer.body["currentRevision"], listed.etag(), "of the context that the request is about");
}

/// M-28: `details` stand in the order of `errors`, one for each text.
#[tokio::test]
async fn every_fault_of_a_list_has_its_code() {
    let app = TestApp::start().await;
    let body = simple_dialog()
        .with("progress", 101)
        .with("party", "urn:altinn:organization:identifier-no:310923045")
        .with("content.title.value.0.languageCode", "no")
        .with("content.summary.mediaType", "text/html");
    let refused = app.service_owner("ttd").post("serviceowner/dialogs", body).await.expect(400);
    let details = refused.body["details"].as_array().unwrap();
    let told: Vec<_> = details.iter().map(|detail| (&detail["path"], &detail["code"])).collect();
    let expected = [
        ("dto.party", "party-check-digit"),
        ("dto.progress", "number-out-of-range"),
        ("dto.content.value[0].languageCode", "language-code-unknown"),
        ("dto.content.mediaType", "media-type-not-allowed"),
    ]
    .map(|(path, code)| (json!(path), json!(code)));
    assert_eq!(told, expected.iter().map(|(path, code)| (path, code)).collect::<Vec<_>>());
    assert_eq!(details[3]["allowed"], json!(["text/plain"]));
    assert_eq!((&refused.body["code"], &refused.body["hint"]), (&details[0]["code"], &details[0]["hint"]));
    assert!(!refused.body["hint"].as_str().unwrap().contains("310923045"), "a hint repeats nobody's number");
}

/// Everything that takes query parameters or a body of the documents, as an administrator or a person may send it.
fn operations() -> Vec<(Method, String, bool)> {
    let shown = [dialogporten::serviceowner::operations(), dialogporten::enduser::operations()].concat();
    shown
        .into_iter()
        .map(|operation| {
            let path: Vec<_> = operation
                .route
                .path
                .split('/')
                .map(|part| match part {
                    "{label}" => "a-label".to_owned(),
                    part if part.starts_with('{') => fresh_id().to_string(),
                    part => part.to_owned(),
                })
                .collect();
            let method = operation.route.method.to_uppercase().parse().unwrap();
            (method, path.join("/"), operation.route.path.starts_with("/api/v1/serviceowner/"))
        })
        .collect()
}

/// M-29: with `handling=strict` an unknown parameter is a 400 on every operation; without, the answer names it.
#[tokio::test]
async fn an_unknown_parameter_does_not_vanish() {
    let app = TestApp::start().await;
    let (owner, person) =
        (app.admin().and_scopes(&["altinn:system/notifications.condition.check"]), app.person(PERSON));
    for (method, path, of_owner) in operations() {
        let client = if of_owner { &owner } else { &person };
        let body = |method: &Method| (*method != Method::GET && *method != Method::DELETE).then(|| json!({}));
        let query = format!("{path}?staus=x&EndUserId=urn:altinn:person:identifier-no:{PERSON}");
        let strict = client.clone().header("prefer", "handling=strict");
        let lenient = client.send(method.clone(), &query, body(&method)).await;
        if lenient.body["errors"]["Type"].is_array() {
            // Acting for somebody turns an administrator into another kind of user, which is refused before.
            continue;
        }
        let named = lenient.header("dialogporten-ignored").split(", ").any(|name| name == "staus");
        assert!(named, "{method} {path}: {:?} {}", lenient.headers, lenient.text);
        assert_eq!(lenient.header("preference-applied"), "");
        let refused = strict.send(method.clone(), &query, body(&method)).await.expect(400);
        let details = refused.body["details"].as_array().unwrap();
        let detail =
            details.iter().find(|detail| detail["path"] == "staus").unwrap_or_else(|| panic!("{}", refused.text));
        assert_eq!(detail["code"], "unknown-parameter", "{method} {path}");
        assert_eq!(refused.header("preference-applied"), "handling=strict", "{method} {path}");
        assert_eq!(refused.errors("EndUserId").len(), usize::from(!of_owner), "{method} {path}: {}", refused.text);
    }
    let strict = person.header("prefer", "handling=strict");
    let refused =
        strict.get(&format!("enduser/dialogs?staus=New&party=urn:altinn:person:identifier-no:{PERSON}")).await;
    let refused = refused.expect(400);
    assert_eq!(refused.body["hint"], "Did you mean `status`?");
    assert_eq!(
        (&refused.body["code"], &refused.body["errors"]["staus"][0]),
        (&json!("unknown-parameter"), &json!("'staus' is no parameter of this operation."),)
    );
    strict.get(&format!("enduser/dialogs?status=New&party=urn:altinn:person:identifier-no:{PERSON}")).await.expect(200);
    let open = app.anonymous().header("prefer", "handling=strict").get("metadata/limits?limit=5").await.expect(400);
    assert_eq!(open.body["code"], "unknown-parameter");
}

/// M-29: the same for members of bodies, wherever they stand.
#[tokio::test]
async fn an_unknown_member_does_not_vanish() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let strict = owner.clone().header("prefer", "handling=strict, return=minimal");
    let sloppy = simple_dialog()
        .with("staus", "New")
        .with("content.titel", text("x"))
        .with("content.title.value.0.language", "nb")
        .with(
            "attachments",
            json!([{ "urls": [{ "url": "https://example.com", "consumerType": "Gui", "mimeType": "x" }] }]),
        );
    let created = owner.post("serviceowner/dialogs", sloppy.clone()).await.expect(201);
    assert_eq!(
        created.header("dialogporten-ignored"),
        "staus, attachments[0].urls[0].mimeType, content.titel, content.title.value[0].language"
    );
    let refused = strict.post("serviceowner/dialogs", sloppy).await.expect(400);
    let told: Vec<_> =
        refused.body["details"].as_array().unwrap().iter().map(|it| (&it["path"], &it["hint"])).collect();
    assert!(told.contains(&(&json!("staus"), &json!("Did you mean `status`?"))), "{}", refused.text);
    assert!(told.contains(&(&json!("content.titel"), &json!("Did you mean `title`?"))), "{}", refused.text);
    assert!(refused.body["details"].as_array().unwrap().iter().all(|it| it["code"] == "unknown-member"));
    let id = created.body.as_str().unwrap().to_owned();
    let dialog = format!("serviceowner/dialogs/{id}");

    // What is known passes, in any letter case, and what a body may say beside what it holds.
    let accepted = strict.post("serviceowner/dialogs", simple_dialog()).await.expect(201);
    assert_eq!(accepted.header("preference-applied"), "handling=strict");
    assert_eq!(accepted.header("dialogporten-ignored"), "");
    strict
        .post(&format!("{dialog}/activities"), simple_activity("PaymentMade").with("IsSilentUpdate", true))
        .await
        .expect(201);
    strict.post(&format!("{dialog}/transmissions"), simple_transmission()).await.expect(201);
    for (path, body, name) in [
        ("activities", simple_activity("PaymentMade").with("transmissionID2", ""), "transmissionID2"),
        ("transmissions", simple_transmission().with("sender.name", "x"), "sender.name"),
        ("context/labels", json!({ "value": "a-label", "label": "x" }), "label"),
    ] {
        let refused = strict.post(&format!("{dialog}/{path}"), body).await.expect(400);
        assert_eq!((&refused.body["code"], refused.errors(name).len()), (&json!("unknown-member"), 1), "{path}");
    }
    let patch = |value: Value| json!([{ "op": "add", "path": "/activities/-", "value": value }]);
    let sloppy = simple_activity("PaymentMade").with("descripton", "x");
    let patched = owner.patch(&dialog, patch(sloppy.clone())).await.expect(204);
    assert_eq!(patched.header("dialogporten-ignored"), "activities[0].descripton");
    let refused = strict.patch(&dialog, patch(sloppy)).await.expect(400);
    assert_eq!(
        (&refused.body["code"], &refused.body["hint"]),
        (&json!("unknown-member"), &json!("Did you mean `description`?"),)
    );
    // Also where a body is not needed.
    owner.delete(&dialog).await.expect(204);
    let restore = format!("{dialog}/actions/restore");
    let refused = strict.post(&restore, json!({ "isSilentUpdat": true })).await.expect(400);
    assert_eq!(refused.body["hint"], "Did you mean `isSilentUpdate`?");
    let restored = owner.post(&restore, json!({ "silent": true })).await.expect(204);
    assert_eq!(restored.header("dialogporten-ignored"), "silent");
    // Reading and sending back names what only reads show.
    let read = owner.get(&dialog).await.expect(200).body;
    let sent_back = read.without("transmissions").without("activities");
    let sent_back = owner.put(&dialog, sent_back).await.expect(204);
    assert!(sent_back.header("dialogporten-ignored").contains("revision"), "{:?}", sent_back.headers);
    assert!(sent_back.header("dialogporten-ignored").len() <= 256);
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Starts with what this test's runtime says under a filter.
    fn under(filter: &str) -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(lines))
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

/// M-30: one line of a refusal says who was refused, by which policy, for which rule, where.
#[tokio::test]
async fn the_log_says_why() {
    let app = TestApp::start().await;
    let (log, _logging) = Log::under("info");
    let owner = app.service_owner("ttd");
    let body = simple_dialog().with("progress", 101).with("staus", "x").with("p08844397713", 1);
    owner.clone().with_scopes(&[OWNER_SCOPE]).get("serviceowner/dialogs").await.expect(403);
    owner.post("serviceowner/dialogs", body).await.expect(400);
    app.person(PERSON).get(&format!("enduser/dialogs/{}", fresh_id())).await.expect(404);
    app.with_token("x").get("enduser/dialogs").await.expect(401);
    let lines = log.take();
    let answered: Vec<_> = lines.lines().filter(|line| line.contains("request answered")).collect();
    for (line, parts) in answered.iter().zip([
        &[
            "caller=\"ServiceOwner 991825827\"",
            "policy=\"serviceproviderSearch\"",
            "code=\"scope-missing\"",
            "digdir:dialogporten.serviceprovider.search",
        ][..],
        &["code=\"number-out-of-range\"", "number-out-of-range at dto.progress", "ignored=\"status?, 1 unknown\""],
        &["caller=\"Person\"", "code=\"dialog-not-found\""],
        &["code=\"token-malformed\"", "the token is malformed"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "{part} is missing in: {line}");
        }
    }
    assert_eq!(answered.len(), 4, "{lines}");
    assert!(!lines.contains(PERSON), "{lines}");
}

/// M-30: `dev` shows a refusal as one readable line, and nothing of what went well.
#[tokio::test]
async fn dev_shows_refusals_in_one_line() {
    let app = TestApp::start().await;
    let (log, _logging) = Log::under(dialogporten::dev::LOG_FILTER);
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    assert_eq!(log.take(), "");
    let path = format!("serviceowner/dialogs/{dialog}/activities");
    owner.post(&path, simple_activity("Unheard")).await.expect(400);
    let line = log.take();
    assert_eq!(line.lines().count(), 1, "{line}");
    let said = "400 POST /api/v1/serviceowner/dialogs/{dialogId}/activities: value-malformed at type: ";
    assert!(line.contains(said) && line.trim_end().ends_with("(ServiceOwner 991825827)"), "{line}");
}

/// M-30: every answer names its trace.
#[tokio::test]
async fn every_answer_names_its_trace() {
    let app = TestApp::start().await;
    let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
    let owner = app.service_owner("ttd").header("traceparent", parent);
    let created = owner.post("serviceowner/dialogs", simple_dialog()).await.expect(201);
    let refused = owner.post("serviceowner/dialogs", json!({})).await.expect(400);
    assert_eq!(refused.header("traceparent"), refused.body["traceId"]);
    for answer in [
        created,
        refused,
        owner.get("nothing").await.expect(404),
        owner.get("/health/liveness").await.expect(200),
        owner.get("/swagger/index.html").await.expect(200),
        owner.send(Method::TRACE, "serviceowner/dialogs", None).await.expect(405),
    ] {
        assert!(answer.header("traceparent").starts_with(&parent[..36]), "{:?}", answer.headers);
    }
    let fresh = app.anonymous().get("metadata/limits").await.expect(200);
    let parts: Vec<_> = fresh.header("traceparent").split('-').map(str::len).collect();
    assert_eq!(parts, [2, 32, 16, 2]);
}

/// M-28: an unknown resource says which of the three reasons it is; a foreign party's number says that it is mistyped.
#[tokio::test]
async fn an_unknown_resource_says_which_of_three_reasons() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&[ADMIN_SCOPE]);
    for (id, told) in [
        ("ttd-no-such-thing", "lists no such resource"),
        ("ttd-wrong-type", "another type"),
        ("ttd-no-owner-number", "without `hasCompetentAuthority.organization`"),
    ] {
        let body = simple_dialog().with("serviceResource", format!("urn:altinn:resource:{id}"));
        let refused = owner.post("serviceowner/dialogs", body).await.expect(422);
        assert_eq!(refused.body["code"], "resource-unknown");
        let hint = refused.body["hint"].as_str().unwrap();
        assert!(hint.contains(told), "{id}: {hint}");
    }
}
