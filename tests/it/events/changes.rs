//! The change feed: whole, in order, of one owner, and enough to keep a copy in step.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::in_time;
use crate::harness::{Client, Edit, ORGANIZATION, PERSON, TestApp, simple_activity, simple_dialog, simple_dialog_for};

const FEED: &str = "serviceowner/changes";

/// Everything behind a cursor, as (change, dialog), and where to go on. Others use the same server, so what was written last
/// may take a moment to settle: reads until so many have come.
async fn read(owner: &Client<'_>, after: &str, least: usize) -> (Vec<Value>, String) {
    let (mut items, mut cursor) = (Vec::new(), after.to_owned());
    in_time(async {
        loop {
            let after = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
            let part = owner.get(&format!("{FEED}?limit=7&wait=1{after}")).await.expect(200).body;
            items.extend(part["items"].as_array().unwrap().clone());
            part["cursor"].as_str().unwrap().clone_into(&mut cursor);
            if part["hasMore"] == false && items.len() >= least {
                return;
            }
        }
    })
    .await;
    (items, cursor)
}

fn told(items: &[Value]) -> Vec<(&str, Uuid, bool)> {
    let one = |item: &'_ Value| item["dialogId"].as_str().unwrap().parse().unwrap();
    items
        .iter()
        .map(|item| (item["change"].as_str().unwrap(), one(item), item["isSilent"].as_bool().unwrap()))
        .collect()
}

/// Each kind of change is told, silent ones and labels too, and purged dialogs leave a tombstone.
#[tokio::test]
async fn every_kind_of_change_is_told() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let path = format!("serviceowner/dialogs/{dialog}");
    let patch = json!([{"op": "replace", "path": "/progress", "value": 4}]);
    owner.patch(&format!("{path}?isSilentUpdate=true"), patch).await.expect(204);
    owner.post(&format!("{path}/activities"), simple_activity("PaymentMade")).await.expect(201);
    app.person(PERSON).opens(dialog).await;
    let labels = json!({"addLabels": ["Archive"]});
    app.person(PERSON).put(&format!("enduser/dialogs/{dialog}/context/systemlabels"), labels).await.expect(204);
    owner.post(&format!("{path}/context/labels"), json!({"value": "mine"})).await.expect(204);
    owner.delete(&format!("{path}?isSilentUpdate=true")).await.expect(204);
    owner.post(&format!("{path}/actions/restore"), None).await.expect(204);
    owner.delete(&path).await.expect(204);
    let last = app.admin().get(&path).await.expect(200).body["revision"].clone();
    owner.post(&format!("{path}/actions/purge"), None).await.expect(204);
    let (items, cursor) = read(&owner, "", 10).await;
    let kinds: Vec<_> = told(&items)
        .into_iter()
        .map(|(kind, of, silent)| {
            assert_eq!(of, dialog.0);
            (kind, silent)
        })
        .collect();
    // One for each, labels of the end user and of the owner alike; one also for a first reader, who changes the log and the
    // dialog's mark.
    let expected = [
        ("created", false),
        ("updated", true),
        ("updated", false),
        ("seen", false),
        ("labels", true),
        ("labels", true),
        ("deleted", true),
        ("restored", false),
        ("deleted", false),
        ("purged", true),
    ];
    assert_eq!(kinds, expected);
    let tombstone = items.last().unwrap();
    assert_eq!(tombstone["revision"], last);
    assert!(tombstone["party"].is_string() && tombstone["serviceResource"].is_string(), "{tombstone}");
    let rest = owner.get(&format!("{FEED}?after={cursor}")).await.expect(200).body;
    assert_eq!((&rest["items"], &rest["hasMore"]), (&json!([]), &json!(false)));
}

/// Nothing of another owner is in it, whoever asks, but for administrators who name it.
#[tokio::test]
async fn every_owner_reads_its_own() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let (items, _) = read(&app.service_owner("ttd"), "", 1).await;
    assert_eq!(told(&items), [("created", dialog.0, false)]);
    let others = app.service_owner("brg").get(FEED).await.expect(200).body;
    assert_eq!(others["items"], json!([]));
    app.service_owner("brg").get(&format!("{FEED}?org=ttd")).await.expect(403);
    let named = app.admin().get(&format!("{FEED}?org=ttd")).await.expect(200).body;
    assert_eq!(named["items"].as_array().unwrap().len(), 1);
    let of_it = app.service_owner("ttd").get(&format!("{FEED}?dialogId={dialog}")).await.expect(200).body;
    assert_eq!(of_it["items"].as_array().unwrap().len(), 1);
    let of_none = app.service_owner("ttd").get(&format!("{FEED}?dialogId={}", Uuid::now_v7())).await.expect(200).body;
    assert_eq!(of_none["items"], json!([]));
    app.service_owner("ttd").get(&format!("{FEED}?after=nowhere&limit=0")).await.expect(400);
    app.service_owner("ttd").get(&format!("{FEED}?wait=31")).await.expect(400);
}

