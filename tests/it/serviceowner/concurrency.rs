//! Requests at the same time: nothing fails but what the contract lets fail, nothing acknowledged is lost, nothing is told
//! twice.

use std::collections::BTreeSet;

use dialogporten::domain::ids::DialogId;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, Edit, PERSON, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

/// With enough connections that requests meet in the database.
async fn busy() -> TestApp {
    TestApp::start_with(&[("database.max_connections", "12")]).await
}

fn path(dialog: DialogId) -> String {
    format!("serviceowner/dialogs/{dialog}")
}

fn labels_path(dialog: DialogId) -> String {
    format!("{}/endusercontext/systemlabels?enduserId=urn:altinn:person:identifier-no:{PERSON}", path(dialog))
}

/// How many of the answers have the status. All have one of those allowed, and not all were refused.
#[track_caller]
fn tally(answers: &[Answer], success: u16, refusals: &[u16]) -> usize {
    for answer in answers {
        let status = answer.status.as_u16();
        assert!(status == success || refusals.contains(&status), "{status} {}", answer.text);
    }
    let won = answers.iter().filter(|answer| answer.status == success).count();
    assert!(won > 0, "somebody wins");
    won
}

/// The kinds of what was raised about a dialog, in order. No event stands twice.
async fn raised(app: &TestApp, dialog: DialogId) -> Vec<String> {
    let doubled: i64 =
        sqlx::query_scalar("select count(*) - count(distinct event_id) from outbox").fetch_one(&app.db).await.unwrap();
    assert_eq!(doubled, 0);
    app.raised_events(dialog).await.into_iter().map(|event| event.kind).collect()
}

fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|raised| *raised == kind).count()
}

/// What is stored twice for the sake of searches says the same.
async fn is_consistent(app: &TestApp) {
    for (what, query) in [
        (
            "marks follow labels",
            "select count(*)
               from dialog d
              cross join unnest('{2,4,8,16}'::smallint[]) b (bit)
              where (d.system_labels & b.bit <> 0)
                 <> exists (select from dialog_mark m
                             where m.dialog_id = d.id and m.label = b.bit and m.content_updated_at = d.content_updated_at)",
        ),
        (
            "owner labels are searched as they are shown",
            "select count(*)
               from dialog d
              where d.owner_labels <> array(select x.label from dialog_owner_label x where x.dialog_id = d.id order by 1)",
        ),
        (
            "dialogs are counted",
            "select count(*)
               from (select party_key, resource_id, count(*) as dialogs from dialog group by 1, 2) d
               full join party_resource p using (party_key, resource_id)
              where coalesce(d.dialogs, 0) <> coalesce(p.dialog_count, 0)",
        ),
        (
            "the bound of times holds",
            "select count(*)
               from dialog d
               left join party_resource p using (party_key, resource_id)
              where p.newest is null or p.newest < d.content_updated_at",
        ),
        (
            "labels are what their log says",
            "select count(*)
               from dialog d
              cross join unnest('{2,4,8,16}'::smallint[], '{2,3,4,5}'::smallint[]) b (bit, label)
              where (d.system_labels & b.bit <> 0)
                 <> coalesce((select l.action = 1
                                from dialog_label_log l
                               where l.dialog_id = d.id and l.label = b.label
                               order by l.id desc
                               limit 1), false)",
        ),
        (
            "transmissions are counted",
            "select count(*)
               from dialog d
              where d.from_party_transmissions + d.from_owner_transmissions
                 <> (select count(*) from dialog_transmission t where t.dialog_id = d.id)",
        ),
        (
            "nothing is left of what is gone",
            "select count(*)
               from (select dialog_id from dialog_activity union all select dialog_id from child_id) c
              where not exists (select from dialog d where d.id = c.dialog_id)",
        ),
    ] {
        let faults: i64 = sqlx::query_scalar(query).fetch_one(&app.db).await.unwrap();
        assert_eq!(faults, 0, "{what}");
    }
}

