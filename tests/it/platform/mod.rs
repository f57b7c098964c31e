//! The service's questions to the platform, asked of a sandbox over HTTP.

mod asks;
mod faults;
mod lists;
mod sandbox;
mod trouble;
mod world;

use dialogporten::{
    access::Lists,
    altinn::{Altinn, decision::DecisionAsk},
    auth::Claims,
    db::Db,
    domain::{decision::Decision, identity::EndUserIdentity, ids::DialogId, party::Party},
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

use crate::harness::{ORGANIZATION, PERSON, RESOURCE, TestApp, TestDatabase, database};

/// A sandbox and a client of its own with a database of its own, which nobody tells of changes.
struct Platform {
    app: TestApp,
    altinn: Altinn,
    lists: Lists,
    db: Db,
    // Last: it goes after everything that uses it.
    _database: TestDatabase,
}

impl Platform {
    /// With everything synchronised.
    async fn start() -> Self {
        let platform = Self::start_unsynchronised().await;
        platform.altinn.sync_now().await.expect("the sandbox answers");
        platform
    }

    async fn start_unsynchronised() -> Self {
        Self::start_with(&[("altinn.retry_delay", "1ms")]).await
    }

    /// With single settings changed, and nothing synchronised.
    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start_with(settings).await;
        let database = database().await;
        let db = Db::at(&database.url, 4).expect("the address of a database");
        let altinn = Altinn::new(&app.config, app.clock.clone(), db.clone());
        let lists = Lists::new(&app.config.limits, altinn.clone(), db.clone());
        Self { app, altinn, lists, db, _database: database }
    }

    /// Switches faults on in place of those that were.
    async fn faults(&self, faults: Value) {
        self.app.anonymous().put("/sandbox/faults", faults).await;
    }

    /// How often the platform was called on that path.
    async fn calls(&self, path: &str) -> usize {
        self.bodies(path).await.len()
    }

    /// What the platform was sent on that path.
    async fn bodies(&self, path: &str) -> Vec<Value> {
        let answer = self.app.anonymous().get(&format!("/sandbox/calls?path={path}&limit=1000")).await.expect(200);
        let calls = answer.body.as_array().cloned().unwrap_or_default();
        calls.into_iter().map(|mut call| call["request"].take()).collect()
    }

    /// What the caller may do with a dialog of the party.
    async fn decides(
        &self,
        caller: &EndUserIdentity,
        party: &Party,
        pairs: &[(&str, &str)],
    ) -> Result<Arc<Decision>, dialogporten::altinn::AltinnError> {
        let ask = DecisionAsk {
            dialog_id: DialogId(Uuid::from_u128(1)),
            party,
            service_resource: RESOURCE,
            owner_labels: &[],
            pairs: pairs.iter().copied().collect(),
        };
        self.altinn.decide(caller, ask).await
    }
}

fn identity(claims: &Value) -> EndUserIdentity {
    let claims = Claims::from_payload(claims.as_object().expect("claims are an object"));
    claims.end_user().expect("claims of an end user")
}

fn person(number: &str) -> EndUserIdentity {
    identity(&json!({ "pid": number, "scope": "digdir:dialogporten" }))
}

fn system_user(id: &str) -> EndUserIdentity {
    identity(&json!({"authorization_details": [{"type": "urn:altinn:systemuser", "systemuser_id": [id]}]}))
}

fn organization(number: &str) -> Party {
    Party::organization(number).expect("a valid number")
}

fn home() -> Party {
    Party::person(PERSON).expect("a valid number")
}

fn led() -> Party {
    organization(ORGANIZATION)
}
