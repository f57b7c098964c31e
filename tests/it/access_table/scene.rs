//! Who reads what: the readers and the dialogs of the table. Every text and every URL of a dialog carries a mark of its own,
//! so that an answer tells by its marks alone what it gave away.

use std::collections::BTreeSet;

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Client, Edit, PERSON, TestApp, fresh_id};

/// Who did things in the dialogs: nobody else ever reads this number.
pub const PERFORMER: &str = "15864799741";

/// Actions of each dialog, as GUI and as API actions.
pub const ACTIONS: [(&str, Option<&str>); 7] = [
    ("read", None),
    ("write", None),
    ("sign", None),
    ("some_unauthorized_action", None),
    ("gui_action", Some("urn:altinn:resource:gui-action-1")),
    ("gui_action", Some("urn:altinn:resource:gui-action-2")),
    ("transmissionread", Some("element1")),
];

/// Authorization attributes of each dialog's transmissions.
pub const TRANSMISSIONS: [Option<&str>; 5] = [
    None,
    Some("element1"),
    Some("someunavailablesubresource"),
    Some("urn:altinn:resource:ttd-dialogporten-automated-tests-correspondence"),
    Some("urn:altinn:resource:ttd-altinn-events-automated-tests"),
];

/// How a dialog stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Deleted,
    /// Not visible yet.
    Early,
    /// Expired.
    Late,
}

/// Somebody of the world, at a level.
#[derive(Clone, Debug)]
pub struct Reader {
    /// As scenarios name them: `person:…`.
    pub who: String,
    pub level: i64,
}

#[derive(Clone, Debug)]
pub struct Dialog {
    pub n: usize,
    pub id: DialogId,
    /// As scenarios name them.
    pub party: String,
    /// Without prefix.
    pub resource: &'static str,
    pub state: State,
    /// The app's instance that it is labelled with.
    pub storage: Option<String>,
    pub activity: Uuid,
    pub transmissions: Vec<Uuid>,
}

impl Reader {
    pub fn client<'a>(&self, app: &'a TestApp) -> Client<'a> {
        let (kind, id) = self.who.split_once(':').expect("a kind and an id");
        match kind {
            "person" => app.person(id).level(u8::try_from(self.level).expect("a level")),
            "system-user" => app.system_user(id),
            _ => app.email(id),
        }
    }

    /// The number of a person.
    pub fn person(&self) -> Option<&str> {
        self.who.strip_prefix("person:")
    }
}

/// Everybody of chapter 09 whose rights differ.
pub fn readers() -> Vec<Reader> {
    let persons = [
        "08844397713",
        "13838599936",
        "27069815400",
        "08895699684",
        "29886896598",
        "01817090067",
        "12826590023",
        "05838090011",
        "23849290045",
        "09865590048",
        "17874490091",
        "21857890016",
        "06889090039",
        "30885190045",
    ];
    let at = |who: &str, level| Reader { who: who.to_owned(), level };
    let mut readers: Vec<_> = persons.iter().map(|number| at(&format!("person:{number}"), 3)).collect();
    readers.push(at(&format!("person:{PERSON}"), 1));
    readers.push(at(&format!("person:{PERSON}"), 4));
    readers.push(at("person:21857890016", 4));
    readers.push(at("system-user:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364", 3));
    readers.push(at("system-user:54cb69df-3d8a-4432-804e-742e40de6211", 3));
    readers.push(at("email:test@test.no", 0));
    readers
}

/// A party as the contract writes it.
pub fn urn(party: &str) -> String {
    let (kind, id) = party.split_once(':').expect("a kind and an id");
    match kind {
        "person" => format!("urn:altinn:person:identifier-no:{id}"),
        "organization" => format!("urn:altinn:organization:identifier-no:{id}"),
        _ => format!("urn:altinn:person:idporten-email:{id}"),
    }
}

const INSTANCE: &str = "51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
const TESTS: &str = "ttd-dialogporten-automated-tests";
const TESTS_2: &str = "ttd-dialogporten-automated-tests-2";
const HIGH: &str = "ttd-dialogporten-transmissions-test";

