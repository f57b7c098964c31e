//! What everybody may see, worked out from the world alone. Nothing here is the service's: where both agree, two people read
//! chapter 02 and chapter 03 alike.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scene::{ACTIONS, Dialog, Reader, State, TRANSMISSIONS};

/// What must come out of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub status: u16,
    /// The marks of all texts and URLs in the answer.
    pub marks: BTreeSet<String>,
}

impl Expected {
    fn refused(status: u16) -> Self {
        Self { status, marks: BTreeSet::new() }
    }
}

/// The requests of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Open,
    Activities,
    Activity,
    Transmissions,
    /// One of [`TRANSMISSIONS`].
    Transmission(usize),
    SeenLog,
    LabelLog,
    /// A change that changes nothing.
    Labels,
    LookUp,
    /// The list of the dialog's party and resource.
    List,
    /// By the dialog's owner, on behalf of the person.
    OpenFor,
}

/// The world of chapter 09, as the sandbox tells it.
pub struct Model(pub Value);

impl Model {
    pub fn expects(&self, reader: &Reader, dialog: &Dialog, all: &[Dialog], op: Op) -> Expected {
        match op {
            Op::Open => self.open(reader, dialog),
            Op::OpenFor => self.open_for(reader, dialog),
            Op::LookUp => self.look_up(reader, dialog),
            Op::List => self.list(reader, dialog, all),
            Op::Labels => match (dialog.state, self.lists(reader, dialog)) {
                (State::Deleted, _) => Expected::refused(404),
                (_, false) => Expected::refused(403),
                (_, true) => Expected::refused(204),
            },
            Op::Activities | Op::Activity | Op::Transmissions | Op::Transmission(_) | Op::SeenLog | Op::LabelLog => {
                self.part(reader, dialog, op)
            }
        }
    }

    fn open(&self, reader: &Reader, dialog: &Dialog) -> Expected {
        let permitted = self.permitted(reader, dialog, &asked_of_dialog());
        let has_access = permitted.iter().any(|(_, attribute)| attribute == "main");
        if !has_access && !self.lists(reader, dialog) {
            return Expected::refused(403);
        }
        if dialog.state == State::Deleted {
            return Expected::refused(410);
        }
        if let Some(hidden) = self.hidden(reader, dialog) {
            return hidden;
        }
        let allows = |action: &str, attribute: Option<&str>| match attribute {
            None => has_access && permitted.iter().any(|(name, _)| name == action),
            Some(attribute) => permitted.contains(&(action.to_owned(), attribute.to_owned())),
        };
        let mut shown = vec!["title".to_owned(), "summary".into(), "note".into(), "attachment".into()];
        for (n, (action, attribute)) in ACTIONS.iter().enumerate() {
            shown.push(format!("guititle{n}"));
            if allows(action, *attribute) {
                shown.extend([format!("gui{n}"), format!("api{n}")]);
            }
        }
        if permitted.contains(&("read".to_owned(), "main".to_owned())) {
            shown.push("reference".into());
        }
        shown.extend((0..TRANSMISSIONS.len()).flat_map(|n| transmission(n, has_access, &permitted)));
        Expected { status: 200, marks: dialog.marks(&shown) }
    }

    /// The owner sees everything that it may ask for at all.
    fn open_for(&self, reader: &Reader, dialog: &Dialog) -> Expected {
        let permitted = self.permitted(reader, dialog, &asked_of_dialog());
        if permitted.iter().all(|(_, attribute)| attribute != "main") {
            return Expected::refused(404);
        }
        Expected { status: 200, marks: dialog.all_marks() }
    }

