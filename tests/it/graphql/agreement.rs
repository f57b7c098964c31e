//! REST and GraphQL say the same: each field of `dialogById` and `searchDialogs`, for random dialogs and several readers.

use std::fmt::Write;

use dialogporten::domain::ids::DialogId;
use serde_json::{Map, Value, json};

use super::{ask, everything::Contract};
use crate::harness::{Client, ORGANIZATION, OTHER_PERSON, PERSON, TestApp};

/// How many dialogs; each is read by six readers on both sides.
const DIALOGS: u64 = 300;
/// How many are read by one document.
const AT_ONCE: usize = 25;

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<T: Clone>(&mut self, values: &[T]) -> T {
        let at = self.roll(values.len() as u64);
        values[usize::try_from(at).expect("small")].clone()
    }

    fn once_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn localized(&mut self) -> Value {
        let mut texts = vec![json!({"languageCode": "nb", "value": format!("tekst {}", self.roll(1000))})];
        for code in ["en", "nn", "se"] {
            if self.once_in(3) {
                texts.push(json!({"languageCode": code, "value": format!("æøå {code} {}", self.roll(1000))}));
            }
        }
        texts.into()
    }

    fn url(&mut self) -> Value {
        json!(self.of(&["https://example.com/", "HTTPS://Example.COM", "https://example.com/æ?q=ø"]))
    }

    fn attribute(&mut self) -> &'static str {
        self.of(&[
            "element1",
            "urn:altinn:task:Task_1",
            "urn:altinn:resource:super-simple-service",
            "someunavailablesubresource",
        ])
    }

    fn attachment(&mut self) -> Value {
        let mut attachment = json!({"displayName": self.localized(), "urls": [
            {"url": self.url(), "consumerType": self.of(&["Gui", "Api"])},
            {"url": self.url(), "consumerType": "Api", "mediaType": "application/pdf"},
        ]});
        if self.once_in(3) {
            attachment["expiresAt"] = json!("2031-02-03T04:05:06.700000Z");
        }
        if self.once_in(3) {
            attachment["name"] = json!("brev.pdf");
        }
        attachment
    }

    fn transmission(&mut self) -> Value {
        let types =
            ["Information", "Acceptance", "Rejection", "Request", "Alert", "Decision", "Submission", "Correction"];
        let mut body = json!({
            "type": self.of(&types),
            "sender": {"actorType": "ServiceOwner"},
            "content": {"title": {"value": self.localized()}, "summary": {"value": self.localized()}},
        });
        if self.once_in(2) {
            body["sender"] = json!({"actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{PERSON}")});
        }
        if self.once_in(2) {
            body["authorizationAttribute"] = json!(self.attribute());
        }
        if self.once_in(2) {
            body["attachments"] = json!([self.attachment()]);
        }
        if self.once_in(3) {
            body["navigationalActions"] = json!([{"title": self.localized(), "url": self.url()}]);
        }
        if self.once_in(3) {
            body["extendedType"] = json!("urn:some:Type");
            body["externalReference"] = json!("ref");
        }
        body
    }

    fn dialog(&mut self) -> Value {
        let parties = [
            format!("urn:altinn:person:identifier-no:{PERSON}"),
            format!("urn:altinn:person:identifier-no:{OTHER_PERSON}"),
            format!("urn:altinn:organization:identifier-no:{ORGANIZATION}"),
            "urn:altinn:organization:identifier-no:310057223".to_owned(),
        ];
        let resources =
            ["ttd-dialogporten-automated-tests", "ttd-dialogporten-transmissions-test", "super-simple-service"];
        let mut body = json!({
            "party": self.of(&parties),
            "serviceResource": format!("urn:altinn:resource:{}", if self.once_in(4) { self.of(&resources) } else { resources[0] }),
            "status": self.of(&["NotApplicable", "InProgress", "Draft", "Awaiting", "RequiresAttention", "Completed"]),
            "content": {"title": {"value": self.localized()}, "summary": {"value": self.localized()}},
        });
        if self.once_in(2) {
            body["progress"] = json!(self.roll(101));
            body["extendedStatus"] = json!("urn:x:y");
            body["externalReference"] = json!("a");
        }
        if self.once_in(2) {
            body["dueAt"] = json!("2099-03-04T05:06:07.123456Z");
        }
        if self.once_in(3) {
            body["expiresAt"] = json!("2099-12-31T00:00:00Z");
            body["process"] = json!("urn:p:1");
            body["precedingProcess"] = json!("urn:p:0");
        }
        if self.once_in(3) {
            body["content"]["senderName"] = json!({"value": self.localized()});
            body["content"]["nonSensitiveTitle"] = json!({"value": self.localized()});
            body["content"]["additionalInfo"] = json!({"value": self.localized(), "mediaType": "text/markdown"});
        }
        if self.once_in(3) {
            let embed = "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown";
            body["content"]["mainContentReference"] =
                json!({"value": [{"languageCode": "nb", "value": "https://example.com/x"}], "mediaType": embed});
        }
        if self.once_in(10) {
            body["isApiOnly"] = json!(true);
            body.as_object_mut().expect("an object").remove("content");
        }
        if self.once_in(2) {
            body["attachments"] = json!([self.attachment()]);
            let mut action = json!({"action": self.of(&["read", "write", "some_unauthorized_action"]), "url": self.url(), "priority": "Tertiary", "title": self.localized()});
            if self.once_in(2) {
                action["authorizationAttribute"] = json!(self.attribute());
                action["prompt"] = self.localized();
            }
            body["guiActions"] = json!([action]);
            body["apiActions"] = json!([{"action": "read", "endpoints": [
                {"url": self.url(), "httpMethod": "PATCH", "version": "1", "documentationUrl": self.url(), "deprecated": true, "sunsetAt": "2099-01-01T00:00:00Z"}]}]);
        }
        body["transmissions"] = (0..self.roll(3)).map(|_| self.transmission()).collect();
        if self.once_in(2) {
            let performer = json!({"actorType": "PartyRepresentative", "actorId": format!("urn:altinn:person:identifier-no:{PERSON}")});
            let performer = if self.once_in(2) { performer } else { json!({"actorType": "ServiceOwner"}) };
            body["activities"] = json!([{"type": "Information", "performedBy": performer, "description": self.localized()},
                                        {"type": "FormSaved", "performedBy": {"actorType": "ServiceOwner"}}]);
        }
        body
    }
}

