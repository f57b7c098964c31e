//! Statuses that answers have and the documents do not name: the contract leaves no room for them, so they are listed.

use std::collections::{BTreeMap, BTreeSet};

use dialogporten::{
    openapi::{Audience, Tag, document},
    router::operations,
};
use serde_json::Value;

use crate::harness::{PERSON, TestApp, fresh_id};

/// By operation id of the combined document, the statuses that the documents name, and whether it takes a body.
fn documented() -> BTreeMap<String, (BTreeSet<u16>, bool)> {
    let document = document(Audience::Combined, &operations(), None);
    let verbs = document["paths"].as_object().expect("paths").values().filter_map(Value::as_object).flatten();
    let of = |(_, operation): (&String, &Value)| {
        let statuses = operation["responses"].as_object().expect("responses").keys();
        let statuses = statuses.map(|status| status.parse().expect("a status")).collect();
        (operation["operationId"].as_str().expect("an id").to_owned(), (statuses, operation["requestBody"].is_object()))
    };
    verbs.map(of).collect()
}

/// Whether `docs/deviations.md` lists `status` for the operation `id`: under the heading, a row says a status and which
/// operations have it, by the end of their id or in words.
fn listed(id: &str, status: u16, takes_body: bool) -> bool {
    let text = include_str!("../../docs/deviations.md");
    let (_, section) = text.split_once("## Statuses that the documents do not name").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?.parse::<u16>().ok()?, cells.next()?))
    });
    rows.filter(|(listed, _)| *listed == status).any(|(_, operations)| match operations {
        "every operation" => true,
        "operations with a body" => takes_body,
        names => names.split(", ").any(|name| id.ends_with(name.trim_matches('`'))),
    })
}

/// Whether the documents name `status` for the operation of the combined id `id`, or `docs/deviations.md` lists it.
pub fn is_known(id: &str, status: u16) -> bool {
    let (statuses, takes_body) = documented().remove(id).unwrap_or_else(|| panic!("no operation {id}"));
    statuses.contains(&status) || listed(id, status, takes_body)
}

/// M-21: reads, too: what is asked wrongly, for something that is not there, by nobody, or with the wrong token.
#[tokio::test]
async fn what_reads_answer_is_documented_or_listed() {
    let app = TestApp::start().await;
    for operation in operations().into_iter().filter(|one| one.route.method == "get" && !one.hidden) {
        let path = operation.route.path;
        let filled = |id: &str| {
            path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/")
        };
        let fresh = filled(&fresh_id().to_string());
        let (owner, person) = (app.service_owner("ttd"), app.person(PERSON));
        let client = if operation.tag == Tag::Serviceowner { &owner } else { &person };
        let answers = [
            client.get(&fresh).await,
            client.get(&filled("4711")).await,
            client.get(&format!("{fresh}?limit=x&createdAfter=x")).await,
            app.anonymous().get(&fresh).await,
            app.person(PERSON).with_scopes(&["openid"]).get(&fresh).await,
            app.anonymous().header("accept", "text/html").get(&fresh).await,
            client.get(&format!("{fresh}?search=barnehage&party=urn:altinn:person:identifier-no:{PERSON}")).await,
        ];
        for answer in answers {
            let status = answer.status.as_u16();
            assert!(is_known(operation.combined_id, status), "GET {path}: {status} {}", answer.text);
        }
    }
}