/// Creates the dialogs; afterwards the late ones have expired.
pub async fn dialogs(app: &TestApp) -> Vec<Dialog> {
    let mut all = Vec::new();
    for (party, resource) in [
        ("person:08844397713", TESTS),
        ("organization:310923044", TESTS),
        ("organization:319900004", TESTS),
        ("person:08844397713", HIGH),
        ("organization:319900012", "ttd-delegated"),
    ] {
        for state in [State::Live, State::Deleted, State::Early, State::Late] {
            all.push(planned(party, resource, state));
        }
    }
    for (party, resource) in [
        ("person:13838599936", TESTS),
        ("person:08895699684", TESTS),
        ("organization:315010195", TESTS),
        ("organization:310057223", TESTS),
        ("organization:313006425", TESTS),
        ("organization:437454302", TESTS),
        ("organization:991825827", TESTS),
        ("email:test@test.no", TESTS),
        ("person:08844397713", TESTS_2),
        ("organization:313006425", TESTS_2),
        ("organization:310057223", TESTS_2),
        ("person:08844397713", "ttd-dialogporten-automated-tests-correspondence"),
        ("person:08844397713", "ttd-altinn-events-automated-tests"),
        ("person:08844397713", "ttd-no-level"),
        ("email:test@test.no", "ttd-no-level"),
        ("person:08844397713", "ttd-level-3"),
        ("organization:319900012", "ttd-level-3"),
        ("organization:310923044", HIGH),
        ("organization:319900004", "gui-action-1"),
        ("organization:319900004", "gui-action-2"),
        ("organization:319900012", "ttd-two-parties-a"),
        ("organization:319900020", "ttd-two-parties-a"),
        ("organization:319900012", "ttd-two-parties-b"),
        ("organization:319900020", "ttd-two-parties-b"),
        ("person:08844397713", "ttd-delegated"),
        ("organization:319900055", TESTS),
        ("organization:319900047", TESTS),
        ("person:08844397713", "brg-dialogporten-automated-tests"),
    ] {
        all.push(planned(party, resource, State::Live));
    }
    // The app's instance that was delegated, of the right resource and of another one.
    for resource in ["ttd-delegated", "gui-action-1"] {
        let storage = Some(format!("urn:altinn:instance-id:{INSTANCE}"));
        all.push(Dialog { storage, ..planned("organization:319900012", resource, State::Live) });
    }
    // Delegated by its id, while it is known as another instance.
    let id = DialogId("01900000-0000-7000-8000-00000000d014".parse().expect("an id"));
    let storage = Some(format!("urn:altinn:instance-id:51990012/{}", fresh_id()));
    all.push(Dialog { id, storage, ..planned("organization:319900012", "ttd-delegated", State::Live) });

    for (n, dialog) in all.iter_mut().enumerate() {
        dialog.n = n;
        dialog.create(app).await;
    }
    app.clock.advance(chrono::TimeDelta::hours(2));
    all
}

fn planned(party: &str, resource: &'static str, state: State) -> Dialog {
    Dialog {
        n: 0,
        id: DialogId(fresh_id()),
        party: party.to_owned(),
        resource,
        state,
        storage: None,
        activity: fresh_id(),
        transmissions: TRANSMISSIONS.iter().map(|_| fresh_id()).collect(),
    }
}

impl Dialog {
    /// What the decision point knows it as.
    pub fn instance(&self) -> String {
        self.storage.clone().unwrap_or_else(|| format!("urn:altinn:dialog-id:{}", self.id))
    }

    fn mark(&self, name: &str) -> String {
        format!("mark-{:02}-{name}", self.n)
    }

    pub fn marks<N: AsRef<str>>(&self, names: &[N]) -> BTreeSet<String> {
        names.iter().map(|name| self.mark(name.as_ref())).collect()
    }

    /// Every mark there is, as the owner sees them.
    pub fn all_marks(&self) -> BTreeSet<String> {
        marks_in(&self.body(chrono::DateTime::UNIX_EPOCH).to_string())
    }

