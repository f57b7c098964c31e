//! The platform fails in every way at every call: 502, or what was known not too long ago, never access, never a hang.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Edit, OTHER_PERSON, PERSON, RESOURCE, TestApp, localized, simple_activity, simple_dialog,
};

const DECISION: &str = "/authorization/api/v1/authorize";
const PARTIES: &str = "/accessmanagement/api/v1/resourceowner/authorizedparties";
const REGISTRY: &str = "/resourceregistry/api/v1/resource/resourcelist";
const NAMES: &str = "/register/api/v1/dialogporten/parties/query";
const TOKEN: &str = "/token";
const EXCHANGE: &str = "/authentication/api/v1/exchange/maskinporten";

async fn start() -> TestApp {
    let mut settings = vec![("altinn.retry_delay".to_owned(), "1ms")];
    for cache in ["decisions", "authorized_parties", "resource_list", "party_names"] {
        settings.push((format!("cache.{cache}.soft"), "100ms"));
        settings.push((format!("cache.{cache}.hard"), "1s"));
    }
    let settings: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    TestApp::start_with(&settings).await
}

/// The service keeps what it knows: the tests let it grow old.
async fn faults(app: &TestApp, faults: Value) {
    app.anonymous().put("/sandbox/faults?forget=false", faults).await.expect(200);
}