/// Y-005, M-14: they do not contradict each other, so all succeed.
#[tokio::test(flavor = "multi_thread")]
async fn ten_activities_at_once() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for round in 0..4 {
        let dialog = owner.creates(simple_dialog()).await;
        let activities = format!("{}/activities", path(dialog));
        let answers = join_all((0..10).map(|_| owner.post(&activities, simple_activity("DialogOpened")))).await;
        let won = tally(&answers, 201, &[]);
        let stored = owner.reads(dialog).await;
        let ids = |items: &mut dyn Iterator<Item = &Value>| -> BTreeSet<String> {
            items.map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        let acknowledged = ids(&mut answers.iter().filter(|answer| answer.status == 201).map(|answer| &answer.body));
        let kept = ids(&mut stored["activities"].as_array().unwrap().iter().map(|activity| &activity["id"]));
        assert_eq!(acknowledged, kept, "round {round}");
        assert!(answers.iter().any(|answer| stored["revision"] == answer.etag()), "the last one's revision stands");
        let kinds = raised(&app, dialog).await;
        assert_eq!(count(&kinds, "DialogActivityCreated"), won);
        assert_eq!(count(&kinds, "DialogUpdated"), won);
        assert_eq!(kinds.len(), 1 + 2 * won);
    }
    is_consistent(&app).await;
}

/// M-14
#[tokio::test(flavor = "multi_thread")]
async fn ten_transmissions_at_once() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let to = format!("{}/transmissions", path(dialog));
    let parent = owner.post(&to, simple_transmission()).await.expect(201).body;
    let reply = simple_transmission().with("relatedTransmissionId", parent);
    let answers = join_all((0..10).map(|_| owner.post(&to, reply.clone()))).await;
    tally(&answers, 201, &[]);
    let stored = owner.reads(dialog).await;
    assert_eq!(stored["transmissions"].as_array().unwrap().len(), 11);
    assert_eq!(stored["fromServiceOwnerTransmissionsCount"], 11);
    // Who says what it builds on contradicts the others.
    let guarded = owner.clone().if_match(stored["revision"].as_str().unwrap());
    let answers = join_all((0..6).map(|_| guarded.post(&to, reply.clone()))).await;
    assert_eq!(tally(&answers, 201, &[412]), 1);
    is_consistent(&app).await;
}

/// Chapter 01 §11.5: 409 without `If-Match`, 412 with it.
#[tokio::test(flavor = "multi_thread")]
async fn eight_replacements_at_once() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let numbered = |n: i32| simple_dialog().with("externalReference", format!("number {n}")).with("progress", n);
    for round in 0..4 {
        let dialog = owner.creates(simple_dialog()).await;
        let to = path(dialog);
        let answers = join_all((0..8).map(|n| owner.put(&to, numbered(n)))).await;
        let won = tally(&answers, 204, &[409]);
        let last = owner.reads(dialog).await;
        let winner = answers.iter().position(|answer| last["revision"] == answer.etag()).expect("one that stands");
        assert_eq!(last["externalReference"], format!("number {winner}"), "round {round}");
        assert_eq!(last["progress"], winner);
        assert_eq!(count(&raised(&app, dialog).await, "DialogUpdated"), won);

        let revision = last["revision"].as_str().unwrap();
        let guarded = owner.clone().if_match(revision);
        let answers = join_all((10..18).map(|n| guarded.put(&to, numbered(n)))).await;
        assert_eq!(tally(&answers, 204, &[412]), 1, "a revision is built on once");
        assert_eq!(count(&raised(&app, dialog).await, "DialogUpdated"), won + 1);
    }
    is_consistent(&app).await;
}

/// No dialog can be stored until this is dropped.
async fn nobody_creates(app: &TestApp) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = app.db.begin().await.unwrap();
    sqlx::query("lock table dialog in share mode").execute(&mut *held).await.unwrap();
    held
}

/// M-13: whoever loses at the last moment is told what it would have been told a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_and_one_id_make_one_dialog() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for round in 0..4 {
        let key = format!("the-key-{round}");
        let keyed = simple_dialog().with("idempotentKey", key.as_str());
        let numbered = |body: Value| body.with("id", fresh_id().to_string());
        // The key alone, and requests that came twice as they are: key and id.
        let body = if round % 2 == 0 { keyed } else { numbered(keyed) };
        let held = nobody_creates(&app).await;
        let (answers, ()) =
            tokio::join!(join_all((0..8).map(|_| owner.post("serviceowner/dialogs", body.clone()))), async {
                waiting(&app, 8).await;
                held.rollback().await.unwrap();
            });
        assert_eq!(tally(&answers, 201, &[409]), 1);
        let id = answers.iter().find(|answer| answer.status == 201).unwrap().body.as_str().unwrap().to_owned();
        let again = owner.post("serviceowner/dialogs", body).await.expect(409);
        for lost in answers.iter().chain([&again]).filter(|answer| answer.status == 409) {
            assert_eq!(lost.errors("IdempotentKey"), [format!("'{key}' already exists with DialogId '{id}'").as_str()]);
        }

        let id = fresh_id();
        let chosen = simple_dialog().with("id", id.to_string());
        let answers = join_all((0..8).map(|_| owner.post("serviceowner/dialogs", chosen.clone()))).await;
        assert_eq!(tally(&answers, 201, &[422]), 1);
        for lost in answers.iter().filter(|answer| answer.status == 422) {
            assert_eq!(lost.errors("Dialog"), [format!("Key ('Id')=({id}) already exists.").as_str()]);
        }
        assert_eq!(raised(&app, DialogId(id)).await, ["DialogCreated"]);
    }
    let dialogs: i64 = sqlx::query_scalar("select count(*) from dialog").fetch_one(&app.db).await.unwrap();
    let created: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&app.db).await.unwrap();
    assert_eq!((dialogs, created), (8, 8));
    is_consistent(&app).await;
}

