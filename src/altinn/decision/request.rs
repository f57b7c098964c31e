//! The decision point's question, as XACML in JSON (chapter 03 §5.2–5.4).

use serde::Serialize;
use uuid::Uuid;

use super::DecisionAsk;
use crate::domain::{
    identity::{EndUserIdentity, Subject},
    ids::DialogId,
    party::PartyKind,
};

const ACTION_ID: &str = "urn:oasis:names:tc:xacml:1.0:action:action-id";
const RESOURCE: &str = "urn:altinn:resource";
const APP: &str = "urn:altinn:app";
const ORG: &str = "urn:altinn:org";
const INSTANCE: &str = "urn:altinn:resource:instance-id";

/// What a dialog is an instance of, for delegations of single instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceRef {
    /// An app's instance: the party's number on the platform and the instance's id.
    App(i32, Uuid),
    Correspondence(Uuid),
    Dialog(DialogId),
}

impl InstanceRef {
    /// Any of the three forms; letter case and surrounding blanks do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let app = |rest: &str| {
            let (party, id) = rest.split_once('/')?;
            // `parse` alone would take a plus sign.
            let party = party.bytes().all(|b| b.is_ascii_digit()).then(|| party.parse().ok()).flatten()?;
            (party > 0).then_some(Self::App(party, Uuid::try_parse(id).ok()?))
        };
        if let Some(rest) = text.strip_prefix("urn:altinn:instance-id:") {
            app(rest)
        } else if let Some(rest) = text.strip_prefix("urn:altinn:integration:storage:") {
            app(rest)
        } else if let Some(rest) = text.strip_prefix("urn:altinn:correspondence-id:") {
            Uuid::try_parse(rest).ok().map(Self::Correspondence)
        } else {
            let rest = text.strip_prefix("urn:altinn:dialog-id:")?;
            Uuid::try_parse(rest).ok().map(|id| Self::Dialog(id.into()))
        }
    }

    /// The label under which a service owner marks dialogs of this instance; a dialog needs none.
    pub fn label(self) -> Option<String> {
        match self {
            Self::App(party, id) => Some(format!("urn:altinn:integration:storage:{party}/{id}")),
            Self::Correspondence(id) => Some(format!("urn:altinn:correspondence-id:{id}")),
            Self::Dialog(_) => None,
        }
    }
}

impl std::fmt::Display for InstanceRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::App(party, id) => write!(f, "urn:altinn:instance-id:{party}/{id}"),
            Self::Correspondence(id) => write!(f, "urn:altinn:correspondence-id:{id}"),
            Self::Dialog(id) => write!(f, "urn:altinn:dialog-id:{id}"),
        }
    }
}

/// What the dialog is an instance of: an app's instance before a correspondence before the dialog itself. Of several
/// labels of one kind the greatest as text wins.
pub fn instance_ref(owner_labels: &[String], dialog: DialogId) -> InstanceRef {
    let greatest = |wanted: fn(&InstanceRef) -> bool| {
        // As text, not as numbers: the contract's tie-break is ordinal (chapter 03 §5.2).
        owner_labels.iter().filter_map(|label| InstanceRef::parse(label)).filter(wanted).max_by_key(ToString::to_string)
    };
    greatest(|instance| matches!(instance, InstanceRef::App(..)))
        .or_else(|| greatest(|instance| matches!(instance, InstanceRef::Correspondence(_))))
        .unwrap_or(InstanceRef::Dialog(dialog))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    request: Question<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Question<'a> {
    resource: Vec<Category<'a>>,
    action: Vec<Category<'a>>,
    access_subject: [Category<'a>; 1],
    multi_requests: MultiRequests,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Category<'a> {
    id: String,
    attribute: Vec<Attribute<'a>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    attribute_id: &'a str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRequests {
    request_reference: Vec<Reference>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reference {
    reference_id: [String; 3],
}

/// The question about all pairs of action and attribute, in their order.
pub(super) fn body(
    subject: &Subject,
    caller: &EndUserIdentity,
    ask: &DecisionAsk<'_>,
    instance: &InstanceRef,
) -> Vec<u8> {
    let mut actions: Vec<&str> = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut references = Vec::with_capacity(ask.pairs.len());
    for (action, attribute) in &ask.pairs {
        let action = place(&mut actions, action);
        let attribute = place(&mut attributes, attribute);
        references.push(Reference { reference_id: ["s1".into(), format!("r{attribute}"), format!("a{action}")] });
    }
    let resource = attributes.iter().enumerate().map(|(i, attribute)| Category {
        id: format!("r{}", i + 1),
        attribute: resource_attributes(caller, ask, instance, attribute),
    });
    let action = actions
        .iter()
        .enumerate()
        .map(|(i, action)| Category { id: format!("a{}", i + 1), attribute: vec![Attribute::new(ACTION_ID, *action)] });
    let subject = match subject {
        Subject::User(id) => Attribute::new("urn:altinn:userid", id),
        Subject::Person(number) => Attribute::new("urn:altinn:person:identifier-no", number),
        Subject::SystemUser(id) => Attribute::new("urn:altinn:systemuser:uuid", id),
    };
    let body = Body {
        request: Question {
            resource: resource.collect(),
            action: action.collect(),
            access_subject: [Category { id: "s1".into(), attribute: vec![subject] }],
            multi_requests: MultiRequests { request_reference: references },
        },
    };
    serde_json::to_vec(&body).expect("a question of text serialises")
}

/// The place of `word` in `words`, counted from 1; put at the end if it is new.
// A list and no map: a dialog has few different actions, and the order of first use is the contract's.
fn place<'a>(words: &mut Vec<&'a str>, word: &'a str) -> usize {
    let at = words.iter().position(|known| *known == word).unwrap_or_else(|| {
        words.push(word);
        words.len() - 1
    });
    at + 1
}

fn resource_attributes<'a>(
    caller: &EndUserIdentity,
    ask: &DecisionAsk<'a>,
    instance: &InstanceRef,
    attribute: &'a str,
) -> Vec<Attribute<'a>> {
    let part = split(attribute);
    // A part that is a resource of its own takes the place of the dialog's; the party stays.
    let replaces = part.iter().any(|attribute| [RESOURCE, APP, ORG].contains(&attribute.attribute_id));
    let mut attributes = if replaces { Vec::new() } else { split(ask.service_resource) };
    attributes.push(party(caller, ask));
    if !replaces {
        attributes.push(Attribute::new(INSTANCE, instance.to_string()));
    }
    attributes.extend(part);
    attributes
}