    fn part(&self, reader: &Reader, dialog: &Dialog, op: Op) -> Expected {
        let mut asked = vec![("read", "main")];
        let shown: Vec<usize> = match op {
            Op::Transmissions => (0..TRANSMISSIONS.len()).collect(),
            Op::Transmission(n) => vec![n],
            _ => Vec::new(),
        };
        asked.extend(shown.iter().filter_map(|n| Some((action_on(TRANSMISSIONS[*n]?), TRANSMISSIONS[*n]?))));
        let permitted = self.permitted(reader, dialog, &asked);
        let has_access = permitted.contains(&("read".to_owned(), "main".to_owned()));
        if !has_access {
            return Expected::refused(404);
        }
        if dialog.state == State::Deleted {
            return Expected::refused(if op == Op::LabelLog { 404 } else { 410 });
        }
        if let Some(hidden) = self.hidden(reader, dialog) {
            return hidden;
        }
        let marks = match op {
            Op::Activities | Op::Activity => vec!["note".to_owned()],
            _ => shown.into_iter().flat_map(|n| transmission(n, has_access, &permitted)).collect(),
        };
        Expected { status: 200, marks: dialog.marks(&marks) }
    }

    /// What keeps somebody from a dialog who has access to it.
    fn hidden(&self, reader: &Reader, dialog: &Dialog) -> Option<Expected> {
        if reader.level < self.level(dialog.resource).unwrap_or(3) {
            return Some(Expected::refused(403));
        }
        matches!(dialog.state, State::Early | State::Late).then(|| Expected::refused(404))
    }

    fn look_up(&self, reader: &Reader, dialog: &Dialog) -> Expected {
        if dialog.state == State::Deleted {
            return Expected::refused(404);
        }
        let delegated = self.grants(&reader.who, &dialog.party).any(|grant| {
            let instance = grant["instance"].as_str();
            grant["resource"] == dialog.resource && instance.is_none_or(|instance| instance == dialog.instance())
        });
        if !delegated && !self.opens(&reader.who, dialog) {
            return Expected::refused(403);
        }
        let is_low = reader.level < self.level(dialog.resource).unwrap_or(3);
        Expected { status: 200, marks: dialog.marks(&[if is_low { "open" } else { "title" }]) }
    }

    fn list(&self, reader: &Reader, dialog: &Dialog, all: &[Dialog]) -> Expected {
        let same = |other: &&Dialog| other.party == dialog.party && other.resource == dialog.resource;
        let mut marks = BTreeSet::new();
        for other in all.iter().filter(same).filter(|other| other.state == State::Live) {
            if self.lists(reader, other) {
                let is_low = reader.level < self.level(other.resource).unwrap_or(0);
                let title = if is_low { "open" } else { "title" };
                marks.extend(other.marks(&[title, "summary", "note"]));
            }
        }
        Expected { status: 200, marks }
    }

    /// Whether lists show it: any subject that any rule of its resource names is enough, and delegations are.
    fn lists(&self, reader: &Reader, dialog: &Dialog) -> bool {
        let own = format!("urn:altinn:dialog-id:{}", dialog.id);
        let delegated = self.grants(&reader.who, &dialog.party).any(|grant| {
            let instance = grant["instance"].as_str();
            let fits = |instance: &str| instance == own || Some(instance) == dialog.storage.as_deref();
            grant["resource"] == dialog.resource && instance.is_none_or(fits)
        });
        delegated || self.opens(&reader.who, dialog)
    }

    /// Whether some role or package that the reader holds is named by some rule of the resource.
    fn opens(&self, who: &str, dialog: &Dialog) -> bool {
        let held = self.held(who, &dialog.party);
        self.rules(dialog.resource).any(|rule| strings(&rule["permit"]).any(|subject| held.contains(subject)))
    }

    /// Which of the pairs are permitted.
    fn permitted(&self, reader: &Reader, dialog: &Dialog, asked: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        let permits = |(action, attribute): &&(&str, &str)| {
            if let Some(other) = attribute.strip_prefix("urn:altinn:resource:") {
                // Another resource, by its own policy, and not as an instance of anything.
                return self.permits(&reader.who, &dialog.party, other, action, None, None);
            }
            let instance = dialog.instance();
            let instance = Some(instance.as_str());
            self.permits(&reader.who, &dialog.party, dialog.resource, action, Some(*attribute), instance)
        };
        asked
            .iter()
            .filter(permits)
            .map(|(action, attribute)| ((*action).to_owned(), (*attribute).to_owned()))
            .collect()
    }

