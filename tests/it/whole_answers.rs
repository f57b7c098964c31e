//! The whole answer of every operation that reads, as each audience gets it: of a dialog that has everything, of one that
//! has only what it must, and of every page of the lists.
//!
//! Ids are numbered as they come, times and tokens are written over: what stays is what clients build on.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use dialogporten::domain::ids::v7_at;
use insta::assert_json_snapshot;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    enduser::parts::full_transmission,
    harness::{
        Client, Edit, ORGANIZATION, OTHER_PERSON, PERSON, RESOURCE, TestApp, localized, simple_activity, simple_dialog,
        simple_transmission,
    },
    serviceowner::writes::full_dialog,
};

/// What differs from run to run, with the names that it gets instead. Children are in the order of their ids, so those of
/// the requests are given out in order, too.
struct Names {
    ids: BTreeMap<Uuid, usize>,
    next: DateTime<chrono::Utc>,
}

impl Names {
    fn since(now: DateTime<chrono::Utc>) -> Self {
        Self { ids: BTreeMap::new(), next: now - TimeDelta::hours(1) }
    }

    /// The body with ids that grow from the first to the last.
    fn numbered(&mut self, mut body: Value) -> Value {
        let mut given = BTreeMap::new();
        self.number(&mut body, &mut given);
        let text =
            given.into_iter().fold(body.to_string(), |text, (old, new): (String, String)| text.replace(&old, &new));
        serde_json::from_str(&text).expect("still JSON")
    }

    fn number(&mut self, value: &mut Value, given: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) => {
                if let Some(id) = members.get("id").and_then(Value::as_str) {
                    self.next += TimeDelta::seconds(1);
                    given.insert(id.to_owned(), v7_at(self.next).to_string());
                }
                members.values_mut().for_each(|member| self.number(member, given));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.number(item, given)),
            _ => {}
        }
    }

    fn steady(&mut self, value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let steady = |(name, member): (String, Value)| {
                    let member = match name.as_str() {
                        "dialogToken" | "continuationToken" if member.is_string() => format!("[{name}]").into(),
                        _ => self.steady(member),
                    };
                    (name, member)
                };
                Value::Object(members.into_iter().map(steady).collect::<Map<_, _>>())
            }
            Value::Array(items) => items.into_iter().map(|item| self.steady(item)).collect(),
            Value::String(text) => self.text(text).into(),
            other => other,
        }
    }

    fn text(&mut self, text: String) -> String {
        if text.contains("identifier-ephemeral:") {
            return "urn:altinn:person:identifier-ephemeral:[masked]".into();
        }
        if text.len() > 19 && DateTime::parse_from_rfc3339(&text).is_ok() {
            return "[time]".into();
        }
        if let Some((_, path)) = text.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split_once('/')) {
            // The sandbox's port.
            return self.text(format!("http://sandbox/{path}"));
        }
        let (before, id) = text.split_at_checked(text.len().saturating_sub(36)).unwrap_or((&text, ""));
        match Uuid::parse_str(id) {
            Ok(id) => {
                let next = self.ids.len() + 1;
                format!("{before}[id {}]", self.ids.entry(id).or_insert(next))
            }
            Err(_) => text,
        }
    }
}

