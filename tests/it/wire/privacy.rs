//! What is never logged: person numbers, names, tokens and what bodies say.
//!
//! The log of a process has one place to go, so the requests run in a process of their own: this test program again, with the
//! one test that is ignored otherwise.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use dialogporten::sandbox::world::{IdentityKind, World};
use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::harness::{
    Client, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, simple_activity, simple_dialog, simple_transmission, text,
};

/// Stands in every text that a body or a query carries.
const MARK: &str = "Hemmeligheten";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn neither_persons_nor_tokens_nor_texts_are_logged() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wire::privacy::requests_of_every_kind", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn requests_of_every_kind() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .try_init()
        .expect("nobody logs in this process yet");
    // Calls that fail are repeated; there is nothing to wait for.
    let app = TestApp::start_with(&[("altinn.retry_delay", "1ms")]).await;
    let mut secrets = drive(&app).await;
    let log = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();

    // It is the log that is looked at, in all its layers.
    for expected in ["request answered", "dialogporten::refused", "the platform failed", "sqlx"] {
        assert!(log.contains(expected), "{expected} is missing in {} lines", log.lines().count());
    }
    secrets.push(MARK.to_owned());
    for identity in World::named("bare").unwrap().identities() {
        match identity.kind {
            IdentityKind::Person | IdentityKind::Username | IdentityKind::Email => {
                secrets.extend([identity.id.clone(), identity.name.clone()]);
                let turned: Vec<_> = identity.name.rsplit(' ').collect();
                secrets.push(turned.join(" "));
            }
            IdentityKind::SystemUser | IdentityKind::Organization => secrets.push(identity.name.clone()),
        }
    }
    secrets.retain(|secret| secret.len() > 4);
    for line in log.lines() {
        let told = secrets.iter().find(|secret| line.contains(secret.as_str()));
        assert!(told.is_none(), "{told:?} in: {line}");
    }
}

/// Requests that succeed, are refused and fail. Gives the tokens that were sent.
async fn drive(app: &TestApp) -> Vec<String> {
    let clients = [
        app.service_owner("ttd"),
        app.admin(),
        app.service_owner("other"),
        app.person(PERSON),
        app.person(PERSON).level(1),
        app.person(OTHER_PERSON),
        app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364"),
        app.email("test@test.no"),
        app.with_token(&format!("{MARK}.e30.e30")),
        app.with_token(MARK),
    ];
    for client in &clients {
        everything(app, client).await;
    }
    // The platform answers with errors, then with nonsense, then not at all.
    let broken = "x".to_owned() + MARK;
    for fault in [json!({ "status": 500 }), json!({ "status": 200, "body": broken }), json!({ "drop": true })] {
        let paths = ["/register", "/accessmanagement", "/authorization"];
        let faults: Vec<Value> = paths.iter().map(|path| fault.clone().with("path", *path)).collect();
        app.anonymous().put("/sandbox/faults", Value::Array(faults)).await.expect(200);
        for client in [&clients[0], &clients[3], &clients[6]] {
            everything(app, client).await;
        }
        app.anonymous().delete("/sandbox/faults").await;
    }
    // The service's own fault: its database is not what it expects.
    sqlx::query("alter table dialog_document rename to missing").execute(&app.db).await.unwrap();
    for client in [&clients[0], &clients[3]] {
        everything(app, client).await;
    }
    clients.iter().filter_map(Client::token).flat_map(|token| parts(&token)).collect()
}

/// A token, and each part of it that is long enough to be told from a word.
fn parts(token: &str) -> Vec<String> {
    let parts = token.split('.').map(str::to_owned).filter(|part| part.len() > 40);
    std::iter::once(token.to_owned()).chain(parts).collect()
}