fn urn(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

/// Everything that can happen to a call.
fn ways() -> Vec<Value> {
    vec![
        json!({"status": 500}),
        json!({"status": 503, "body": {"sorry": true}}),
        json!({"status": 404}),
        json!({"status": 400, "body": "no"}),
        json!({"status": 200, "body": "nonsense"}),
        json!({"status": 200, "body": "Permit"}),
        json!({"status": 200, "body": {}}),
        json!({"status": 200, "body": null}),
        json!({"status": 200, "body": 5}),
        json!({"status": 200, "body": [5]}),
        json!({"status": 200, "body": {"response": "Permit", "data": {}, "access_token": 5}}),
        json!({"status": 200, "body": []}),
        json!({"status": 200, "body": {"response": [], "data": [{"displayName": "a\u{0}b"}]}}),
        json!({"status": 302}),
        json!({"drop": true}),
        json!({"delay_ms": 30_000}),
    ]
}

async fn timed(asking: impl Future<Output = Answer>) -> Answer {
    let began = Instant::now();
    let answer = asking.await;
    // A second for the platform, and some for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(8), "took {:?}: {}", began.elapsed(), answer.text);
    answer
}

/// The requests that ask the platform, each with whom it asks for what, and how old an answer may be.
async fn ask(app: &TestApp, operation: &str, dialog: &str) -> Answer {
    let (user, owner) = (app.person(PERSON), app.service_owner("ttd"));
    let on_behalf = |path: &str| format!("{path}endUserId={}", urn(PERSON));
    let with_actor = simple_dialog().and(
        "activities",
        simple_activity("Information")
            .with("performedBy", json!({"actorType": "PartyRepresentative", "actorId": urn(OTHER_PERSON)})),
    );
    match operation {
        "open" => timed(user.get(&format!("enduser/dialogs/{dialog}"))).await,
        "open for" => timed(owner.get(&on_behalf(&format!("serviceowner/dialogs/{dialog}?")))).await,
        "list" => timed(user.get(&format!("enduser/dialogs?serviceResource={RESOURCE}"))).await,
        "list party" => timed(user.get(&format!("enduser/dialogs?party={}", urn(PERSON)))).await,
        "list for" => timed(owner.get(&on_behalf(&format!("serviceowner/dialogs?party={}&", urn(PERSON))))).await,
        "create" => timed(owner.post("serviceowner/dialogs", simple_dialog())).await,
        "create with actor" => timed(owner.post("serviceowner/dialogs", with_actor)).await,
        other => panic!("{other}"),
    }
}

/// The dialog is shown, and none of what could be done with it.
fn is_closed(answer: &Answer) -> bool {
    let action = &answer.body["guiActions"][0];
    action["isAuthorized"] == false && action["url"] == "urn:dialogporten:unauthorized"
}

/// Once the platform is well again the operation succeeds, at the latest when a call that hangs has been given up.
async fn mended(app: &TestApp, operation: &str, dialog: &str) {
    for _ in 0..5 {
        if ask(app, operation, dialog).await.status.is_success() {
            return;
        }
    }
    panic!("{operation} fails for good");
}

#[tokio::test]
async fn what_the_platform_does_not_say_is_not_allowed() {
    let app = start().await;
    let action =
        json!({"action": "read", "url": "https://example.com", "priority": "Primary", "title": localized("Les")});
    let dialog = app.service_owner("ttd").creates(simple_dialog().and("guiActions", action)).await.to_string();
    for (operation, path, age) in [
        ("open", DECISION, TimeDelta::minutes(31)),
        ("open for", DECISION, TimeDelta::minutes(31)),
        ("open", TOKEN, TimeDelta::hours(2)),
        ("open", EXCHANGE, TimeDelta::hours(2)),
        ("list", PARTIES, TimeDelta::minutes(31)),
        ("list party", PARTIES, TimeDelta::minutes(31)),
        ("list for", PARTIES, TimeDelta::minutes(31)),
        ("create", REGISTRY, TimeDelta::hours(27)),
        ("create with actor", NAMES, TimeDelta::hours(27)),
    ] {
        let ways = ways();
        // The long ones at one call of each kind: they take real time.
        let ways =
            if matches!(operation, "open for" | "list party" | "list for") { &ways[..ways.len() - 1] } else { &ways };
        for way in ways {
            app.clock.advance(age);
            let mut fault = way.clone();
            fault["path"] = path.into();
            faults(&app, json!([fault])).await;
            let answer = ask(&app, operation, &dialog).await;
            // Nobody in the lists is an answer, too, where one party was asked for; likewise a register without a name.
            let denied = answer.status == 502
                || answer.status == 200 && answer.body["items"] == json!([])
                || answer.status == 422 && !answer.errors("ActorId").is_empty()
                // Nothing was decided, so nothing is permitted; lists show the dialog, so it opens.
                || operation == "open" && answer.status == 200 && way["body"]["response"] == json!([]) && is_closed(&answer)
                || operation == "open for" && answer.status == 404;
            assert!(denied, "{operation}, {way} at {path}: {} {}", answer.status, answer.text);
            if answer.status == 502 {
                assert_eq!(answer.body["title"], "Bad gateway.");
                assert_eq!(answer.header("cache-control"), "no-cache,no-store");
            }
            faults(&app, json!([])).await;
        }
        mended(&app, operation, &dialog).await;
    }
}

/// What was known stands in until it is too old, at once or after the short wait.
#[tokio::test]
async fn what_was_known_stands_in_for_a_while() {
    let app = start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await.to_string();
    for (operation, path, fresh, stale) in [
        ("open", DECISION, TimeDelta::minutes(15), TimeDelta::minutes(30)),
        ("list", PARTIES, TimeDelta::minutes(15), TimeDelta::minutes(30)),
        ("create", REGISTRY, TimeDelta::minutes(20), TimeDelta::hours(26)),
        ("create with actor", NAMES, TimeDelta::hours(24), TimeDelta::hours(26)),
    ] {
        for way in [
            json!({"status": 500}),
            json!({"status": 200, "body": "nonsense"}),
            json!({"drop": true}),
            json!({"delay_ms": 20_000}),
        ] {
            // Everything is asked anew, so that the age is known.
            app.clock.advance(stale + TimeDelta::minutes(1));
            mended(&app, operation, &dialog).await;
            let mut fault = way.clone();
            fault["path"] = path.into();
            faults(&app, json!([fault])).await;
            app.clock.advance(fresh + TimeDelta::minutes(1));
            let answer = ask(&app, operation, &dialog).await;
            assert!(answer.status.is_success(), "{operation}, {way}: {} {}", answer.status, answer.text);
            app.clock.advance(stale - fresh);
            assert_eq!(ask(&app, operation, &dialog).await.status, 502, "{operation}, {way}: too old");
            faults(&app, json!([])).await;
        }
    }
}

/// Issuers: a token of one that does not answer is a 502, also if its keys are nonsense; known keys go on for a day.
#[tokio::test]
async fn issuers_that_fail_let_nobody_in() {
    let app = start().await;
    for way in ways().into_iter().filter(|way| way.get("delay_ms").is_none()) {
        app.clock.advance(TimeDelta::hours(25));
        let mut fault = way.clone();
        fault["path"] = "/sandbox/issuers".into();
        faults(&app, json!([fault])).await;
        let answer = timed(app.person(PERSON).get(&format!("enduser/dialogs?party={}", urn(PERSON)))).await;
        assert!(matches!(answer.status.as_u16(), 401 | 502), "{way}: {} {}", answer.status, answer.text);
        faults(&app, json!([])).await;
    }
}

/// However many wait for the platform: nobody holds a connection to the database meanwhile, and others are served.
#[tokio::test]
async fn waiting_for_the_platform_holds_up_nobody_else() {
    let app = start().await;
    let (user, owner) = (app.person(PERSON), app.service_owner("ttd"));
    let mut dialogs = Vec::new();
    for _ in 0..40 {
        dialogs.push(owner.creates(simple_dialog()).await);
    }
    let slow = json!({"path": DECISION, "delay_ms": 20_000});
    let nameless = json!({"path": NAMES, "delay_ms": 20_000});
    faults(&app, json!([slow, nameless])).await;
    let opening = futures_util::future::join_all(dialogs.iter().map(|dialog| {
        let (user, path) = (user.clone(), format!("enduser/dialogs/{dialog}"));
        async move { user.get(&path).await }
    }));
    let creating = futures_util::future::join_all((0..20).map(|_| ask(&app, "create with actor", "")));
    let others = async {
        let mut longest = Duration::ZERO;
        for _ in 0..10 {
            let began = Instant::now();
            owner.get("serviceowner/dialogs?limit=1").await.expect(200);
            longest = longest.max(began.elapsed());
        }
        longest
    };
    let (opened, created, longest) = futures_util::future::join3(opening, creating, others).await;
    assert!(opened.iter().chain(&created).all(|answer| answer.status == 502));
    // Far less than the second that the others wait, but the machine is busy with them.
    assert!(longest < Duration::from_secs(3), "{longest:?}");
}
