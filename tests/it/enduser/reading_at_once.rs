//! Many readers at once, while the dialog is updated, marked and purged: at most one entry for each reader and state, exactly
//! one event for each entry, no 500, no lost label.

use std::collections::HashMap;

use dialogporten::domain::{ids::DialogId, party::is_person_number};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{ORGANIZATION, PERSON, TestApp, bare, simple_dialog, simple_dialog_for};

/// With enough connections that requests meet in the database.
const CONNECTIONS: (&str, &str) = ("database.max_connections", "12");

/// Made-up people who lead [`ORGANIZATION`].
fn leaders(count: usize) -> (Vec<String>, Value) {
    let numbers = (0..).map(|n| format!("018190{n:05}")).filter(|number| is_person_number(number));
    let numbers: Vec<String> = numbers.take(count).collect();
    let people: Vec<Value> =
        numbers.iter().enumerate().map(|(n, id)| json!({ "id": id, "name": format!("LESER NR{n}") })).collect();
    let grants: Vec<Value> = numbers
        .iter()
        .map(
            |id| json!({ "to": format!("person:{id}"), "for": format!("organization:{ORGANIZATION}"), "role": "dagl" }),
        )
        .collect();
    (numbers, json!({ "people": people, "grants": grants }))
}

/// At most one entry per reader and id, and of each entry exactly one event, with its id; returns how many there are.
async fn entries_match_events(app: &TestApp, dialog: DialogId) -> usize {
    let entries: Vec<(Uuid, String)> = sqlx::query_as("select id, actor_id from dialog_seen where dialog_id = $1")
        .bind(dialog)
        .fetch_all(&app.db)
        .await
        .unwrap();
    let mut events: Vec<Uuid> = app
        .raised_events(dialog)
        .await
        .into_iter()
        .filter(|event| event.kind == "DialogSeen")
        .map(|event| event.body["event_id"].as_str().expect("an id").parse().expect("a UUID"))
        .collect();
    let mut ids: Vec<Uuid> = entries.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    events.sort_unstable();
    assert_eq!(ids, events);
    entries.len()
}

async fn marks_follow_labels(app: &TestApp) {
    let differ: i64 = sqlx::query_scalar(
        "select count(*)
           from dialog d
          cross join unnest('{2,4,8,16}'::smallint[]) b (bit)
          where (d.system_labels & b.bit <> 0)
             <> exists (select from dialog_mark m
                         where m.dialog_id = d.id and m.label = b.bit and m.content_updated_at = d.content_updated_at)",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(differ, 0);
}

/// Each `remove` of MarkedAsUnopened follows its own `set`, and the log ends with what the labels say.
async fn log_is_whole(app: &TestApp, dialog: DialogId) {
    let log: Vec<i16> =
        sqlx::query_scalar("select action from dialog_label_log where dialog_id = $1 and label = 4 order by id")
            .bind(dialog)
            .fetch_all(&app.db)
            .await
            .unwrap();
    for (n, action) in log.iter().enumerate() {
        assert_eq!(*action, if n % 2 == 0 { 1 } else { 2 }, "{log:?}");
    }
    let mask: i16 = sqlx::query_scalar("select system_labels from dialog where id = $1")
        .bind(dialog)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(mask & 8 != 0, log.len() % 2 == 1, "{log:?}");
}

/// N-011
#[tokio::test]
async fn fifty_looks_of_one_reader_are_one_entry() {
    let app = TestApp::start_with(&[CONNECTIONS]).await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let user = app.person(PERSON);
    let opened = join_all((0..50).map(|_| user.opens(dialog))).await;
    for answer in &opened {
        assert_eq!(
            (&answer["isContentSeen"], answer["seenSinceLastUpdate"].as_array().map(Vec::len)),
            (&json!(true), Some(1))
        );
    }
    assert_eq!(entries_match_events(&app, dialog).await, 1);
    let updated = app.raised_events(dialog).await.into_iter().filter(|event| event.kind == "DialogUpdated").count();
    assert_eq!(updated, 1, "EV-001");
}

/// 20 readers, 50 looks each in all, while the owner updates and a reader marks: every look is answered.
#[tokio::test]
async fn twenty_readers_meet_updates_and_marks() {
    let (numbers, more) = leaders(20);
    let world = bare().patched(&more).expect("a world without faults");
    let app = TestApp::start_in(world, &[CONNECTIONS]).await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog_for(ORGANIZATION)).await;
    let looks = async {
        for _ in 0..5 {
            let each = numbers
                .iter()
                .map(|number| async { app.person(number).get(&format!("enduser/dialogs/{dialog}")).await.expect(200) });
            join_all(each).await;
        }
    };
    let path = format!("serviceowner/dialogs/{dialog}");
    let updates = async {
        for n in 0..10 {
            let change = json!([{ "op": "add", "path": "/progress", "value": n }]);
            let done = owner.patch(&path, change).await;
            assert!([204, 409].contains(&done.status.as_u16()), "{}", done.text);
            let change = json!([{ "op": "add", "path": "/extendedStatus", "value": format!("s{n}") }]);
            let done = owner.patch(&path, change).await;
            assert!([204, 409].contains(&done.status.as_u16()), "{}", done.text);
        }
    };
    let marks = async {
        let labels = format!("enduser/dialogs/{dialog}/context/systemlabels");
        let mut marked = 0;
        for _ in 0..10 {
            let done = app.person(&numbers[0]).put(&labels, json!({ "addLabels": ["MarkedAsUnopened"] })).await;
            assert!([204, 409].contains(&done.status.as_u16()), "{}", done.text);
            marked += usize::from(done.status == 204);
        }
        marked
    };
    let (((), ()), marked) = join(join(looks, updates), marks).await;
    assert!(marked > 0);
    entries_match_events(&app, dialog).await;
    marks_follow_labels(&app).await;
    log_is_whole(&app, dialog).await;
    // Nobody has more entries than there were states.
    let most: i64 = sqlx::query_scalar(
        "select max(entries) from (select count(*) as entries from dialog_seen where dialog_id = $1 group by actor_id) e",
    )
    .bind(dialog)
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert!(most <= 5, "{most}");
    // What is set when all is quiet is taken away by the next look, and stays away.
    let last = app.person(&numbers[1]).opens(dialog).await;
    assert_eq!(last["isContentSeen"], true);
    assert_eq!(last["endUserContext"]["systemLabels"], json!(["Default"]));
    log_is_whole(&app, dialog).await;
    marks_follow_labels(&app).await;
}