    fn permits(
        &self,
        who: &str,
        party: &str,
        resource: &str,
        action: &str,
        part: Option<&str>,
        instance: Option<&str>,
    ) -> bool {
        let held = self.held(who, party);
        let speaks = |rule: &&Value| {
            let is_on = rule["on"].as_array().is_none_or(|on| on.iter().any(|on| on.as_str() == part));
            is_on && strings(&rule["actions"]).any(|known| known == action)
        };
        let mut speaking = self.rules(resource).filter(speaks).peekable();
        if speaking.peek().is_none() {
            return false;
        }
        let by_policy = speaking.any(|rule| strings(&rule["permit"]).any(|subject| held.contains(subject)));
        by_policy
            || self.grants(who, party).any(|grant| {
                grant["resource"] == resource && grant["instance"].as_str().is_none_or(|known| Some(known) == instance)
            })
    }

    /// Roles and packages, as rules name them.
    fn held(&self, who: &str, party: &str) -> BTreeSet<String> {
        let mut held = BTreeSet::new();
        if who == party && who.starts_with("person:") {
            held.extend(["role:priv".to_owned(), "role:privatperson".to_owned()]);
        }
        if who == party && who.starts_with("email:") {
            held.insert("role:seln".to_owned());
        }
        for grant in self.grants(who, party) {
            held.extend(grant["role"].as_str().map(|role| format!("role:{role}")));
            held.extend(grant["package"].as_str().map(|package| format!("package:{package}")));
        }
        let number = party.split_once(':').map(|(_, number)| number);
        let unit = items(&self.0["organizations"]).find(|unit| unit["id"].as_str() == number);
        if let Some(parent) = unit.and_then(|unit| unit["parent"].as_str()) {
            let parent = format!("organization:{parent}");
            let roles = self.grants(who, &parent).filter_map(|grant| grant["role"].as_str());
            held.extend(roles.map(|role| format!("role:{role}")));
        }
        held
    }

    fn grants<'a>(&'a self, who: &'a str, party: &'a str) -> impl Iterator<Item = &'a Value> {
        items(&self.0["grants"]).filter(move |grant| grant["to"] == who && grant["for"] == party)
    }

    fn rules(&self, resource: &str) -> impl Iterator<Item = &Value> {
        let known = items(&self.0["resources"]).find(|known| known["id"] == resource);
        items(known.map_or(&Value::Null, |known| &known["policy"]["rules"]))
    }

    /// The level that the resource's policy demands, if it demands one.
    fn level(&self, resource: &str) -> Option<i64> {
        items(&self.0["resources"]).find(|known| known["id"] == resource)?["policy"]["level"].as_i64()
    }
}

/// Everything that is asked before a dialog of the table is shown.
fn asked_of_dialog() -> Vec<(&'static str, &'static str)> {
    let actions = ACTIONS.iter().map(|(action, attribute)| (*action, attribute.unwrap_or("main")));
    let transmissions = TRANSMISSIONS.iter().flatten().map(|attribute| (action_on(attribute), *attribute));
    actions.chain(transmissions).chain([("read", "main")]).collect()
}

fn action_on(attribute: &str) -> &'static str {
    if attribute.starts_with("urn:altinn:resource:") { "read" } else { "transmissionread" }
}

/// What is shown of a transmission: its title always.
fn transmission(n: usize, has_access: bool, permitted: &BTreeSet<(String, String)>) -> Vec<String> {
    let may_read = match TRANSMISSIONS[n] {
        None => has_access,
        Some(attribute) => ["read", "transmissionread"]
            .iter()
            .any(|action| permitted.contains(&((*action).to_owned(), attribute.to_owned()))),
    };
    let urls = ["content", "file", "link"].map(|url| format!("message{n}{url}"));
    let urls = if may_read { urls.to_vec() } else { Vec::new() };
    [vec![format!("message{n}title"), format!("message{n}linktitle")], urls].concat()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    items(list).filter_map(Value::as_str)
}
