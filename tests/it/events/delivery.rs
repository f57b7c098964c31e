//! Delivery to the event endpoint: what arrives, in which order, and what becomes of what is not taken.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::TimeDelta;
use dialogporten::{clock::Clock, dev::certificates::Authority, domain::ids::DialogId};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{
    endpoint::{Answers, Endpoint, Received},
    in_time,
};
use crate::harness::{Edit, PERSON, TestApp, simple_activity, simple_dialog, simple_transmission};

async fn started(endpoint: &Endpoint, settings: &[(&str, &str)]) -> TestApp {
    let mut all = vec![("altinn.events_base_uri", endpoint.url.as_str())];
    all.extend(settings);
    TestApp::start_with(&all).await
}

fn about(received: &[Received], dialog: DialogId) -> Vec<String> {
    let of_it = received.iter().filter(|it| it.event["resourceinstance"] == dialog.to_string());
    of_it.map(|it| it.event["type"].as_str().unwrap().to_owned()).collect()
}

/// Rows of the outbox that are loud and neither delivered nor parked.
async fn waiting(app: &TestApp) -> i64 {
    let sql = "select count(*) from outbox where delivered_at is null and parked_at is null and not is_silent";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

async fn until_none_waits(app: &TestApp) {
    in_time(async { while waiting(app).await > 0 {} }).await;
}

/// EV-001, EV-008, EV-009, EV-011, EV-012
#[tokio::test]
async fn what_happened_arrives_as_the_contract_has_it() {
    let endpoint = Endpoint::start().await;
    let app = started(&endpoint, &[("altinn.subscription_key", "secret")]).await;
    let _delivery = app.delivers();
    let owner = app.service_owner("ttd");
    let hidden = simple_dialog().with("visibleFrom", "2099-01-01T00:00:00Z").with("process", "urn:case:7");
    let hidden = owner.creates(hidden).await;
    let passing = owner.creates(simple_dialog().with("expiresAt", "2098-01-01T00:00:00Z")).await;
    let silent = owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let dialog = owner.creates(simple_dialog().with("process", "urn:case:8")).await;
    let activity = Uuid::now_v7();
    let paid = simple_activity("PaymentMade").with("id", activity.to_string()).with("extendedType", "urn:paid?a=b&c");
    owner.post(&format!("serviceowner/dialogs/{dialog}/activities"), paid).await.expect(201);
    app.person(PERSON).opens(dialog).await;
    app.person(PERSON).opens(dialog).await;
    let labels = json!({"addLabels": ["Archive"]});
    app.person(PERSON).put(&format!("enduser/dialogs/{dialog}/context/systemlabels"), labels).await.expect(204);
    let label = json!({"value": "a-label"});
    owner.post(&format!("serviceowner/dialogs/{dialog}/context/labels"), label).await.expect(204);
    let with_message = owner.creates(simple_dialog()).await;
    let message = Uuid::now_v7();
    let sent = simple_transmission().with("id", message.to_string());
    owner.post(&format!("serviceowner/dialogs/{with_message}/transmissions"), sent).await.expect(201);
    let received =
        endpoint.until(|received| about(received, dialog).len() >= 5 && about(received, with_message).len() >= 3).await;
    until_none_waits(&app).await;

    assert!(received.iter().all(|it| it.content_type == "application/cloudevents+json" && it.has_token));
    for it in &received {
        let places = ["specversion", "id", "type", "time", "resource", "resourceinstance", "subject", "source"]
            .map(|member| it.text.find(&format!("\"{member}\":")).unwrap_or_else(|| panic!("{member} in {}", it.text)));
        assert!(places.is_sorted() && it.text.find("\"data\":").is_none_or(|data| data > places[7]), "{}", it.text);
        let count = it.event.as_object().unwrap().len();
        assert_eq!(count, 8 + usize::from(it.event.get("data").is_some()), "{}", it.text);
        let person = format!("urn:altinn:person:identifier-no:{PERSON}");
        assert_eq!((&it.event["resource"], &it.event["subject"]), (&json!(crate::harness::RESOURCE), &json!(person)));
    }
    // EV-007
    let sent = received.iter().find(|it| it.event["type"] == "dialogporten.dialog.transmission.created.v1").unwrap();
    assert_eq!(sent.event["data"]["senderType"], "ServiceOwner", "{}", sent.text);
    assert!(sent.event["source"].as_str().unwrap().ends_with(&format!("/transmissions/{message}")), "{}", sent.text);
    assert_eq!(about(&received, hidden), ["dialogporten.dialog.created.v1"]);
    assert_eq!(about(&received, DialogId(silent.body.as_str().unwrap().parse().unwrap())), [""; 0]);
    let types = [
        "dialogporten.dialog.created.v1",
        "dialogporten.dialog.updated.v1",
        "dialogporten.dialog.activity.payment-made.v1",
        "dialogporten.dialog.updated.v1",
        "dialogporten.dialog.seen.v1",
    ];
    assert_eq!(about(&endpoint.received(), dialog), types);
    let sent = received.iter().find(|it| it.event["type"] == types[2]).unwrap();
    let root = app.config.dialogporten.root();
    let expected = format!(
        r#"{{"specversion":"1.0","id":{},"type":"{}","time":{},"resource":"{}","resourceinstance":"{dialog}","subject":"{}","source":"{root}/api/v1/enduser/dialogs/{dialog}/activities/{activity}","data":{{"activityId":"{activity}","extendedActivityType":"urn:paid?a=b&c","process":"urn:case:8"}}}}"#,
        sent.event["id"],
        types[2],
        sent.event["time"],
        crate::harness::RESOURCE,
        sent.event["subject"].as_str().unwrap(),
    );
    assert_eq!(sent.text, expected);
    assert!(sent.event["time"].as_str().unwrap().ends_with("+00:00"), "{}", sent.text);
    let seen = received.iter().find(|it| it.event["type"] == types[4]).unwrap();
    assert!(!seen.text.contains(PERSON) || seen.event["subject"].as_str().unwrap().ends_with(PERSON), "{}", seen.text);

    // Neither becoming visible nor expiring is told: what is raised after both arrives, and nothing before it.
    app.clock.set("2100-01-01T00:00:00Z".parse().unwrap());
    app.person(PERSON).get(&format!("enduser/dialogs/{passing}")).await.expect(404);
    let later = owner.creates(simple_dialog()).await;
    endpoint.until(|received| !about(received, later).is_empty()).await;
    until_none_waits(&app).await;
    for quiet in [hidden, passing] {
        assert_eq!(about(&endpoint.received(), quiet), ["dialogporten.dialog.created.v1"]);
    }
}

/// EV-006: a loud dialog's event that was raised after all of the silent ones arrives; of the silent ones none ever does.
#[tokio::test]
async fn of_silent_writes_nothing_is_sent() {
    let endpoint = Endpoint::start().await;
    let app = started(&endpoint, &[]).await;
    let _delivery = app.delivers();
    let owner = app.service_owner("ttd");
    let created = owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let dialog = DialogId(created.body.as_str().unwrap().parse().unwrap());
    let path = format!("serviceowner/dialogs/{dialog}");
    let update = simple_dialog()
        .with("progress", 1)
        .and("transmissions", simple_transmission())
        .and("activities", simple_activity("PaymentMade"));
    owner.put(&format!("{path}?isSilentUpdate=true"), update).await.expect(204);
    let patch = json!([{"op": "replace", "path": "/progress", "value": 2}]);
    owner.patch(&format!("{path}?isSilentUpdate=true"), patch).await.expect(204);
    owner.delete(&format!("{path}?isSilentUpdate=true")).await.expect(204);
    owner.post(&format!("{path}/actions/restore?isSilentUpdate=true"), None).await.expect(204);
    owner.post(&format!("{path}/actions/purge?isSilentUpdate=true"), None).await.expect(204);
    assert!(!app.raised_events(dialog).await.is_empty(), "what is silent is kept for those who ask for it");
    let loud = owner.creates(simple_dialog()).await;
    endpoint.until(|received| !about(received, loud).is_empty()).await;
    until_none_waits(&app).await;
    assert_eq!(about(&endpoint.received(), dialog), [""; 0]);
    assert_eq!(endpoint.received().len(), 1);
}

/// Each dialog's events arrive in the order in which they were raised, each once, although two instances deliver.
#[tokio::test]
async fn several_instances_keep_each_dialogs_order() {
    let endpoint = Endpoint::start().await;
    let app = started(&endpoint, &[]).await;
    let _deliveries = [app.delivers(), app.delivers()];
    let owner = app.service_owner("ttd");
    let mut dialogs = Vec::new();
    for n in 0..6 {
        dialogs.push(owner.creates(simple_dialog().and("transmissions", simple_transmission())).await);
        for dialog in &dialogs {
            let change = json!([{"op": "replace", "path": "/progress", "value": n + 1}]);
            owner.patch(&format!("serviceowner/dialogs/{dialog}"), change).await.expect(204);
        }
    }
    until_none_waits(&app).await;
    let received = endpoint.received();
    for dialog in dialogs {
        let raised: Vec<Uuid> = sqlx::query_scalar("select event_id from outbox where dialog_id = $1 order by seq")
            .bind(dialog)
            .fetch_all(&app.db)
            .await
            .unwrap();
        let of_it = received.iter().filter(|it| it.event["resourceinstance"] == dialog.to_string());
        let arrived: Vec<Uuid> = of_it.map(|it| it.event["id"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(arrived, raised);
    }
}

/// EV-010: it is sent again with its id, about thirty times within half an hour, and parked then; other dialogs are not held
/// back, and after that neither are its own later events.
#[tokio::test]
async fn what_is_not_taken_is_tried_again_and_parked_in_the_end() {
    let endpoint = Endpoint::start().await;
    let app = started(&endpoint, &[]).await;
    app.clock.set_frozen(true);
    let owner = app.service_owner("ttd");
    let refused = owner.creates(simple_dialog()).await;
    let patch = json!([{"op": "replace", "path": "/progress", "value": 1}]);
    owner.patch(&format!("serviceowner/dialogs/{refused}"), patch.clone()).await.expect(204);
    endpoint.answers(Some(refused.0), Answers::Status(500));
    let delivery = app.delivers();
    let other = owner.creates(simple_dialog()).await;
    endpoint.until(|received| about(received, other).len() == 1).await;

    let began = app.clock.now();
    for attempts in 1..=30 {
        let count = |received: &[Received]| about(received, refused).len() >= attempts;
        in_time(async {
            while !count(&endpoint.received()) {
                let due: Option<chrono::DateTime<chrono::Utc>> = sqlx::query_scalar(
                    "select min(due_at) from outbox where dialog_id = $1 and attempts > 0 and parked_at is null and leased_until is null",
                )
                .bind(refused)
                .fetch_one(&app.db)
                .await
                .unwrap();
                if let Some(due) = due.filter(|due| *due > app.clock.now()) {
                    app.clock.advance(due - app.clock.now());
                    app.service.signal.written();
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let took = app.clock.now() - began;
    assert!((TimeDelta::minutes(31)..TimeDelta::minutes(40)).contains(&took), "{took}");
    // Parked, so that its second event goes on, and is not taken either.
    endpoint.until(|received| about(received, refused).last().is_some_and(|last| last.ends_with("updated.v1"))).await;
    let tried: Vec<String> = about(&endpoint.received(), refused);
    assert_eq!(tried.iter().filter(|kind| kind.ends_with("created.v1")).count(), 30);
    let ids: std::collections::HashSet<String> = endpoint
        .received()
        .iter()
        .filter(|it| {
            it.event["resourceinstance"] == refused.to_string()
                && it.event["type"].as_str().unwrap().ends_with("created.v1")
        })
        .map(|it| it.event["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "the same event, with the same id");
    let (attempts, error): (i16, String) =
        sqlx::query_as("select attempts, last_error from outbox where dialog_id = $1 and parked_at is not null")
            .bind(refused)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!((attempts, error.as_str()), (30, "answered with status 500"));
    delivery.stopped().await;
    let leased: i64 = sqlx::query_scalar("select count(*) from outbox where leased_until is not null")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(leased, 0, "whoever stops leaves nothing leased");
}

/// Whatever an endpoint does instead of taking an event, the event stays, and arrives once it is taken.
#[tokio::test]
async fn no_answer_but_yes_counts() {
    let endpoint = Endpoint::start().await;
    let app = started(&endpoint, &[("events.patience", "500ms")]).await;
    let owner = app.service_owner("ttd");
    let answers = [
        Answers::Redirect,
        Answers::Status(400),
        Answers::Status(401),
        Answers::Status(429),
        Answers::Status(503),
        Answers::Nothing,
        Answers::HangsUp,
    ];
    let mut dialogs = Vec::new();
    for answer in answers {
        let dialog = owner.creates(simple_dialog()).await;
        endpoint.answers(Some(dialog.0), answer);
        dialogs.push(dialog);
    }
    let _delivery = app.delivers();
    endpoint.until(|received| dialogs.iter().all(|dialog| !about(received, *dialog).is_empty())).await;
    // A yes whose end never comes is a yes.
    let endless = owner.creates(simple_dialog()).await;
    endpoint.answers(Some(endless.0), Answers::Endless);
    endpoint.until(|received| !about(received, endless).is_empty()).await;
    assert!(waiting(&app).await >= 6, "what hung up after its yes may count as one; all others wait");
    endpoint.recovers();
    // However often each was tried meanwhile.
    app.clock.advance(TimeDelta::hours(1));
    app.service.signal.written();
    until_none_waits(&app).await;
    for dialog in dialogs {
        assert_eq!(endpoint.taken(dialog.0).len(), 1);
    }
}

/// An endpoint that cannot show who it is gets nothing, and the event stays.
#[tokio::test]
async fn a_wrong_certificate_gets_no_event() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("authority-{}", Uuid::new_v4()));
    let tls = Authority::of(&folder).unwrap().acceptor(None, Clock::system().now()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let (arrived, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (noted, met) = (arrived.clone(), seen.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            met.store(true, Ordering::Relaxed);
            // Whoever believes the certificate ends the handshake.
            noted.fetch_or(tls.accept(stream).await.is_ok(), Ordering::Relaxed);
        }
    });
    let app = TestApp::start_with(&[("altinn.events_base_uri", url.as_str()), ("events.patience", "2s")]).await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let _delivery = app.delivers();
    let sql = "select last_error from outbox where dialog_id = $1 and attempts > 0 and delivered_at is null";
    let error: String = in_time(async {
        loop {
            let found = sqlx::query_scalar(sql).bind(dialog).fetch_optional(&app.db).await.unwrap();
            if let Some(error) = found {
                return error;
            }
        }
    })
    .await;
    assert!(error.contains("publish event"), "{error}");
    assert!(seen.load(Ordering::Relaxed) && !arrived.load(Ordering::Relaxed), "{error}");
}
