//! Following: in the order of commits, without a gap, whoever commits late.

use dialogporten::{
    domain::{event::DomainEvent, ids::DialogId},
    events::follow::Follower,
    store::outbox::{self, Position},
};
use serde_json::json;
use uuid::Uuid;

use super::in_time;
use crate::harness::{TestApp, simple_dialog};

/// An event that somebody writes with a connection of their own.
async fn raise(connection: &mut sqlx::PgConnection, dialog: Uuid) {
    let body = json!({
        "type": "DialogUpdated", "event_id": Uuid::new_v4(), "occurred_at": "2031-01-01T00:00:00Z", "dialog_id": dialog,
        "service_resource": "urn:altinn:resource:x", "party": "urn:altinn:organization:identifier-no:310923044",
    });
    sqlx::query(
        "insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id, party_key)
         values ($1, now(), false, 'DialogUpdated', $2, $3, 1)",
    )
    .bind(Uuid::new_v4())
    .bind(body)
    .bind(dialog)
    .execute(connection)
    .await
    .unwrap();
}

fn dialogs(events: &[outbox::Happened]) -> Vec<DialogId> {
    events.iter().map(|happened| happened.event.dialog_id).collect()
}

/// Whoever takes its number first and commits last is told in its place, and nothing behind it is told before.
#[tokio::test]
async fn a_late_commit_is_never_skipped() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let first = owner.creates(simple_dialog()).await;
    let mut late = app.db.begin().await.unwrap();
    let slow = Uuid::new_v4();
    raise(&mut late, slow).await;
    let second = owner.creates(simple_dialog()).await;

    let place = in_time(async {
        // Others use the same server; until their transactions are over, less is settled.
        loop {
            let behind = outbox::after(&app.door, Position::default(), 10).await.unwrap();
            assert!(behind.events.len() <= 1, "the second dialog is told before the slow one: {behind:?}");
            if let [only] = behind.events.as_slice() {
                assert_eq!(only.event.dialog_id, first);
                assert!(behind.is_unsettled, "more is stored and cannot be told yet");
                return only.position;
            }
        }
    })
    .await;
    late.commit().await.unwrap();
    let behind = in_time(async {
        loop {
            let behind = outbox::after(&app.door, place, 10).await.unwrap();
            if behind.events.len() == 2 {
                return behind;
            }
        }
    })
    .await;
    assert_eq!(dialogs(&behind.events), [DialogId(slow), second]);
}

/// A follower hears what is written after it began, and all of it.
#[tokio::test]
async fn a_follower_hears_what_is_written() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut follower = Follower::from_now(&app.service).await.unwrap();
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(owner.creates(simple_dialog()).await);
    }
    let mut heard: Vec<DomainEvent> = Vec::new();
    while heard.len() < written.len() {
        heard.extend(in_time(follower.next()).await.unwrap().into_iter().map(|happened| happened.event));
    }
    assert_eq!(heard.iter().map(|event| event.dialog_id).collect::<Vec<_>>(), written);
}