/// Every answer under the path that it was asked for.
async fn told(names: &mut Names, clients: &[(&str, &Client<'_>)], paths: &[(String, String)]) -> Value {
    let mut all = Map::new();
    for (who, client) in clients {
        for (what, path) in paths {
            let answer = client.get(path).await.expect(200);
            all.insert(format!("{who}: {what}"), names.steady(answer.body));
        }
    }
    all.into()
}

/// Both pages of a list of two.
async fn pages(names: &mut Names, who: &Client<'_>, path: &str) -> Value {
    let separator = if path.contains('?') { '&' } else { '?' };
    let first = who.get(&format!("{path}{separator}limit=1")).await.expect(200).body;
    let token = first["continuationToken"].as_str().expect("a token").to_owned();
    let last = who.get(&format!("{path}{separator}limit=1&continuationToken={token}")).await.expect(200).body;
    assert_eq!((&first["hasNextPage"], &last["hasNextPage"]), (&json!(true), &json!(false)), "{path}");
    let past =
        last["continuationToken"].as_str().map(|token| format!("{path}{separator}limit=1&continuationToken={token}"));
    let past = match past {
        Some(past) => who.get(&past).await.expect(200).body,
        None => Value::Null,
    };
    json!({ "first": names.steady(first), "last": names.steady(last), "past the end": names.steady(past) })
}

fn ids_of(body: &Value, list: &str) -> Vec<String> {
    let items = body[list].as_array().expect("a list");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn every_read_says_all_that_it_has() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let mut names = Names::since(now);
    let owner = app.service_owner("ttd");
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");
    let other = json!({ "actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{OTHER_PERSON}") });
    let at = |hours: i64| (now - TimeDelta::hours(hours)).to_rfc3339();
    let full = full_dialog(&app)
        .without("attachments.1")
        .with("transmissions.0.createdAt", at(9))
        .with("activities.0.createdAt", at(8))
        .with("activities.1.createdAt", at(7))
        .and("transmissions", full_transmission(&app).with("createdAt", at(6)))
        .and("transmissions", simple_transmission().with("id", v7_at(now).to_string()).with("createdAt", at(5)))
        .and(
            "activities",
            simple_activity("Information")
                .with("id", v7_at(now).to_string())
                .with("createdAt", at(4))
                .with("extendedType", "urn:example:kind")
                .with("performedBy", other)
                .with("description", localized("Noe")),
        );
    let full = owner.creates(names.numbered(full)).await;
    let bare = json!({ "serviceResource": RESOURCE, "party": person, "content": { "title": { "value": localized("Tittel") } } });
    let bare = owner.creates(bare).await;
    let user = app.person(PERSON);
    let read = user.get(&format!("enduser/dialogs/{full}")).await.expect(200).body;
    let (activities, transmissions) = (ids_of(&read, "activities"), ids_of(&read, "transmissions"));
    for change in [json!({ "addLabels": ["Archive"] }), json!({ "addLabels": ["MarkedAsUnopened"] })] {
        user.put(&format!("enduser/dialogs/{full}/context/systemlabels"), change).await.expect(204);
    }
    let seen = user.get(&format!("enduser/dialogs/{full}/seenlog")).await.expect(200).body;
    let seen = vec![seen[0]["id"].as_str().expect("an id").to_owned()];

    for (name, dialog) in [("full", full), ("bare", bare)] {
        let mut parts = vec![
            ("transmissions".to_owned(), format!("dialogs/{dialog}/transmissions")),
            ("activities".to_owned(), format!("dialogs/{dialog}/activities")),
            ("seen log".to_owned(), format!("dialogs/{dialog}/seenlog")),
            ("lookup".to_owned(), format!("dialoglookup?instanceRef=urn:altinn:dialog-id:{dialog}")),
            ("dialog".to_owned(), format!("dialogs/{dialog}")),
        ];
        if dialog == full {
            for (kind, ids) in [("transmissions", &transmissions), ("activities", &activities), ("seenlog", &seen)] {
                let one = |(n, id)| (format!("{kind} {n}"), format!("dialogs/{dialog}/{kind}/{id}"));
                parts.extend(ids.iter().enumerate().map(one));
            }
        }
        let of = |surface: &str, more: &[(&str, &str)]| -> Vec<(String, String)> {
            let own = more.iter().map(|(what, path)| ((*what).to_owned(), format!("dialogs/{dialog}{path}")));
            own.chain(parts.clone()).map(|(what, path)| (what, format!("{surface}/{path}"))).collect()
        };
        let for_users = of("enduser", &[("label log", "/context/labellog")]);
        let english = user.clone().header("accept-language", "en");
        let users = [("end user", &user), ("end user in English", &english)];
        assert_json_snapshot!(format!("end_users_{name}"), told(&mut names, &users, &for_users).await);
        let for_a_person = format!("?endUserId={person}");
        let for_owners = of("serviceowner", &[("dialog for a person", &for_a_person), ("labels", "/context/labels")]);
        let administrator = app.admin();
        let owners = [("service owner", &owner), ("administrator", &administrator)];
        assert_json_snapshot!(format!("service_owners_{name}"), told(&mut names, &owners, &for_owners).await);
        let notifier = owner.clone().with_scopes(&["altinn:system/notifications.condition.check"]);
        let condition = format!(
            "serviceowner/dialogs/{dialog}/actions/should-send-notification?conditionType=Exists&activityType=DialogCreated"
        );
        assert_json_snapshot!(format!("condition_{name}"), notifier.get(&condition).await.expect(200).body);
    }

    assert_json_snapshot!("end_user_list", pages(&mut names, &user, &format!("enduser/dialogs?party={person}")).await);
    assert_json_snapshot!("service_owner_list", pages(&mut names, &owner, "serviceowner/dialogs").await);
    assert_json_snapshot!(
        "service_owner_list_for_a_person",
        pages(&mut names, &owner, &format!("serviceowner/dialogs?endUserId={person}&serviceResource={RESOURCE}")).await
    );
    assert_json_snapshot!(
        "end_user_contexts",
        pages(&mut names, &owner, &format!("serviceowner/dialogs/endusercontext?party={person}")).await
    );
    let nothing = format!("enduser/dialogs?party=urn:altinn:organization:identifier-no:{ORGANIZATION}");
    assert_json_snapshot!("empty_list", app.person(OTHER_PERSON).get(&nothing).await.expect(200).body);
}

#[tokio::test]
async fn every_catalogue_says_all_that_it_has() {
    let app = TestApp::start().await;
    app.service_owner("ttd").creates(simple_dialog()).await;
    let mut names = Names::since(app.clock.now());
    let (user, anonymous) = (app.person(PERSON), app.anonymous());
    let own = [
        ("parties".to_owned(), "enduser/parties".to_owned()),
        ("service resources".to_owned(), "enduser/serviceresources".to_owned()),
    ];
    assert_json_snapshot!("own_catalogues", told(&mut names, &[("end user", &user)], &own).await);
    let open = [
        ("limits".to_owned(), "metadata/limits".to_owned()),
        ("service resources".to_owned(), "metadata/serviceresources".to_owned()),
    ];
    assert_json_snapshot!("open_catalogues", told(&mut names, &[("anybody", &anonymous)], &open).await);
    // Keys are made at the start of each test, and the issuer's address is its own.
    let keys = anonymous.get(".well-known/jwks.json").await.expect(200).body;
    for key in keys["keys"].as_array().expect("keys") {
        let members: Vec<_> = key.as_object().expect("a key").keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!(
            (&key["alg"], &key["crv"], &key["kty"], &key["use"]),
            (&json!("EdDSA"), &json!("Ed25519"), &json!("OKP"), &json!("sig"))
        );
    }
    let issuer = anonymous.get(".well-known/oauth-authorization-server").await.expect(200).body;
    let members: Vec<_> = issuer.as_object().expect("a document").keys().map(String::as_str).collect();
    assert_eq!(members, ["issuer", "jwks_uri"]);
}