/// Whoever waits is told as soon as something is written; whoever comes too late is told to begin anew.
#[tokio::test]
async fn a_reader_may_wait_and_may_be_too_late() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let now = owner.get(&format!("{FEED}?after=now")).await.expect(200).body["cursor"].as_str().unwrap().to_owned();
    let path = format!("{FEED}?after={now}&wait=30");
    let writer = async {
        tokio::task::yield_now().await;
        owner.creates(simple_dialog()).await
    };
    let (part, dialog) = tokio::join!(owner.get(&path), writer);
    assert_eq!(told(part.body["items"].as_array().unwrap()), [("created", dialog.0, false)]);

    sqlx::query(
        "insert into dialog_change_floor (position, seq) select position, seq from dialog_change order by seq desc limit 1",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let late = owner.get(&format!("{FEED}?after={now}")).await.expect(410);
    assert_eq!(late.body["code"], "cursor-expired");
    let cursor = part.body["cursor"].as_str().unwrap();
    owner.get(&format!("{FEED}?after={cursor}")).await.expect(200);
}

/// A copy that is only told by the feed equals the owner's own list, after many changes by several writers while connections
/// are cut off at random, and although the copy forgets where it was and begins again from an older cursor.
#[tokio::test]
async fn a_copy_equals_the_owners_list() {
    let app = TestApp::start().await;
    let (owner, stop) = (app.service_owner("ttd"), std::sync::atomic::AtomicBool::new(false));
    let changes: usize = changes_of_the_long_form().unwrap_or(160);
    let writer = async |seed: usize| {
        let mut mine: Vec<Uuid> = Vec::new();
        for n in 0..changes / 4 {
            let dice = Uuid::new_v4().as_u128() as usize;
            let pick = mine.get(dice % mine.len().max(1)).copied();
            let path = pick.map(|id| format!("serviceowner/dialogs/{id}"));
            // Whatever is refused, or cut off, is as good as not asked.
            match (dice / 1000 % 8, path) {
                (0..=2, _) | (_, None) => {
                    let id = Uuid::now_v7();
                    mine.push(id);
                    let party = if seed.is_multiple_of(2) { simple_dialog() } else { simple_dialog_for(ORGANIZATION) };
                    owner.post("serviceowner/dialogs", party.with("id", id.to_string())).await;
                }
                (3 | 4, Some(path)) => {
                    let patch = json!([{"op": "replace", "path": "/progress", "value": n % 100}]);
                    owner.patch(&format!("{path}?isSilentUpdate={}", dice.is_multiple_of(2)), patch).await;
                }
                (5, Some(path)) => drop(owner.delete(&path).await),
                (6, Some(path)) => drop(owner.post(&format!("{path}/actions/restore"), None).await),
                (_, Some(path)) => drop(owner.post(&format!("{path}/actions/purge"), None).await),
            }
        }
    };
    let copying = async {
        let (mut copy, mut cursor, mut older) = (BTreeMap::new(), String::new(), String::new());
        loop {
            let last = stop.load(std::sync::atomic::Ordering::SeqCst);
            let after = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
            let answer = owner.get(&format!("{FEED}?limit=20{after}")).await;
            if answer.status != 200 {
                continue;
            }
            for item in answer.body["items"].as_array().unwrap() {
                let id = item["dialogId"].as_str().unwrap().to_owned();
                if item["change"] == "purged" {
                    copy.remove(&id);
                } else {
                    copy.insert(id, item["revision"].clone());
                }
            }
            if Uuid::new_v4().as_bytes()[0] < 40 && !last {
                // It died, and what it had noted last was older.
                cursor.clone_from(&older);
                continue;
            }
            older = std::mem::replace(&mut cursor, answer.body["cursor"].as_str().unwrap().to_owned());
            // Behind everything once nothing that was written is unsettled.
            if last && answer.body["hasMore"] == false && is_settled(&app, &cursor, &owner).await {
                return copy;
            }
        }
    };
    let cutting = async {
        while !stop.load(std::sync::atomic::Ordering::SeqCst) {
            // How often connections are cut, not a wait for anything.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let sql = "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid() and application_name = 'dialogporten'
                 order by random() limit 1";
            sqlx::query(sql).execute(&app.db).await.unwrap();
        }
    };
    let writing = async {
        tokio::join!(writer(0), writer(1), writer(2), writer(3));
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let (copy, (), ()) = tokio::join!(copying, cutting, writing);
    let stored: Vec<(Uuid, Uuid)> = sqlx::query_as("select id, revision from dialog").fetch_all(&app.db).await.unwrap();
    let stored: BTreeMap<String, Value> =
        stored.into_iter().map(|(id, revision)| (id.to_string(), json!(revision))).collect();
    assert!(!stored.is_empty());
    assert_eq!(copy, stored);
}

/// Whether nothing is behind this place, settled or not.
async fn is_settled(app: &TestApp, cursor: &str, owner: &Client<'_>) -> bool {
    let unsettled =
        "select exists (select from dialog_change where position >= pg_snapshot_xmin(pg_current_snapshot()))";
    let is_unsettled: bool = sqlx::query_scalar(unsettled).fetch_one(&app.db).await.unwrap();
    if is_unsettled {
        return false;
    }
    let answer = owner.get(&format!("{FEED}?after={cursor}")).await;
    answer.status == 200 && answer.body["items"] == json!([])
}

/// `CHANGES=10000 cargo test …` is the long form.
fn changes_of_the_long_form() -> Option<usize> {
    std::env::var_os("CHANGES")?.to_str()?.parse().ok()
}