/// M-13: keys and ids of one dialog's children.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_and_one_id_make_one_child_of_a_dialog() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let id = fresh_id().to_string();
    let taken = format!("Key ('Id')=({id}) already exists.");
    let key = "Duplicate IdempotentKey detected in dialog transmissions. Conflicting keys: 'the-key'.";
    for (list, body, status, field, text) in [
        ("transmissions", simple_transmission().with("idempotentKey", "the-key"), 409, "IdempotentKey", key),
        ("transmissions", simple_transmission().with("id", id.as_str()), 422, "DialogTransmission", taken.as_str()),
        ("activities", simple_activity("DialogOpened").with("id", id.as_str()), 422, "DialogActivity", taken.as_str()),
    ] {
        let to = format!("{}/{list}", path(dialog));
        let answers = join_all((0..8).map(|_| owner.post(&to, body.clone()))).await;
        assert_eq!(tally(&answers, 201, &[status]), 1);
        let again = owner.post(&to, body).await;
        for lost in answers.iter().chain([&again]).filter(|answer| answer.status != 201) {
            assert_eq!((lost.status.as_u16(), lost.errors(field)), (status, vec![text]), "{}", lost.text);
        }
    }
    is_consistent(&app).await;
}

/// The ids of children are taken once, whichever dialog they are sent to.
#[tokio::test(flavor = "multi_thread")]
async fn one_id_makes_one_child() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialogs = join_all((0..6).map(|_| owner.creates(simple_dialog()))).await;
    for (list, table, body) in [
        ("activities", "DialogActivity", simple_activity("DialogOpened")),
        ("transmissions", "DialogTransmission", simple_transmission()),
    ] {
        let id = fresh_id();
        let body = body.with("id", id.to_string());
        let paths: Vec<String> = dialogs.iter().map(|dialog| format!("{}/{list}", path(*dialog))).collect();
        let answers = join_all(paths.iter().map(|path| owner.post(path, body.clone()))).await;
        assert_eq!(tally(&answers, 201, &[422]), 1);
        for lost in answers.iter().filter(|answer| answer.status == 422) {
            assert_eq!(lost.errors(table), [format!("Key ('Id')=({id}) already exists.").as_str()]);
        }
    }
    // Two lists of attachments that name the same ids the other way round do not wait for each other for ever.
    for _ in 0..4 {
        let ids: Vec<String> = (0..12).map(|_| fresh_id().to_string()).collect();
        let with = |ids: Vec<&String>| {
            ids.into_iter().fold(simple_dialog(), |body, id| {
                let urls = json!([{ "url": "https://example.com/a", "consumerType": "Gui" }]);
                body.and("attachments", json!({ "id": id, "urls": urls }))
            })
        };
        let (forth, back) = (with(ids.iter().collect()), with(ids.iter().rev().collect()));
        let answers = join_all(
            (0..6).map(|n| owner.post("serviceowner/dialogs", if n % 2 == 0 { forth.clone() } else { back.clone() })),
        )
        .await;
        assert!(tally(&answers, 201, &[422, 409]) == 1);
    }
    is_consistent(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_one_dialog_at_once() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for round in 0..4 {
        let dialog = owner.creates(simple_dialog()).await;
        let to = labels_path(dialog);
        let labels = ["Bin", "Archive", "MarkedAsUnopened"];
        let change = |n: usize| json!({ "addLabels": [labels[n % 3]] });
        let answers = join_all((0..9).map(|n| owner.put(&to, change(n)))).await;
        tally(&answers, 204, &[409]);
        let context = owner.reads(dialog).await["endUserContext"].clone();
        assert!(answers.iter().any(|answer| context["revision"] == answer.etag()), "round {round}");

        let revision = context["revision"].as_str().unwrap();
        let guarded = owner.clone().if_match(revision);
        let different = if context["systemLabels"][0] == "Bin" { "Archive" } else { "Bin" };
        let answers = join_all((0..6).map(|_| guarded.put(&to, json!({ "addLabels": [different] })))).await;
        assert_eq!(tally(&answers, 204, &[412]), 1);
    }
    is_consistent(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_requests_over_the_same_dialogs_in_any_order() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialogs = join_all((0..7).map(|_| owner.creates(simple_dialog()))).await;
    let bulk = format!(
        "serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset?enduserId=urn:altinn:person:identifier-no:{PERSON}"
    );
    for round in 0..6 {
        let bodies = (0..10).map(|n: usize| {
            let mut order = dialogs.clone();
            order.rotate_left(n % dialogs.len());
            if n % 2 == 1 {
                order.reverse();
            }
            let named: Vec<Value> = order.iter().map(|id| json!({ "dialogId": id })).collect();
            let labels = ["Bin", "Archive", "Default"];
            json!({ "dialogs": named, "addLabels": [labels[(n + round) % 3]] })
        });
        let answers = join_all(bodies.map(|body| owner.post(&bulk, body))).await;
        tally(&answers, 204, &[409]);
        let labels: BTreeSet<String> = join_all(dialogs.iter().map(|dialog| owner.reads(*dialog)))
            .await
            .iter()
            .map(|dialog| dialog["systemLabel"].to_string())
            .collect();
        assert_eq!(labels.len(), 1, "all dialogs or none: {labels:?}");
    }
    // Sets that overlap in a part.
    for _ in 0..4 {
        let bodies = (0..10).map(|n: usize| {
            let mut some: Vec<_> = dialogs.iter().cycle().skip(n).take(4).collect();
            if n % 2 == 1 {
                some.reverse();
            }
            let named: Vec<Value> = some.iter().map(|id| json!({ "dialogId": id })).collect();
            let labels = ["Bin", "Archive"];
            json!({ "dialogs": named, "addLabels": [labels[n % 2], "MarkedAsUnopened"] })
        });
        tally(&join_all(bodies.map(|body| owner.post(&bulk, body))).await, 204, &[409]);
    }
    is_consistent(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purging_while_others_append() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for _ in 0..6 {
        let dialog = owner.creates(simple_dialog().with("systemLabel", "Bin")).await;
        let (activities, transmissions, purge) = (
            format!("{}/activities", path(dialog)),
            format!("{}/transmissions", path(dialog)),
            format!("{}/actions/purge", path(dialog)),
        );
        let appended = join_all((0..8).map(|n| {
            let (path, body) = if n % 2 == 0 {
                (&activities, simple_activity("DialogOpened"))
            } else {
                (&transmissions, simple_transmission())
            };
            owner.post(path, body)
        }));
        let (appended, purged) = tokio::join!(appended, owner.post(&purge, None));
        for answer in &appended {
            assert!([201, 409, 404].contains(&answer.status.as_u16()), "{} {}", answer.status, answer.text);
        }
        let won = appended.iter().filter(|answer| answer.status == 201).count();
        let kinds = raised(&app, dialog).await;
        match purged.status.as_u16() {
            204 => {
                owner.get(&path(dialog)).await.expect(404);
                assert_eq!(kinds.last().map(String::as_str), Some("DialogDeleted"));
                assert_eq!(kinds.len(), 2 + 2 * won);
            }
            409 => {
                let stored = owner.reads(dialog).await;
                let children = ["activities", "transmissions"].map(|list| stored[list].as_array().unwrap().len());
                assert_eq!(children.iter().sum::<usize>(), won);
                assert_eq!(kinds.len(), 1 + 2 * won);
            }
            other => panic!("{other} {}", purged.text),
        }
        owner.post(&purge, None).await;
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from dialog) + (select count(*) from dialog_activity)
                  + (select count(*) from dialog_transmission) + (select count(*) from dialog_document)
                  + (select count(*) from dialog_mark)",
        )
        .fetch_one(&app.db)
        .await
        .unwrap();
        assert_eq!(left, 0);
    }
    is_consistent(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_and_purging_at_once_keeps_count() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for _ in 0..6 {
        let dialogs = join_all((0..5).map(|_| owner.creates(simple_dialog()))).await;
        let purges: Vec<String> = dialogs.iter().map(|dialog| format!("{}/actions/purge", path(*dialog))).collect();
        let (purged, _) = tokio::join!(
            join_all(purges.iter().map(|purge| owner.post(purge, None))),
            join_all((0..2).map(|_| owner.creates(simple_dialog()))),
        );
        assert_eq!(tally(&purged, 204, &[]), 5);
        is_consistent(&app).await;
    }
    let rest: Vec<uuid::Uuid> = sqlx::query_scalar("select id from dialog").fetch_all(&app.db).await.unwrap();
    let purges: Vec<String> = rest.iter().map(|id| format!("{}/actions/purge", path(DialogId(*id)))).collect();
    tally(&join_all(purges.iter().map(|purge| owner.post(purge, None))).await, 204, &[]);
    is_consistent(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_labels_at_once() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for _ in 0..4 {
        let dialog = owner.creates(simple_dialog()).await;
        let to = format!("{}/context/labels", path(dialog));
        let answers = join_all((0..10).map(|n| owner.post(&to, json!({ "value": format!("label-{n}") })))).await;
        tally(&answers, 204, &[409]);
        let acknowledged: Vec<Value> =
            (0..10).filter(|n| answers[*n].status == 204).map(|n| json!({ "value": format!("label-{n}") })).collect();
        let listed = owner.get(&to).await;
        assert_eq!(listed.body, Value::Array(acknowledged));

        let guarded = owner.clone().if_match(listed.etag());
        let answers = join_all((10..16).map(|n| guarded.post(&to, json!({ "value": format!("label-{n}") })))).await;
        assert_eq!(tally(&answers, 204, &[412]), 1);

        // One label from many: the winner's stands once, the others hear of it in one way or the other.
        let answers = join_all((0..6).map(|_| owner.post(&to, json!({ "value": "same" })))).await;
        assert_eq!(tally(&answers, 204, &[409, 400]), 1);
        let gone = format!("{to}/same");
        let answers = join_all((0..6).map(|_| owner.delete(&gone))).await;
        assert_eq!(tally(&answers, 204, &[409, 404]), 1);
        assert_eq!(raised(&app, dialog).await, ["DialogCreated"]);
    }
    is_consistent(&app).await;
}

/// Owners, end users and labels do not disturb each other: each has a revision of its own.
#[tokio::test(flavor = "multi_thread")]
async fn contexts_and_the_dialog_change_independently() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for round in 0..6 {
        let dialog = owner.creates(simple_dialog()).await;
        let (to, labels, owner_labels) =
            (path(dialog), labels_path(dialog), format!("{}/context/labels", path(dialog)));
        let (replaced, labelled, owner_labelled) = tokio::join!(
            owner.put(&to, simple_dialog().with("progress", 7)),
            owner.put(&labels, json!({ "addLabels": ["MarkedAsUnopened"] })),
            owner.post(&owner_labels, json!({ "value": "mine" })),
        );
        assert_eq!([replaced.status, labelled.status, owner_labelled.status], [204, 204, 204], "round {round}");
        let stored = owner.reads(dialog).await;
        assert_eq!(stored["revision"], replaced.etag());
        assert_eq!(stored["endUserContext"]["revision"], labelled.etag());
        assert_eq!(stored["serviceOwnerContext"]["revision"], owner_labelled.etag());
        assert_eq!(stored["progress"], 7);
        assert_eq!(stored["endUserContext"]["systemLabels"], json!(["Default", "MarkedAsUnopened"]));
    }
    is_consistent(&app).await;
}

/// Until so many requests wait for each other in the database.
async fn waiting(app: &TestApp, count: i64) {
    loop {
        let now: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&app.db)
        .await
        .unwrap();
        if now == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// The owner's write waits in the database behind a user's labels, and then sets them back.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waited_for_labels_sees_them() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let mut held = app.db.begin().await.unwrap();
    sqlx::query("select from dialog where id = $1 for update").bind(dialog).execute(&mut *held).await.unwrap();
    let (labels, to) = (labels_path(dialog), path(dialog));
    let (labelled, patched, ()) = tokio::join!(
        owner.put(&labels, json!({ "addLabels": ["Bin"] })),
        async {
            waiting(&app, 1).await;
            owner.patch(&to, json!([{ "op": "replace", "path": "/progress", "value": 3 }])).await
        },
        async {
            waiting(&app, 2).await;
            held.rollback().await.unwrap();
        },
    );
    assert_eq!([labelled.status, patched.status], [204, 204], "{}", patched.text);
    let stored = owner.reads(dialog).await;
    assert_eq!(stored["endUserContext"]["systemLabels"], json!(["Default"]));
    assert_eq!(stored["progress"], 3);
    is_consistent(&app).await;
}

/// M-14: labels are no reason to refuse a write that builds on the right revision, however often they change meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn labels_that_keep_changing_do_not_refuse_a_write() {
    const MOVE: &str = "update dialog set context_revision = gen_random_uuid() where id = $1";
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    let (to, mut revision) = (path(dialog), owner.reads(dialog).await["revision"].as_str().unwrap().to_owned());
    let moving = std::sync::atomic::AtomicBool::new(true);
    let movers = join_all((0..4).map(|_| async {
        while moving.load(std::sync::atomic::Ordering::Relaxed) {
            sqlx::query(MOVE).bind(dialog).execute(&app.db).await.unwrap();
        }
    }));
    let patches = async {
        for progress in 0..40 {
            let patch = json!([{ "op": "replace", "path": "/progress", "value": progress }]);
            let answer = owner.clone().if_match(&revision).patch(&to, patch).await.expect(204);
            answer.etag().clone_into(&mut revision);
        }
        moving.store(false, std::sync::atomic::Ordering::Relaxed);
    };
    tokio::join!(movers, patches);
    assert_eq!(owner.reads(dialog).await["progress"], 39);
    is_consistent(&app).await;
}