/// Each operation, rightly and wrongly.
async fn everything(app: &TestApp, client: &Client<'_>) {
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");
    let by_person = json!({ "actorType": "PartyRepresentative", "actorId": person });
    let named = json!({ "actorType": "PartyRepresentative", "actorName": format!("{MARK} Navnesen") });
    let transmission = simple_transmission()
        .with("sender", named.clone())
        .with("content.title", text(MARK))
        .with("externalReference", MARK);
    let activity =
        simple_activity("Information").with("performedBy", by_person.clone()).with("description.0.value", MARK);
    let dialog = simple_dialog()
        .with("content.title", text(MARK))
        .with("externalReference", MARK)
        .with("idempotentKey", format!("{MARK}-key"))
        .with("serviceOwnerContext.serviceOwnerLabels", json!([{ "value": MARK }]))
        .and("searchTags", json!({ "value": MARK }))
        .and("transmissions", transmission.clone())
        .and("activities", activity.clone());
    let dialogs = "serviceowner/dialogs";
    // The key is taken from the second time on: a refusal that quotes it.
    let created = client.post(dialogs, dialog.clone()).await;
    client.post(dialogs, dialog.clone()).await;
    let free = dialog.clone().without("idempotentKey");
    let own = client.post(dialogs, free.clone()).await;
    let id = own.body.as_str().or(created.body.as_str()).map_or_else(|| fresh_id().to_string(), str::to_owned);
    for wrong in [
        free.clone().with("party", format!("{person}{MARK}")).with("progress", 101),
        free.clone().with("content.title.value.0.languageCode", MARK),
        free.clone().with("serviceResource", format!("urn:altinn:resource:{MARK}")),
        free.clone().with("activities.0.performedBy.actorId", "urn:altinn:person:identifier-no:05848297888"),
        free.clone().with("id", id.as_str()),
        free.clone().with("status", MARK),
        free.clone().with("createdAt", MARK),
        json!({ MARK: 1 }),
    ] {
        client.post(dialogs, wrong).await;
    }
    let path = format!("{dialogs}/{id}");
    let send = async |method: Method, below: &str, body: Option<Value>| {
        client.send(method, &format!("{path}{below}"), body).await
    };
    send(Method::GET, "", None).await;
    send(Method::GET, &format!("?enduserId={person}"), None).await;
    send(Method::GET, &format!("?enduserId={person}{MARK}"), None).await;
    send(Method::PUT, "", Some(free.clone().without("transmissions").without("activities"))).await;
    send(Method::PUT, "", Some(free.clone().with("progress", 101))).await;
    send(Method::PATCH, "", Some(json!([{ "op": "replace", "path": "/externalReference", "value": MARK }]))).await;
    send(Method::PATCH, "", Some(json!([{ "op": "test", "path": format!("/{MARK}"), "value": MARK }]))).await;
    client.send_text(Method::PATCH, &path, Some((MARK, "application/json"))).await;
    client.send_text(Method::POST, dialogs, Some((&format!("{{\"{MARK}"), "application/json"))).await;
    client.send_text(Method::POST, dialogs, Some((MARK, MARK))).await;
    client.clone().if_match(MARK).delete(&path).await;
    client.clone().header("accept", MARK).header("accept-language", MARK).header("x-other", MARK).get(&path).await;
    client.clone().header("traceparent", MARK).get(&path).await;
    let added = send(Method::POST, "/transmissions", Some(transmission.clone())).await;
    send(Method::POST, "/transmissions", Some(transmission.clone().with("extendedType", format!("%{MARK}")))).await;
    let of = format!("/transmissions/{}", added.body.as_str().unwrap_or("x"));
    send(Method::PUT, &of, Some(transmission.with("isSilentUpdate", true))).await;
    let saved = simple_activity("FormSaved").with("performedBy", by_person.clone());
    let saved = send(Method::POST, "/activities", Some(saved)).await;
    send(Method::POST, "/activities", Some(activity.with("extendedType", format!("%{MARK}")))).await;
    let time = format!("/activities/{}/actions/updateFormSavedActivityTime", saved.body.as_str().unwrap_or("x"));
    send(Method::POST, &time, Some(json!("2024-01-01T00:00:00Z"))).await;
    send(Method::POST, &time, Some(json!(MARK))).await;
    send(Method::GET, "/context/labels", None).await;
    send(Method::POST, "/context/labels", Some(json!({ "value": format!("{MARK}-2") }))).await;
    send(Method::POST, "/context/labels", Some(json!({ "value": MARK }))).await;
    send(Method::DELETE, &format!("/context/labels/{MARK}"), None).await;
    send(Method::DELETE, &format!("/context/labels/{MARK}"), None).await;
    let bin = json!({ "addLabels": ["Bin"] });
    send(Method::PUT, &format!("/endusercontext/systemlabels?enduserId={person}"), Some(bin.clone())).await;
    send(Method::PUT, "/endusercontext/systemlabels", Some(bin.clone().with("performedBy", by_person))).await;
    send(Method::PUT, "/endusercontext/systemlabels", Some(bin.clone().with("performedBy", named))).await;
    let bulk = format!("{dialogs}/endusercontext/systemlabels/actions/bulkset?enduserId={person}");
    client.post(&bulk, bin.clone().with("dialogs", json!([{ "dialogId": id }]))).await;
    client.post(&bulk, bin.with("dialogs", json!([{ "dialogId": MARK }]))).await;
    for side in ["serviceowner", "enduser"] {
        for query in [
            format!("party={person}"),
            format!("party={person}&enduserId={person}&search={MARK}"),
            format!("party={person}{MARK}&limit={MARK}&orderBy={MARK}&continuationToken={MARK}"),
            format!("party={person}&process={MARK}&extendedStatus={MARK}&serviceOwnerLabels={MARK}"),
        ] {
            client.get(&format!("{side}/dialogs?{query}")).await;
        }
        client.get(&format!("{side}/dialogs/{person}")).await;
        client.get(&format!("{side}/{MARK}/{person}")).await;
    }
    // Seen by its person, whoever wrote it.
    client.get(&format!("enduser/dialogs/{id}")).await;
    app.person(PERSON).get(&format!("enduser/dialogs/{id}")).await;
    others(client, &id).await;
    for action in ["freeze", "purge"] {
        let other = client.post(dialogs, free.clone()).await;
        let other = other.body.as_str().map_or_else(|| fresh_id().to_string(), str::to_owned);
        client.post(&format!("{dialogs}/{other}/actions/{action}"), None).await;
    }
    send(Method::DELETE, "", None).await;
    send(Method::PUT, "", Some(free)).await;
    send(Method::POST, "/actions/restore", None).await;
}

/// Whatever else there is, with an id in each place: operations that nobody thought of here.
async fn others(client: &Client<'_>, id: &str) {
    let lists = [
        dialogporten::enduser::operations(),
        dialogporten::metadata::operations(),
        dialogporten::serviceowner::operations(),
    ];
    for operation in lists.concat() {
        // These end what is to be looked at.
        if operation.route.path.contains("/actions/") || operation.route.method == "delete" {
            continue;
        }
        let fill = |segment: &str| match segment {
            "{label}" => MARK.to_owned(),
            _ if segment.starts_with('{') => id.to_owned(),
            _ => segment.to_owned(),
        };
        let path = operation.route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
        let method: Method = operation.route.method.to_uppercase().parse().unwrap();
        let body = (method != Method::GET).then(|| json!({ "value": MARK, "party": PERSON, MARK: MARK }));
        client.send(method, &format!("{path}?party=urn:altinn:person:identifier-no:{PERSON}&q={MARK}"), body).await;
    }
}
