//! A dialog that has everything, for the tests of rules and views. Ids and times are fixed.

use uuid::Uuid;

use super::{
    Instant,
    actor::{Actor, ActorType},
    attachment::{
        ApiAction, ApiActionEndpoint, Attachment, AttachmentUrl, AttachmentUrlConsumerType, GuiAction,
        GuiActionPriority, HttpVerb, NavigationalAction,
    },
    content::{ContentValue, DialogContent, Localization, Localized, TransmissionContent},
    dialog::{
        Activity, ActivityBody, ActivityType, Dialog, DialogBody, Head, Status, Transmission, TransmissionBody,
        TransmissionType,
    },
    ids::{ActivityId, DialogId, Revision, TransmissionId},
    party::Party,
    resource::{OrgCode, ResourceType, ResourceUrn},
    seen_log::SeenEntry,
    system_label::{Labels, SystemLabel},
};

pub const PERSON: &str = "urn:altinn:person:identifier-no:08844397713";

/// 2030-03-17T17:46:40Z and some seconds.
pub fn at(seconds: i64) -> Instant {
    Instant::from_timestamp(1_900_000_000 + seconds, 0).expect("a valid instant")
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0195_a000_0000_7000_8000_0000_0000_0000 + number)
}

pub fn texts(texts: &[(&str, &str)]) -> Localized {
    let text = |(language_code, value): &(&str, &str)| Localization {
        language_code: (*language_code).into(),
        value: (*value).into(),
    };
    texts.iter().map(text).collect()
}

fn content(value: &str) -> ContentValue {
    let (en, nb) = (format!("{value} (en)"), format!("{value} (nb)"));
    ContentValue { media_type: "text/plain".into(), value: texts(&[("en", &en), ("nb", &nb)]) }
}

fn reference(url: &str) -> ContentValue {
    ContentValue {
        media_type: "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown".into(),
        value: texts(&[("nb", url)]),
    }
}

pub fn person() -> Actor {
    Actor {
        actor_type: ActorType::PartyRepresentative,
        actor_id: Some(PERSON.into()),
        actor_name: Some("Kari Normann".into()),
    }
}

/// Without children.
pub fn bare_dialog() -> Dialog {
    let names = ("ttd", "urn:altinn:resource:some-service", "genericaccessresource");
    let names = (OrgCode::new(names.0), ResourceUrn::new(names.1), ResourceType::new(names.2));
    let head = Head {
        revision: Revision(Uuid::from_u128(2)),
        context_revision: Revision(Uuid::from_u128(3)),
        owner_context_revision: Revision(Uuid::from_u128(4)),
        updated_at: at(20),
        content_updated_at: at(10),
        is_content_seen: true,
        ..Head::begun(DialogId(id(1)), names, Party::from_stored(PERSON.into()), at(0))
    };
    Dialog { head, body: DialogBody::default() }
}

/// With everything that a dialog can hold.
pub fn full_dialog() -> Dialog {
    let head = Head {
        idempotent_key: Some("some-key".into()),
        status: Status::InProgress,
        progress: Some(40),
        extended_status: Some("half-way".into()),
        external_reference: Some("our-1".into()),
        visible_from: Some(at(1)),
        due_at: Some(at(1000)),
        expires_at: Some(at(2000)),
        process: Some("urn:some:process".into()),
        preceding_process: Some("urn:some:earlier-process".into()),
        from_party_transmissions: 0,
        from_owner_transmissions: 2,
        has_unopened_content: true,
        labels: Labels::default().with(SystemLabel::Archive).with(SystemLabel::MarkedAsUnopened),
        owner_labels: vec!["a-label".into(), "b-label".into()],
        ..bare_dialog().head
    };
    Dialog {
        head,
        body: DialogBody {
            content: DialogContent {
                title: Some(content("Title")),
                non_sensitive_title: Some(content("Non-sensitive title")),
                summary: Some(content("Summary")),
                non_sensitive_summary: Some(content("Non-sensitive summary")),
                sender_name: Some(content("Sender")),
                additional_info: Some(content("More")),
                extended_status: Some(content("Half-way")),
                main_content_reference: Some(reference("https://example.com/main")),
            },
            search_tags: vec!["a-tag".into()],
            attachments: vec![attachment(10, None)],
            gui_actions: vec![gui_action(20, "read", None), gui_action(21, "sign", Some("part"))],
            api_actions: vec![api_action(30, "read", None), api_action(32, "sign", Some("part"))],
        },
    }
}

