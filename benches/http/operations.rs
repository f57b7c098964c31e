//! What is measured: requests that are written out beforehand, and how each is done again bare.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::{Client, Request},
    drive::Worker,
    stage::Stage,
};

const RESOURCE: &str = "urn:altinn:resource:ttd-dialogporten-automated-tests";
/// The largest party of a seeded world: 5 % of all dialogs.
const LARGEST: &str = "urn:altinn:organization:identifier-no:310010693";
/// Whose the created dialogs are.
const OWN: &str = "urn:altinn:person:identifier-no:08844397713";
/// Dialogs that are read, and dialogs of each operation that changes some; divisible by every number of connections.
const SUBJECTS: usize = 128;

/// How the requests of an operation follow each other.
pub enum Kind {
    /// In any order, as often as one likes.
    Reads,
    Creates,
    /// Those of one dialog one after the other, each dialog over one connection at a time.
    Changes(Vec<Uuid>),
    /// Each request about a dialog that this reader has not read.
    FirstReadings,
}

pub struct Operation {
    pub name: &'static str,
    pub kind: Kind,
    /// Of one subject each, in turn.
    pub requests: Vec<Vec<Request>>,
    turns: Vec<AtomicUsize>,
}

impl Operation {
    fn new(name: &'static str, kind: Kind, requests: Vec<Vec<Request>>) -> Self {
        let turns = requests.iter().map(|_| AtomicUsize::new(0)).collect();
        Self { name, kind, requests, turns }
    }

    /// All of them, against dialogs of the world that the service has.
    pub fn all(stage: &Stage) -> anyhow::Result<Vec<Self>> {
        let (owner, person) = (&stage.tokens.owner, &stage.tokens.person);
        let list = |rest: &str| format!("/api/v1/enduser/dialogs?limit=100&{rest}");
        let dialogs =
            listed(stage, &format!("/api/v1/enduser/dialogs?limit=1000&party={LARGEST}&serviceResource={RESOURCE}"))?;
        ensure!(dialogs.len() >= 3 * SUBJECTS, "the world has too few dialogs: {}", dialogs.len());
        let (read, rest) = dialogs.split_at(SUBJECTS);
        let (appended, rest) = rest.split_at(SUBJECTS);
        let labelled = &rest[..SUBJECTS];
        let end_user = |dialog: &Uuid, rest: &str| format!("/api/v1/enduser/dialogs/{dialog}{rest}");
        let from_owner = |dialog: &Uuid, rest: &str| format!("/api/v1/serviceowner/dialogs/{dialog}{rest}");
        let get = |path: String, token: &str| vec![Request::new("GET", &path, token, "")];
        let each = |dialogs: &[Uuid], of: &dyn Fn(&Uuid) -> Vec<Request>| dialogs.iter().map(of).collect::<Vec<_>>();
        let activity = json!({
            "type": "Information",
            "performedBy": { "actorType": "ServiceOwner" },
            "description": [{ "value": "Saken er sendt til en saksbehandler.", "languageCode": "nb" }],
        })
        .to_string();
        let append = |dialog: &Uuid| vec![Request::new("POST", &from_owner(dialog, "/activities"), owner, &activity)];
        let label = |dialog: &Uuid| {
            let set = |label: &str| {
                let body = json!({ "addLabels": [label] }).to_string();
                Request::new("PUT", &end_user(dialog, "/context/systemlabels"), person, &body)
            };
            ["Bin", "Archive"].map(set).into()
        };
        let page = |rest: String, token: &str| vec![get(list(&rest), token)];
        Ok(vec![
            Self::new("GET, end user", Kind::Reads, each(read, &|dialog| get(end_user(dialog, ""), person))),
            Self::new("GET, service owner", Kind::Reads, each(read, &|dialog| get(from_owner(dialog, ""), owner))),
            Self::new("list of 100, one party", Kind::Reads, page(format!("party={LARGEST}"), person)),
            Self::new(
                "list of 100, 101 parties",
                Kind::Reads,
                page(format!("serviceResource={RESOURCE}"), &stage.tokens.leader),
            ),
            Self::new(
                "list of transmissions",
                Kind::Reads,
                each(read, &|dialog| get(end_user(dialog, "/transmissions"), person)),
            ),
            Self::new("create", Kind::Creates, vec![vec![creating(stage)]]),
            Self::new("append activity", Kind::Changes(appended.to_vec()), each(appended, &append)),
            Self::new("label change", Kind::Changes(labelled.to_vec()), each(labelled, &label)),
            Self::new("seen: first reading", Kind::FirstReadings, Vec::new()),
        ])
    }