/// How the two sides differ, by name: everything else is the same.
fn alike(value: &Value, name: &str) -> Value {
    // Only REST has it, for the sake of older clients.
    const RESTS_ALONE: [&str; 1] = ["systemLabel"];
    // REST leaves it out where it is empty.
    const LEFT_OUT: [&str; 4] = ["displayName", "prompt", "description", "subParties"];
    const ADDRESSES: [&str; 5] = ["url", "documentationUrl", "requestSchema", "responseSchema", "extendedType"];
    const ENUMS: [&str; 6] = ["status", "type", "actorType", "priority", "consumerType", "systemLabels"];
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| {
                let is_empty = LEFT_OUT.contains(&name.as_str()) && value.as_array().is_some_and(Vec::is_empty);
                !value.is_null() && !is_empty && !RESTS_ALONE.contains(&name.as_str())
            });
            let kept: Map<_, _> = kept.map(|(name, value)| (name.clone(), alike(value, name))).collect();
            kept.into()
        }
        Value::Array(items) => items.iter().map(|item| alike(item, name)).collect(),
        // A token is new each time.
        Value::String(_) if name == "dialogToken" => json!("[token]"),
        Value::String(text) if ENUMS.contains(&name) => json!(text.replace('_', "").to_lowercase()),
        Value::String(text) if ADDRESSES.contains(&name) => {
            json!(url::Url::parse(text).map_or_else(|_| text.clone(), String::from))
        }
        Value::String(text) if name.ends_with("At") => {
            let instant = chrono::DateTime::parse_from_rfc3339(text).expect("an instant");
            json!(instant.to_utc().to_rfc3339())
        }
        other => other.clone(),
    }
}

/// What has no content has none on REST's side, and a title without texts on the other.
fn with_titles(mut rest: Value) -> Value {
    let empty = || json!({"title": {"value": [], "mediaType": "text/plain"}});
    if rest.get("content").is_none() {
        rest["content"] = empty();
    }
    for transmission in rest["transmissions"].as_array_mut().into_iter().flatten() {
        if transmission.get("content").is_none() {
            transmission["content"] = empty();
        }
    }
    rest
}