pub fn attachment(number: u128, expires_at: Option<Instant>) -> Attachment {
    Attachment {
        id: id(number),
        created_at: at(0),
        display_name: texts(&[("en", "A letter"), ("nb", "Et brev")]),
        name: Some("letter.pdf".into()),
        expires_at,
        urls: vec![AttachmentUrl {
            id: id(number + 1),
            created_at: at(0),
            url: "https://example.com/letter".into(),
            media_type: Some("application/pdf".into()),
            consumer_type: AttachmentUrlConsumerType::Gui,
        }],
    }
}

pub fn gui_action(number: u128, action: &str, attribute: Option<&str>) -> GuiAction {
    GuiAction {
        id: id(number),
        created_at: at(0),
        action: action.into(),
        url: "https://example.com/gui".into(),
        authorization_attribute: attribute.map(Into::into),
        is_delete_dialog_action: false,
        priority: GuiActionPriority::Tertiary,
        http_method: HttpVerb::GET,
        title: texts(&[("en", "Do it"), ("nb", "Gjør det")]),
        prompt: texts(&[("en", "Really?"), ("nb", "Sikker?")]),
    }
}

/// With one endpoint, whose number is the next.
pub fn api_action(number: u128, action: &str, attribute: Option<&str>) -> ApiAction {
    ApiAction {
        id: id(number),
        created_at: at(0),
        action: action.into(),
        authorization_attribute: attribute.map(Into::into),
        name: Some("confirm".into()),
        endpoints: vec![ApiActionEndpoint {
            id: id(number + 1),
            created_at: at(0),
            version: Some("v1".into()),
            url: "https://example.com/api".into(),
            http_method: HttpVerb::POST,
            documentation_url: Some("https://example.com/docs".into()),
            request_schema: Some("https://example.com/request.json".into()),
            response_schema: Some("https://example.com/response.json".into()),
            deprecated: true,
            sunset_at: Some(at(500)),
        }],
    }
}

/// With one attachment and one navigational action, both lasting until `expires_at`.
pub fn transmission(number: u128, attribute: Option<&str>, expires_at: Option<Instant>) -> Transmission {
    Transmission {
        id: TransmissionId(id(number)),
        created_at: at(5),
        idempotent_key: Some("transmission-key".into()),
        authorization_attribute: attribute.map(Into::into),
        related_transmission_id: Some(TransmissionId(id(number - 1))),
        transmission_type: TransmissionType::Information,
        is_opened: false,
        body: TransmissionBody {
            extended_type: Some("urn:some:type".into()),
            external_reference: Some("our-2".into()),
            sender: person(),
            content: Some(TransmissionContent {
                title: content("Message"),
                summary: Some(content("In short")),
                content_reference: Some(reference("https://example.com/message")),
            }),
            attachments: vec![attachment(number + 1, expires_at)],
            navigational_actions: vec![NavigationalAction {
                title: texts(&[("en", "Go there"), ("nb", "Gå dit")]),
                url: "https://example.com/there".into(),
                expires_at,
            }],
        },
    }
}

pub fn activity(number: u128) -> Activity {
    Activity {
        id: ActivityId(id(number)),
        created_at: at(6),
        activity_type: ActivityType::Information,
        transmission_id: None,
        body: ActivityBody {
            extended_type: Some("urn:some:type".into()),
            performed_by: person(),
            description: texts(&[("en", "It happened"), ("nb", "Det hendte")]),
        },
    }
}

pub fn seen(number: u128, seconds: i64) -> SeenEntry {
    SeenEntry { id: id(number), created_at: at(seconds), is_via_service_owner: true, seen_by: person() }
}
