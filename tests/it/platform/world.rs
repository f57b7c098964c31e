//! The expectations of the test world, seen through the service: its owner creates the dialogs, everybody reads what they may.

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use crate::harness::{Client, Edit, TestApp, simple_dialog, simple_transmission};

const TESTS: &str = "ttd-dialogporten-automated-tests";
const TESTS_2: &str = "ttd-dialogporten-automated-tests-2";
const CORRESPONDENCE: &str = "ttd-dialogporten-automated-tests-correspondence";
const HIGH: &str = "ttd-dialogporten-transmissions-test";
const SYSTEM_USER_1: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
const SYSTEM_USER_2: &str = "54cb69df-3d8a-4432-804e-742e40de6211";
const EMAIL: &str = "test@test.no";

/// What becomes of a reader.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Reads it, and finds it in lists.
    Opens,
    /// Has the right to it, after a login of a higher level; finds it in lists, without what needs the level.
    NeedsLevel,
    /// Neither reads nor finds it.
    Refused,
}
use Outcome::{NeedsLevel, Opens, Refused};

/// A number of 11 digits is a person's, one of 9 an organization's.
fn urn(party: &str) -> String {
    match party.len() {
        _ if party.contains('@') => format!("urn:altinn:person:idporten-email:{party}"),
        9 => format!("urn:altinn:organization:identifier-no:{party}"),
        _ => format!("urn:altinn:person:identifier-no:{party}"),
    }
}

fn caller<'a>(app: &'a TestApp, who: &str) -> Client<'a> {
    match who {
        _ if who.contains('@') => app.email(who),
        _ if who.contains('-') => app.system_user(who),
        _ => app.person(who),
    }
}

fn dialog(resource: &str, party: &str) -> Value {
    simple_dialog().with("serviceResource", format!("urn:altinn:resource:{resource}")).with("party", urn(party))
}

async fn lists(client: &Client<'_>, id: DialogId, party: &str) -> bool {
    let page = client.get(&format!("enduser/dialogs?party={}", urn(party))).await.expect(200).body;
    let items = page["items"].as_array().expect("items");
    items.iter().any(|item| item["id"] == id.to_string())
}

async fn meets(app: &TestApp, who: &str, resource: &str, party: &str) -> Outcome {
    let id = app.service_owner("ttd").creates(dialog(resource, party)).await;
    let client = caller(app, who);
    let answer = client.get(&format!("enduser/dialogs/{id}")).await;
    let outcome = match (answer.status.as_u16(), answer.errors("Forbidden").as_slice()) {
        (200, _) => Opens,
        (403, ["Forbidden"]) => Refused,
        (403, ["Altinn authentication level too low."]) => NeedsLevel,
        _ => panic!("{who} with {resource} of {party}: {} {}", answer.status, answer.text),
    };
    assert_eq!(lists(&client, id, party).await, outcome != Refused, "{who} lists {resource} of {party}");
    outcome
}

#[tokio::test]
async fn everybody_reads_what_the_world_says() {
    let app = TestApp::start().await;
    let (me, second, third, foreign) = ("08844397713", "13838599936", "27069815400", "08895699684");
    let mut table = vec![
        (me, TESTS, me, Opens),
        (me, TESTS_2, me, Opens),
        (me, CORRESPONDENCE, me, Opens),
        (me, HIGH, me, NeedsLevel),
        (me, "ttd-altinn-events-automated-tests", me, Refused),
        (second, TESTS, second, Opens),
        (SYSTEM_USER_1, TESTS, "310057223", Opens),
        (SYSTEM_USER_1, TESTS, me, Refused),
        (SYSTEM_USER_1, TESTS, "437454302", Refused),
        (SYSTEM_USER_1, TESTS, "313006425", Refused),
        (SYSTEM_USER_1, TESTS_2, "310057223", Refused),
        (SYSTEM_USER_2, TESTS_2, "313006425", Opens),
        (SYSTEM_USER_2, TESTS, "310057223", Refused),
        (SYSTEM_USER_2, TESTS, "313006425", Refused),
        ("17874490091", "ttd-two-parties-a", "319900012", Opens),
        ("17874490091", "ttd-two-parties-a", "319900020", Refused),
        ("17874490091", "ttd-two-parties-b", "319900012", Refused),
        ("17874490091", "ttd-two-parties-b", "319900020", Opens),
        (EMAIL, TESTS, EMAIL, NeedsLevel),
    ];
    for resource in [TESTS, TESTS_2, CORRESPONDENCE, HIGH, "ttd-level-3", "ttd-no-level"] {
        table.extend([foreign, second, "991825827", "310057223"].map(|party| (me, resource, party, Refused)));
        table.extend([second, third, foreign].map(|who| (who, resource, me, Refused)));
    }
    for (who, resource, party, expected) in table {
        assert_eq!(meets(&app, who, resource, party).await, expected, "{who} with {resource} of {party}");
    }

    // What the level was all that was missing for.
    let id = app.service_owner("ttd").creates(dialog(HIGH, me)).await;
    app.person(me).level(4).opens(id).await;
}