/// A mark that is set while somebody reads stays: they did not see it.
#[tokio::test]
async fn bin_and_marks_survive_readers() {
    let app = TestApp::start_with(&[CONNECTIONS]).await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    for _ in 0..10 {
        let dialog = owner.creates(simple_dialog()).await;
        let labels = format!("enduser/dialogs/{dialog}/context/systemlabels");
        user.put(&labels, json!({ "addLabels": ["MarkedAsUnopened"] })).await.expect(204);
        // A reading between the look-up and the change of another label must not bring the mark back.
        let (_, done) =
            join(join_all((0..3).map(|_| user.opens(dialog))), user.put(&labels, json!({ "addLabels": ["Bin"] })))
                .await;
        assert_eq!(done.status, 204, "reading does not move the context's revision");
        let shown = user.opens(dialog).await;
        assert_eq!(shown["endUserContext"]["systemLabels"], json!(["Bin"]));
        assert_eq!(owner.reads(dialog).await["endUserContext"]["systemLabels"], json!(["Bin"]));
        log_is_whole(&app, dialog).await;
    }
    marks_follow_labels(&app).await;
}

#[tokio::test]
async fn a_dialog_that_goes_while_it_is_read_is_missing_or_shown() {
    let app = TestApp::start_with(&[CONNECTIONS]).await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let mut statuses: HashMap<u16, usize> = HashMap::new();
    for _ in 0..10 {
        let dialog = owner.creates(simple_dialog()).await;
        let path = format!("enduser/dialogs/{dialog}");
        let purge = format!("serviceowner/dialogs/{dialog}/actions/purge");
        let (answers, purged) = join(join_all((0..5).map(|_| user.get(&path))), owner.post(&purge, None)).await;
        purged.expect(204);
        for answer in answers {
            *statuses.entry(answer.status.as_u16()).or_default() += 1;
        }
        user.get(&path).await.expect(404);
    }
    assert!(statuses.keys().all(|status| [200, 404].contains(status)), "{statuses:?}");
    let orphans: i64 = sqlx::query_scalar("select count(*) from dialog_seen").fetch_one(&app.db).await.unwrap();
    assert_eq!(orphans, 0);
}

/// Two instances, and one after a restart, call a person by the same passing name; another service calls them otherwise.
#[tokio::test]
async fn instances_agree_on_passing_names() {
    let name = async |app: &TestApp| {
        let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
        let opened = app.person(PERSON).opens(dialog).await;
        opened["seenSinceLastUpdate"][0]["seenBy"]["actorId"].as_str().expect("an id").to_owned()
    };
    let secret = ("dialogporten.masking_secret", "a secret that all instances know");
    let (one, two) = (TestApp::start_with(&[secret]).await, TestApp::start_with(&[secret]).await);
    let shared = name(&one).await;
    assert_eq!(shared, name(&two).await);
    assert!(shared.starts_with("urn:altinn:person:identifier-ephemeral:") && !shared.contains(PERSON));
    let (three, four) = (TestApp::start().await, TestApp::start().await);
    let derived = name(&three).await;
    assert_eq!(derived, name(&four).await, "without a secret of its own it follows from the signing key");
    assert_ne!(derived, shared);
}