    /// The next request of a subject, and which of its requests that is.
    pub fn next(&self, subject: usize) -> (usize, &Request) {
        let turn = self.turns[subject].fetch_add(1, Ordering::Relaxed) % self.requests[subject].len();
        (turn, &self.requests[subject][turn])
    }

    /// Worker `number` of `workers`. `fresh`: dialogs for first readings.
    pub fn worker<'a>(
        &'a self,
        stage: &'a Stage,
        fresh: &'a Fresh,
        number: usize,
        workers: usize,
    ) -> anyhow::Result<Worker<'a>> {
        let mut client = Client::connect(&stage.service)?;
        let mut turn = number;
        Ok(Box::new(move || {
            if let Kind::FirstReadings = self.kind {
                let Some(dialog) = fresh.take() else { return Ok(false) };
                client.ask(&first_reading(stage, dialog))?;
            } else {
                let (_, request) = self.next(turn % self.requests.len());
                turn += workers;
                client.ask(request)?;
            }
            Ok(true)
        }))
    }
}

pub fn first_reading(stage: &Stage, dialog: Uuid) -> Request {
    Request::new("GET", &format!("/api/v1/enduser/dialogs/{dialog}"), &stage.tokens.person, "")
}

/// Dialogs that nobody has read, each for one reading.
#[derive(Default)]
pub struct Fresh {
    pub dialogs: Vec<Uuid>,
    next: AtomicUsize,
}

impl Fresh {
    pub fn new(dialogs: Vec<Uuid>) -> Self {
        Self { dialogs, next: AtomicUsize::new(0) }
    }

    fn take(&self) -> Option<Uuid> {
        self.dialogs.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }

    /// So many new ones, by way of the service.
    pub fn create(stage: &Stage, count: usize) -> anyhow::Result<Self> {
        const CLIENTS: usize = 8;
        let request = creating(stage);
        let some = || -> anyhow::Result<Vec<Uuid>> {
            let mut client = Client::connect(&stage.service)?;
            let mut one = |_| Ok(serde_json::from_slice(client.ask(&request)?)?);
            (0..count.div_ceil(CLIENTS)).map(&mut one).collect()
        };
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(some)).collect();
            let mut dialogs = Vec::with_capacity(count);
            for client in clients {
                dialogs.extend(client.join().ok().context("a client fell over")??);
            }
            Ok(Self::new(dialogs))
        })
    }
}

fn creating(stage: &Stage) -> Request {
    let text = |text: &str| json!({ "value": [{ "value": text, "languageCode": "nb" }] });
    let body = json!({
        "serviceResource": RESOURCE,
        "party": OWN,
        "status": "NotApplicable",
        "content": { "title": text("Søknad om barnehageplass"), "summary": text("Søknaden er mottatt.") },
        "transmissions": [{
            "type": "Information",
            "sender": { "actorType": "ServiceOwner" },
            "content": { "title": text("Vedtak"), "summary": text("Se vedlegget.") },
        }],
    });
    Request::new("POST", "/api/v1/serviceowner/dialogs", &stage.tokens.owner, &body.to_string())
}

/// The dialogs of a page of the end user's list.
fn listed(stage: &Stage, path: &str) -> anyhow::Result<Vec<Uuid>> {
    let mut client = Client::connect(&stage.service)?;
    let page: Value = serde_json::from_slice(client.ask(&Request::new("GET", path, &stage.tokens.person, ""))?)?;
    let items = page["items"].as_array().context("items")?;
    items.iter().map(|item| item["id"].as_str().context("an id")?.parse().context("an id")).collect()
}