/// Whether each of the actions is the reader's, by its number.
fn authorized(dialog: &Value, list: &str) -> Vec<bool> {
    dialog[list].as_array().expect(list).iter().map(|item| item["isAuthorized"] == true).collect()
}

fn action(name: &str, attribute: Option<&str>) -> Value {
    json!({
        "action": name,
        "authorizationAttribute": attribute,
        "url": "https://example.com/gui",
        "priority": "Tertiary",
        "title": [{"languageCode": "nb", "value": name}],
    })
}

#[tokio::test]
async fn actions_and_parts_are_judged_one_by_one() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");

    // The default person: its own dialog, an action that nobody has, a part that nobody has.
    let parts = ["element1", "elementius", "someunavailablesubresource"]
        .map(Some)
        .map(|part| simple_transmission().with("authorizationAttribute", part));
    let mine = dialog(TESTS, "08844397713")
        .and("guiActions", action("some_unauthorized_action", None))
        .and("guiActions", action("sign", None))
        .with("transmissions", parts.to_vec());
    let mine = app.person("08844397713").opens(owner.creates(mine).await).await;
    assert_eq!(authorized(&mine, "guiActions"), [false, true]);
    let mut open = 0;
    for transmission in mine["transmissions"].as_array().expect("a list") {
        let part = transmission["authorizationAttribute"].as_str().expect("an attribute");
        assert_eq!(transmission["isAuthorized"], part != "someunavailablesubresource", "{part}");
        open += 1;
    }
    assert_eq!(open, 3);

    // Persons with one right each for the same organization.
    let theirs = dialog(TESTS, "319900004")
        .and("guiActions", action("sign", None))
        .and("guiActions", action("write", None))
        .and("guiActions", action("read", None))
        .and("guiActions", action("gui_action", Some("urn:altinn:resource:gui-action-1")))
        .and("guiActions", action("gui_action", Some("urn:altinn:resource:gui-action-2")));
    let theirs = owner.creates(theirs).await;
    for (who, expected) in [
        ("01817090067", [true, false, false, false, false]),
        ("12826590023", [false, true, false, false, false]),
        // Sees the dialog only because lists show it.
        ("21857890016", [false, false, false, true, false]),
    ] {
        let client = app.person(who);
        assert_eq!(authorized(&client.opens(theirs).await, "guiActions"), expected, "{who}");
        assert!(lists(&client, theirs, "319900004").await, "{who}");
    }
}

/// Chapter 09 §7: who may represent whom, in the platform's order.
#[tokio::test]
async fn delegations_count_for_what_they_name() {
    let app = TestApp::start().await;
    let outcomes = [
        // A package, a resource, and neither.
        ("23849290045", "ttd-delegated", "319900012", Opens),
        ("09865590048", "ttd-delegated", "319900012", Opens),
        ("05838090011", "ttd-delegated", "319900012", Refused),
        // A deleted organization is still led by somebody; of a parent nothing comes to those who have only its sub-unit.
        ("06889090039", TESTS, "319900039", Opens),
        ("06889090039", TESTS, "319900047", Refused),
        ("06889090039", TESTS, "319900055", Opens),
        // What a parent's leader may do in a sub-unit.
        ("08844397713", TESTS, "315010195", Opens),
    ];
    for (who, resource, party, expected) in outcomes {
        assert_eq!(meets(&app, who, resource, party).await, expected, "{who} with {resource} of {party}");
    }

    let instance = "urn:altinn:integration:storage:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
    let label = |dialog: Value| dialog.with("serviceOwnerContext.serviceOwnerLabels", json!([{"value": instance}]));
    let id = app.service_owner("ttd").creates(label(dialog("ttd-delegated", "319900012"))).await;
    let client = app.person("05838090011");
    client.opens(id).await;
    assert!(lists(&client, id, "319900012").await);
}