    pub fn owner<'a>(&self, app: &'a TestApp) -> Client<'a> {
        let owner = if self.resource.starts_with("brg-") { app.service_owner("brg") } else { app.service_owner("ttd") };
        owner.and_scopes(&["digdir:dialogporten.correspondence"])
    }

    async fn create(&self, app: &TestApp) {
        // Some attributes are resources that only their owner, or an administrator, may refer to.
        let admin = self.owner(app).and_scopes(&["digdir:dialogporten.serviceprovider.admin"]);
        admin.creates(self.body(app.clock.now())).await;
        if self.state == State::Deleted {
            admin.delete(&format!("serviceowner/dialogs/{}", self.id)).await.expect(204);
        }
    }

    fn body(&self, now: chrono::DateTime<chrono::Utc>) -> Value {
        let text = |name: &str| json!([{"languageCode": "nb", "value": self.mark(name)}]);
        let url = |name: &str| format!("https://{}.example.com/", self.mark(name));
        let content = |name: &str| json!({"mediaType": "text/plain", "value": text(name)});
        let reference = |name: &str| {
            json!({
                "mediaType": "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown",
                "value": [{"languageCode": "nb", "value": url(name)}],
            })
        };
        let file = |name: &str| json!({"urls": [{"url": url(name), "consumerType": "Gui"}]});
        let by_person = json!({"actorType": "PartyRepresentative", "actorId": urn(&format!("person:{PERFORMER}"))});
        let gui = ACTIONS.iter().enumerate().map(|(n, (action, attribute))| {
            let priority = ["Primary", "Secondary", "Tertiary"][n.min(2)];
            json!({
                "action": action, "authorizationAttribute": attribute, "url": url(&format!("gui{n}")), "priority": priority,
                "title": text(&format!("guititle{n}")),
            })
        });
        let api = ACTIONS.iter().enumerate().map(|(n, (action, attribute))| {
            let endpoint = json!({"url": url(&format!("api{n}")), "httpMethod": "GET"});
            json!({"action": action, "authorizationAttribute": attribute, "endpoints": [endpoint]})
        });
        let transmissions = TRANSMISSIONS.iter().zip(&self.transmissions).enumerate().map(|(n, (attribute, id))| {
            let name = |what: &str| format!("message{n}{what}");
            json!({
                "id": id, "type": "Information", "authorizationAttribute": attribute, "sender": by_person,
                "content": {"title": content(&name("title")), "contentReference": reference(&name("content"))},
                "attachments": [file(&name("file"))],
                "navigationalActions": [{"title": text(&name("linktitle")), "url": url(&name("link"))}],
            })
        });
        let mut body = json!({
            "id": self.id.to_string(),
            "serviceResource": format!("urn:altinn:resource:{}", self.resource),
            "party": urn(&self.party),
            "status": "NotApplicable",
            "content": {
                "title": content("title"), "nonSensitiveTitle": content("open"), "summary": content("summary"),
                "mainContentReference": reference("reference"),
            },
            "attachments": [file("attachment")],
            "guiActions": gui.collect::<Vec<_>>(),
            "apiActions": api.collect::<Vec<_>>(),
            "transmissions": transmissions.collect::<Vec<_>>(),
            "activities": [{"id": self.activity, "type": "Information", "performedBy": by_person, "description": text("note")}],
        });
        if let Some(storage) = &self.storage {
            let label = storage.replace("urn:altinn:instance-id:", "urn:altinn:integration:storage:");
            body = body.with("serviceOwnerContext.serviceOwnerLabels", json!([{ "value": label }]));
        }
        match self.state {
            State::Early => body.with("visibleFrom", (now + chrono::TimeDelta::days(30)).to_rfc3339()),
            State::Late => body.with("expiresAt", (now + chrono::TimeDelta::hours(1)).to_rfc3339()),
            State::Live | State::Deleted => body,
        }
    }
}

/// All marks in a text.
pub fn marks_in(text: &str) -> BTreeSet<String> {
    let is_part = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    text.match_indices("mark-").map(|(at, _)| text[at..].chars().take_while(is_part).collect()).collect()
}

/// All numbers of eleven digits that stand by themselves.
pub fn numbers_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| word.len() == 11 && word.bytes().all(|byte| byte.is_ascii_digit())).collect()
}