/// The party by its number or name; a self-identified user's own party by the platform's number, if the token tells it.
fn party<'a>(caller: &EndUserIdentity, ask: &DecisionAsk<'a>) -> Attribute<'a> {
    let named = matches!(caller.party.kind(), PartyKind::Email | PartyKind::SelfIdentified | PartyKind::Feide);
    // The platform knows such a user's party by its number alone (chapter 03 §5.3, step 2).
    if named
        && caller.party.as_str().eq_ignore_ascii_case(ask.party.as_str())
        && let Some(id) = caller.party_id
    {
        return Attribute::new("urn:altinn:partyid", id.to_string());
    }
    let (id, value) = ask.party.as_str().rsplit_once(':').expect("a party is a URN");
    Attribute::new(id, value)
}

/// A URN by its last colon; a plain word is a part of the resource, an app is told by its owner and name.
fn split(urn: &str) -> Vec<Attribute<'_>> {
    let (id, value) = match urn.rsplit_once(':') {
        Some((id, value)) if !value.is_empty() => (id, value),
        Some(_) | None => return vec![Attribute::new("urn:altinn:subresource", urn)],
    };
    if id != RESOURCE || !value.starts_with("app_") {
        return vec![Attribute::new(id, value)];
    }
    match value.splitn(3, '_').collect::<Vec<_>>()[..] {
        // In three at most, so that underscores in the app's name stay.
        [_, org, app] => vec![Attribute::new(APP, app), Attribute::new(ORG, org)],
        _ => vec![Attribute::new(APP, value)],
    }
}