/// Activities and ids that clients chose come while their dialog goes: with it or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_leaves_nothing_of_what_comes_beside_it() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    for round in 0..6 {
        let attachment = || {
            let urls = json!([{"url": "https://example.com/a", "consumerType": "Gui"}]);
            json!({"id": fresh_id(), "urls": urls, "displayName": []})
        };
        let dialog = owner.creates(simple_dialog().with("attachments", json!([attachment()]))).await;
        let (activities, purge) = (format!("{}/activities", path(dialog)), format!("{}/actions/purge", path(dialog)));
        let whole = path(dialog);
        let append = || owner.post(&activities, simple_activity("DialogOpened"));
        let attach = || owner.patch(&whole, json!([{"op": "add", "path": "/attachments/-", "value": attachment()}]));
        let (appended, (purged, attached)) = tokio::join!(join_all((0..6).map(|_| append())), async {
            if round % 2 == 0 {
                append().await;
            }
            tokio::join!(owner.post(&purge, None), join_all((0..3).map(|_| attach())))
        });
        for answer in appended.iter().chain(&attached) {
            assert!([201, 204, 404, 409].contains(&answer.status.as_u16()), "{} {}", answer.status, answer.text);
        }
        if purged.status != 204 {
            owner.post(&purge, None).await.expect(204);
        }
        owner.get(&path(dialog)).await.expect(404);
        is_consistent(&app).await;
    }
    let left: i64 =
        sqlx::query_scalar("select count(*) from (select from dialog_activity union all select from child_id) c")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

