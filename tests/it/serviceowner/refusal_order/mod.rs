//! Two faults in one request: which of them is told (chapter 01 §3.2, §4.2, §5 to §8).

mod children;
mod labels;
mod states;
mod writes;

use dialogporten::{auth::Scope, domain::ids::DialogId};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{Client, Edit, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission};

const LETTERS: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence";
const FOREIGN: &str = "urn:altinn:resource:brg-dialogporten-automated-tests";
const PAST: &str = "2020-01-01T00:00:00Z";
const STALE: &str = "0196c0de-0000-4000-8000-000000000001";
const NOBODY: &str = "urn:altinn:organization:identifier-no:974760746";

/// Who asks, and dialogs in every state.
struct Stage<'a> {
    owner: Client<'a>,
    /// The owner without the scope for letters.
    plain: Client<'a>,
    stranger: Client<'a>,
    admin: Client<'a>,
    /// Has a transmission with the key `taken` and an activity.
    live: DialogId,
    transmission: Uuid,
    activity: Uuid,
    letter: DialogId,
    deleted: DialogId,
    frozen: DialogId,
    frozen_and_deleted: DialogId,
    deleted_letter: DialogId,
    unknown: DialogId,
}

impl<'a> Stage<'a> {
    async fn set(app: &'a TestApp) -> Self {
        let (owner, admin) = (app.service_owner("ttd"), app.admin());
        let plain = owner.clone().with_scopes(&[Scope::ServiceProvider.as_str(), Scope::ChangeTransmissions.as_str()]);
        let (transmission, activity) = (fresh_id(), fresh_id());
        let family = simple_dialog()
            .and(
                "transmissions",
                simple_transmission().with("id", transmission.to_string()).with("idempotentKey", "taken"),
            )
            .and("transmissions", simple_transmission().with("idempotentKey", "also-taken"))
            .and("activities", simple_activity("DialogCreated").with("id", activity.to_string()));
        let live = owner.creates(family.clone()).await;
        // Ids are taken once: the other dialogs get their own.
        let anew = || family.clone().without("transmissions.0.id").without("activities.0.id");
        let letter = owner.creates(anew().with("serviceResource", LETTERS)).await;
        let deleted = owner.creates(anew()).await;
        let frozen = owner.creates(anew()).await;
        let frozen_and_deleted = owner.creates(anew()).await;
        let deleted_letter = owner.creates(anew().with("serviceResource", LETTERS)).await;
        for dialog in [frozen, frozen_and_deleted] {
            admin.post(&format!("serviceowner/dialogs/{dialog}/actions/freeze"), None).await.expect(204);
        }
        for dialog in [deleted, frozen_and_deleted, deleted_letter] {
            admin.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
        }
        let (unknown, stranger) = (DialogId(fresh_id()), app.service_owner("other"));
        Self {
            owner,
            plain,
            stranger,
            admin,
            live,
            transmission,
            activity,
            letter,
            deleted,
            frozen,
            frozen_and_deleted,
            deleted_letter,
            unknown,
        }
    }
}

fn stale<'a>(client: &Client<'a>) -> Client<'a> {
    client.clone().if_match(STALE)
}

/// A request with the faults named, and the status and the key of `errors` that it is answered with; no key for answers
/// without `errors`.
struct Row<'a> {
    faults: &'static str,
    client: Client<'a>,
    path: String,
    body: Value,
    told: (u16, &'static str),
}

fn row<'a>(
    faults: &'static str,
    client: &Client<'a>,
    path: impl Into<String>,
    body: impl Into<Value>,
    told: (u16, &'static str),
) -> Row<'a> {
    Row { faults, client: client.clone(), path: path.into(), body: body.into(), told }
}

async fn play(method: Method, rows: Vec<Row<'_>>) {
    let mut wrong = Vec::new();
    for Row { faults, client, path, body, told: (status, key) } in rows {
        let answer = client.send(method.clone(), &path, (!body.is_null()).then_some(body)).await;
        let keys: Vec<_> =
            answer.body["errors"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let keyed = if key.is_empty() { keys.is_empty() } else { keys.contains(&key) };
        if answer.status != status || !keyed {
            wrong.push(format!("{faults}: {status} {key} expected, got {} {}", answer.status, answer.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