impl<'a> Attribute<'a> {
    fn new(attribute_id: &'a str, value: impl Into<String>) -> Self {
        Self { attribute_id, value: value.into() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{identity::UserType, party::Party};

    const DIALOG: &str = "01970000-aaaa-7bbb-8ccc-000000000001";
    const APP_INSTANCE: &str = "8d0c0000-0000-4000-8000-000000000001";

    fn dialog() -> DialogId {
        Uuid::parse_str(DIALOG).unwrap().into()
    }

    fn caller(party: &str, party_id: Option<i64>) -> EndUserIdentity {
        let party = Party::parse(party).unwrap();
        EndUserIdentity { user_type: UserType::Person, party, subject: None, party_id, identifying: String::new() }
    }

    fn asked(resource: &str, party: &str, pairs: &[(&str, &str)], caller: &EndUserIdentity) -> Value {
        let party = Party::parse(party).unwrap();
        let ask = DecisionAsk {
            dialog_id: dialog(),
            party: &party,
            service_resource: resource,
            owner_labels: &[],
            pairs: pairs.iter().copied().collect(),
        };
        let subject = Subject::Person("01819012365".into());
        serde_json::from_slice(&body(&subject, caller, &ask, &InstanceRef::Dialog(dialog()))).unwrap()
    }

    #[test]
    fn the_question_is_the_contracts() {
        let caller = caller("urn:altinn:person:identifier-no:01819012365", None);
        let question = asked(
            "urn:altinn:resource:demo-permit",
            "urn:altinn:organization:identifier-no:312345005",
            &[("read", "main"), ("read", "urn:altinn:resource:app_ttd_shared_form")],
            &caller,
        );
        let expected = json!({"Request":{
         "Resource":[
          {"Id":"r1","Attribute":[{"AttributeId":"urn:altinn:resource","Value":"demo-permit"},
            {"AttributeId":"urn:altinn:organization:identifier-no","Value":"312345005"},
            {"AttributeId":"urn:altinn:resource:instance-id","Value":format!("urn:altinn:dialog-id:{DIALOG}")},
            {"AttributeId":"urn:altinn:subresource","Value":"main"}]},
          {"Id":"r2","Attribute":[{"AttributeId":"urn:altinn:organization:identifier-no","Value":"312345005"},
            {"AttributeId":"urn:altinn:app","Value":"shared_form"},{"AttributeId":"urn:altinn:org","Value":"ttd"}]}],
         "Action":[{"Id":"a1","Attribute":[{"AttributeId":"urn:oasis:names:tc:xacml:1.0:action:action-id","Value":"read"}]}],
         "AccessSubject":[{"Id":"s1","Attribute":[{"AttributeId":"urn:altinn:person:identifier-no","Value":"01819012365"}]}],
         "MultiRequests":{"RequestReference":[{"ReferenceId":["s1","r1","a1"]},{"ReferenceId":["s1","r2","a1"]}]}}});
        assert_eq!(question, expected);
    }

    ///
    #[test]
    fn parts_and_apps_are_told_by_their_own_attributes() {
        let shown = |urn: &str| -> Vec<String> {
            split(urn).iter().map(|a| format!("{}={}", a.attribute_id, a.value)).collect()
        };
        assert_eq!(
            shown("urn:altinn:resource:app_ttd_some-app_with_underscores"),
            ["urn:altinn:app=some-app_with_underscores", "urn:altinn:org=ttd"]
        );
        assert_eq!(shown("urn:altinn:resource:app_lonely"), ["urn:altinn:app=app_lonely"]);
        assert_eq!(shown("part"), ["urn:altinn:subresource=part"]);
        assert_eq!(shown("part:"), ["urn:altinn:subresource=part:"]);
        assert_eq!(shown("urn:altinn:task:Task_1"), ["urn:altinn:task=Task_1"]);
        assert_eq!(shown("urn:altinn:resource:x"), ["urn:altinn:resource=x"]);
    }

    #[test]
    fn an_email_users_own_party_is_told_by_its_number() {
        let own = "urn:altinn:person:idporten-email:a@b.no";
        let party = |question: &Value| question["Request"]["Resource"][0]["Attribute"][1].clone();
        let resource = "urn:altinn:resource:x";
        let pairs = [("read", "main")];
        let numbered = asked(resource, own, &pairs, &caller(own, Some(17)));
        assert_eq!(party(&numbered), json!({"AttributeId": "urn:altinn:partyid", "Value": "17"}));
        let unnumbered = asked(resource, own, &pairs, &caller(own, None));
        assert_eq!(party(&unnumbered)["AttributeId"], "urn:altinn:person:idporten-email");
        let organization = "urn:altinn:organization:identifier-no:312345005";
        let other = asked(resource, organization, &pairs, &caller(own, Some(17)));
        assert_eq!(party(&other)["Value"], "312345005");
    }

    #[test]
    fn the_instance_is_the_labels_else_the_dialog() {
        let of = |labels: &[String]| instance_ref(labels, dialog()).to_string();
        let storage = format!(" URN:altinn:integration:storage:51000001/{APP_INSTANCE} ");
        let app = format!("urn:altinn:instance-id:51000001/{APP_INSTANCE}");
        let greater = format!("urn:altinn:instance-id:9/{APP_INSTANCE}");
        let correspondence = format!("urn:altinn:correspondence-id:{APP_INSTANCE}");
        assert_eq!(of(&[]), format!("urn:altinn:dialog-id:{DIALOG}"));
        assert_eq!(of(&[correspondence.clone(), storage.clone()]), app);
        assert_eq!(of(&[storage, greater.clone()]), greater);
        assert_eq!(of(&["other".into(), correspondence.clone()]), correspondence);
        for bad in ["0/x", "0/", "-1/", "+1/", "3000000000/"] {
            let label = format!("urn:altinn:instance-id:{bad}{APP_INSTANCE}");
            assert_eq!(of(&[label]), format!("urn:altinn:dialog-id:{DIALOG}"), "{bad}");
        }
    }
}