/// The last two dialogs of a party and a resource go together, or the last goes while another comes.
#[tokio::test(flavor = "multi_thread")]
async fn purges_that_waited_for_each_other_count_right() {
    let app = busy().await;
    let owner = app.service_owner("ttd");
    let purge = |dialog| format!("{}/actions/purge", path(dialog));
    let held = async || {
        let mut held = app.db.begin().await.unwrap();
        sqlx::query("select from party_resource for update").execute(&mut *held).await.unwrap();
        held
    };
    for _ in 0..3 {
        let (one, two) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
        let lock = held().await;
        let (first, second) = (purge(one), purge(two));
        let (first, second, ()) = tokio::join!(owner.post(&first, None), owner.post(&second, None), async {
            waiting(&app, 2).await;
            lock.rollback().await.unwrap();
        });
        assert_eq!([first.status, second.status], [204, 204]);
        is_consistent(&app).await;

        let last = purge(owner.creates(simple_dialog()).await);
        let lock = held().await;
        let (created, purged, ()) = tokio::join!(
            owner.creates(simple_dialog()),
            async {
                waiting(&app, 1).await;
                owner.post(&last, None).await
            },
            async {
                waiting(&app, 2).await;
                lock.rollback().await.unwrap();
            },
        );
        assert_eq!(purged.status, 204);
        is_consistent(&app).await;
        owner.post(&purge(created), None).await.expect(204);
        is_consistent(&app).await;
    }
}
