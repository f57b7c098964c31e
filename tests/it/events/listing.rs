//! The outbox as those who run the service see it: by command and, what is parked, over HTTP.

use std::process::{Command, Output};

use serde_json::Value;

use super::endpoint::Endpoint;
use crate::harness::{TestApp, simple_activity, simple_dialog};

fn run(app: &TestApp, arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(["events", "--json", "--database-url", &app.database_url()])
        .args(arguments)
        .env_remove("DATABASE_URL")
        .output();
    program.expect("the program runs")
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(found: &[Value]) -> Vec<&str> {
    found.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

/// Chapter 11 §5: what is listed can be narrowed; what is parked is named with its reason, and goes out again when somebody
/// says so.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_and_delivered_again() {
    let endpoint = Endpoint::start().await;
    let app = TestApp::start_with(&[("altinn.events_base_uri", endpoint.url.as_str())]).await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    owner.post(&format!("serviceowner/dialogs/{dialog}/activities"), simple_activity("PaymentMade")).await.expect(201);
    owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let all = lines(&run(&app, &["list"]));
    let (created, updated) = ("dialogporten.dialog.created.v1", "dialogporten.dialog.updated.v1");
    let paid = "dialogporten.dialog.activity.payment-made.v1";
    assert_eq!(types(&all), [created, updated, paid, created]);
    let members: Vec<&str> = all[0].as_object().unwrap().keys().map(String::as_str).collect();
    for name in ["seq", "id", "type", "time", "dialogId", "state", "attempts"] {
        assert!(members.contains(&name), "{name} in {members:?}");
    }
    assert_eq!((&all[0]["state"], &all[3]["state"]), (&"pending".into(), &"silent".into()));
    let one = dialog.to_string();
    assert_eq!(types(&lines(&run(&app, &["list", "--dialog", &one, "--type", paid]))), [paid]);
    assert_eq!(types(&lines(&run(&app, &["list", "--limit", "1"]))), [created]);
    assert_eq!(lines(&run(&app, &["list", "--state", "delivered"])), Vec::<Value>::new());
    assert_eq!(run(&app, &["list", "--state", "lost"]).status.code(), Some(2));
    assert_eq!(run(&app, &["list", "--type", "nothing"]).status.code(), Some(1));

    sqlx::query("update outbox set parked_at = now(), attempts = 30, last_error = 'answered with status 500' where not is_silent")
        .execute(&app.db)
        .await
        .unwrap();
    app.service_owner("ttd").get("serviceowner/events/parked").await.expect(403);
    let parked = app.admin().get("serviceowner/events/parked?limit=2").await.expect(200).body;
    assert_eq!(parked["items"].as_array().unwrap().len(), 2);
    assert_eq!((&parked["hasMore"], &parked["items"][0]["attempts"]), (&true.into(), &30.into()));
    assert_eq!(parked["items"][0]["lastError"], "answered with status 500");
    app.admin().get("serviceowner/events/parked?limit=0").await.expect(400);
    let replay = format!("serviceowner/events/parked/actions/replay?dialogId={dialog}");
    let replayed = app.admin().post(&replay, None).await.expect(200).body;
    assert_eq!((&replayed["replayed"], &replayed["hasMore"]), (&3.into(), &false.into()));
    let _delivery = app.delivers();
    endpoint.until(|received| received.len() == 3).await;

    // Nobody is at the terminal, and nobody said that it is meant.
    let refused = run(&app, &["replay", "--dialog", &one]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--yes"));
    let none = run(&app, &["replay", "--parked", "--yes"]);
    assert_eq!(lines(&none), Vec::<Value>::new(), "for programs, nothing is no line");
    assert!(String::from_utf8_lossy(&none.stderr).contains("0 events to deliver again"));
    super::in_time(async {
        // What was delivered is noted a moment after it arrived.
        loop {
            let again = lines(&run(&app, &["replay", "--dialog", &one, "--yes"]));
            if again.len() == 3 {
                assert_eq!(types(&again), [created, updated, paid], "in their order");
                assert!(again.iter().all(|event| event["state"] == "pending" && event["attempts"] == 0));
                break;
            }
        }
    })
    .await;
    app.service.signal.written();
    endpoint.until(|received| received.len() >= 6).await;
    assert_eq!(endpoint.taken(dialog.0).len(), 3, "the same events again, with the same ids");
    assert_eq!(run(&app, &["replay", "--yes"]).status.code(), Some(2), "everything is not meant by saying nothing");
}
