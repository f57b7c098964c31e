//! Spot checks of docs/operations/faults.md, which `scripts/faults` prints: with nothing at hand, what each part of the platform
//! is needed for is refused while that part is in trouble, all else is answered, and readiness does not move.

use serde_json::{Value, json};

use crate::harness::{Edit, PERSON, TestApp, simple_dialog};

const DECISIONS: &str = "/authorization";
const PARTIES: &str = "/accessmanagement/api/v1/resourceowner";

#[tokio::test]
async fn what_needs_the_platform_is_refused_and_recovers_alone() {
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let owner = app.service_owner("ttd");
    let party = simple_dialog()["party"].as_str().unwrap().to_owned();
    let list = format!("enduser/dialogs?party={party}&limit=5");
    for (path, fault) in [DECISIONS, PARTIES].into_iter().flat_map(|path| troubles().map(|fault| (path, fault))) {
        let dialog = owner.creates(simple_dialog()).await;
        let (read, person) = (format!("enduser/dialogs/{dialog}"), app.person(PERSON));
        app.service.altinn.forget_all();
        app.anonymous().put("/sandbox/faults", json!([fault.clone().with("path", path)])).await.expect(200);

        let (reading, listing) = (person.get(&read).await, person.get(&list).await);
        let (failed, answered) = if path == DECISIONS { (reading, listing) } else { (listing, reading) };
        assert_eq!(failed.status, 502, "{path} {fault}: {}", failed.text);
        assert_eq!(failed.body["code"], "platform-failed", "{path} {fault}");
        answered.expect(200);
        owner.get(&format!("serviceowner/dialogs/{dialog}")).await.expect(200);
        owner.creates(simple_dialog()).await;
        app.anonymous().get("/health/readiness").await.expect(200);

        app.anonymous().delete("/sandbox/faults").await.expect(204);
        person.get(&read).await.expect(200);
        person.get(&list).await.expect(200);
    }
}

fn troubles() -> [Value; 3] {
    [json!({"status": 503}), json!({"drop": true}), json!({"status": 200, "body": "nonsense"})]
}