fn readers(app: &TestApp) -> Vec<(&'static str, Client<'_>)> {
    vec![
        ("person", app.person(PERSON)),
        ("person, level 4, Norwegian", app.person(PERSON).level(4).header("accept-language", "nb, nn;q=0.9, en;q=0.8")),
        ("other person", app.person(OTHER_PERSON)),
        ("other person, Sami", app.person(OTHER_PERSON).header("accept-language", "se")),
        ("system user", app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364")),
        ("stranger", app.person("08895699684")),
    ]
}

async fn rest(reader: &Client<'_>, id: DialogId) -> Result<Value, Vec<String>> {
    let answer = reader.get(&format!("enduser/dialogs/{id}")).await;
    if answer.status == 200 {
        return Ok(alike(&with_titles(answer.body), ""));
    }
    let texts = answer.body["errors"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, texts)| texts.as_array().cloned().unwrap_or_default());
    Err(texts.filter_map(|text| text.as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn both_sides_show_each_dialog_alike() {
    let app = TestApp::start_with(&[("graphql.max_cost", "100000")]).await;
    let owner = app.service_owner("ttd");
    let contract = Contract::read();
    let mut dice = Dice(7);
    let mut dialogs = Vec::new();
    for _ in 0..DIALOGS {
        dialogs.push(owner.creates(dice.dialog()).await);
    }
    // Some attachments have expired by the time they are looked at.
    app.clock.set("2032-01-01T00:00:00Z".parse().expect("an instant"));
    let fields = contract.everything("Dialog");
    let (mut shown, mut refused) = (0, 0);
    for (name, reader) in readers(&app) {
        for few in dialogs.chunks(AT_ONCE) {
            let mut expected = Vec::new();
            for id in few {
                expected.push(rest(&reader, *id).await);
            }
            let mut aliased = String::new();
            for (n, id) in few.iter().enumerate() {
                let payload = "{ dialog { ...f } errors { message } }";
                write!(aliased, "d{n}: dialogById(dialogId: \"{id}\") {payload} ").expect("a string takes it");
            }
            let answer =
                ask(&reader, &format!("{{ {aliased} }} fragment f on Dialog {fields}"), json!({})).await.expect(200);
            for (n, (id, expected)) in few.iter().zip(expected).enumerate() {
                let payload = &answer.body["data"][format!("d{n}")];
                match expected {
                    Ok(expected) => {
                        assert_eq!(alike(&payload["dialog"], ""), expected, "{name}: {id}");
                        shown += 1;
                    }
                    Err(texts) => {
                        let told: Vec<_> = payload["errors"]
                            .as_array()
                            .expect("errors")
                            .iter()
                            .map(|error| error["message"].clone())
                            .collect();
                        assert_eq!((&payload["dialog"], json!(told)), (&Value::Null, json!(texts)), "{name}: {id}");
                        refused += 1;
                    }
                }
            }
        }
        lists_agree(&contract, name, &reader).await;
    }
    assert!(shown > 300 && refused > 300, "{shown} shown, {refused} refused");
}

/// All pages of all that a reader may list.
async fn lists_agree(contract: &Contract, name: &str, reader: &Client<'_>) {
    let fields = contract.everything("SearchDialog");
    let query = format!(
        "query ($token: String) {{ searchDialogs(input: {{serviceResource: \"urn:altinn:resource:ttd-dialogporten-automated-tests\", \
         limit: 70, continuationToken: $token, orderBy: {{createdAt: ASC}}}}) {{ items {fields} hasNextPage continuationToken \
         errors {{ message }} }} }}"
    );
    let mut token = Value::Null;
    loop {
        let at = token.as_str().map(|token| format!("&continuationToken={token}")).unwrap_or_default();
        let path = "enduser/dialogs?serviceResource=urn:altinn:resource:ttd-dialogporten-automated-tests&limit=70&orderBy=createdAt_asc";
        let expected = reader.get(&format!("{path}{at}")).await.expect(200).body;
        let found =
            ask(reader, &query, json!({ "token": token })).await.expect(200).body["data"]["searchDialogs"].clone();
        assert_eq!(found["errors"], json!([]), "{name}");
        let items: Vec<Value> = expected["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| alike(&with_titles(item.clone()), ""))
            .collect();
        assert_eq!(alike(&found["items"], ""), json!(items), "{name}");
        assert_eq!(found["hasNextPage"], expected["hasNextPage"]);
        assert_eq!(found["continuationToken"], *expected.get("continuationToken").unwrap_or(&Value::Null));
        token = found["continuationToken"].clone();
        if found["hasNextPage"] != true {
            return;
        }
    }
}
