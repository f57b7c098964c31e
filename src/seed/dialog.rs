//! One dialog of a seeded world, whole: a pure function of the seed and its place.
//!
//! It is what the service would have stored for such a dialog: counts, marks, labels and what lists show follow from the
//! rest by the same rules.

use chrono::{Datelike, TimeDelta};
use uuid::Uuid;

use super::{
    chance::Chance,
    people::{People, ServiceResource},
    texts::{self, Letter, THEMES},
};
use crate::domain::{
    Instant,
    actor::{Actor, ActorType},
    attachment::{
        ApiAction, ApiActionEndpoint, Attachment, AttachmentUrl, AttachmentUrlConsumerType, GuiAction,
        GuiActionPriority, HttpVerb,
    },
    content::TransmissionContent,
    dialog::{
        Activity, ActivityBody, ActivityType, Dialog, DialogBody, Head, Status, Transmission, TransmissionBody,
        TransmissionType,
    },
    growth::{CORRESPONDENCE, has_unopened_content},
    identity::UserType,
    ids::{ActivityId, DialogId, Revision, TransmissionId},
    party::{Party, PartyKind},
    resource::{OrgCode, ResourceType, ResourceUrn},
    seen_log::{self, SeenEntry},
    system_label::{LabelAction, LabelEntry, SystemLabel},
};

/// When the dialogs of a world come about: this long before its end, evenly.
const YEARS: i64 = 3;
/// The frequent ones first.
const STATUSES: [Status; 6] = [
    Status::NotApplicable,
    Status::InProgress,
    Status::RequiresAttention,
    Status::Completed,
    Status::Awaiting,
    Status::Draft,
];
/// What owners send.
const OF_OWNER: [TransmissionType; 4] =
    [TransmissionType::Information, TransmissionType::Decision, TransmissionType::Request, TransmissionType::Alert];
/// What happens besides.
const OTHERS: [ActivityType; 6] = [
    ActivityType::Information,
    ActivityType::FormSubmitted,
    ActivityType::PaymentMade,
    ActivityType::SentToSigning,
    ActivityType::SignatureProvided,
    ActivityType::FormSaved,
];

/// A world's time, and how many dialogs it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub seed: u64,
    pub dialogs: u64,
    pub until: Instant,
}

/// A dialog with all that belongs to it.
pub(super) struct Drawn {
    pub dialog: Dialog,
    /// A place among the world's resources.
    pub resource: usize,
    /// With their depths.
    pub transmissions: Vec<(Transmission, i16)>,
    pub activities: Vec<Activity>,
    pub seen: Vec<(SeenEntry, UserType)>,
    pub labelled: Vec<LabelEntry>,
}

/// Who writes and reads on the party's side.
struct Reader {
    urn: String,
    name: String,
    user_type: UserType,
}

impl Drawn {
    /// The dialog in this place.
    pub fn at(span: Span, people: &People, place: u64) -> Self {
        let mut chance = Chance::at(span.seed, place);
        let rank = people.draw_party(&mut chance);
        let resource = people.draw_resource(rank, &mut chance);
        Drawing { chance, span, place, of: &people.resources[resource] }.drawn(people.party(rank), resource)
    }
}

struct Drawing<'a> {
    chance: Chance,
    span: Span,
    place: u64,
    of: &'a ServiceResource,
}

impl Drawing<'_> {
    fn drawn(mut self, party: Party, resource: usize) -> Drawn {
        let made_at = self.made_at();
        let reader = self.reader(&party);
        let theme = &THEMES[(resource + self.chance.index(2)) % THEMES.len()];
        let letter = Letter::draw(theme, made_at.year(), self.place, &mut self.chance);
        let mut head = self.head(party, made_at);
        let body = self.body(&head, &letter);
        let transmissions = self.transmissions(&head, &letter, &reader);
        let activities = self.activities(&head, &transmissions, &letter, &reader);
        self.count(&mut head, &transmissions, &activities);
        let labelled = self.label(&mut head, &reader);
        let seen = self.seen(&head, &reader);
        Drawn { dialog: Dialog { head, body }, resource, transmissions, activities, seen, labelled }
    }

    fn made_at(&mut self) -> Instant {
        let whole = TimeDelta::days(365 * YEARS);
        let step = whole.num_microseconds().expect("three years") / i64::try_from(self.span.dialogs).expect("fits");
        let into = i64::try_from(self.place).expect("fits") * step + self.below_micros(step);
        self.span.until - whole + TimeDelta::microseconds(into)
    }

    fn below_micros(&mut self, bound: i64) -> i64 {
        i64::try_from(self.chance.below(u64::try_from(bound.max(1)).expect("positive"))).expect("below the bound")
    }

    /// Later than `from`, but not than the world's end: mostly soon.
    fn after(&mut self, from: Instant, days: u64) -> Instant {
        let seconds = self.chance.skewed(days * 86_400, 3.0);
        let at = from + TimeDelta::milliseconds(i64::try_from(1000 * seconds + self.chance.below(1000)).expect("fits"));
        if at < self.span.until { at } else { from + (self.span.until - from).max(TimeDelta::zero()) / 2 }
    }

    fn days_after(&mut self, from: Instant, least: u64, most: u64) -> Instant {
        from + TimeDelta::seconds(
            i64::try_from(86_400 * least + self.chance.below(86_400 * (most - least))).expect("fits"),
        )
    }

    fn reader(&mut self, party: &Party) -> Reader {
        let name = texts::person_name(&mut self.chance);
        match party.kind() {
            PartyKind::Person => Reader { urn: party.to_string(), name, user_type: UserType::Person },
            PartyKind::Email => {
                Reader { urn: party.to_string(), name, user_type: UserType::IdportenEmailIdentifiedUser }
            }
            PartyKind::Organization | PartyKind::SystemUser | PartyKind::SelfIdentified | PartyKind::Feide => {
                // Somebody of the organization's: one of a few, the same ones again and again.
                let rank = (u32::try_from(party.key() & 0xffff).expect("16 bits") * 4 + self.rank_of_four()) | 1;
                let urn = super::people::person_of(rank).to_string();
                Reader { urn, name, user_type: UserType::Person }
            }
        }
    }

    fn rank_of_four(&mut self) -> u32 {
        u32::try_from(self.chance.below(4)).expect("below four")
    }

    fn head(&mut self, party: Party, made_at: Instant) -> Head {
        let id = DialogId(self.id(made_at));
        let of = self.of;
        let names = (OrgCode::stored(&*of.owner), ResourceUrn::stored(&*of.urn), ResourceType::stored(&*of.kind));
        let mut head = Head::begun(id, names, party, made_at);
        head.revision = Revision(self.chance.uuid4());
        head.context_revision = Revision(self.chance.uuid4());
        head.owner_context_revision = Revision(self.chance.uuid4());
        self.set_times(&mut head);
        head.status = STATUSES[usize::try_from(self.chance.skewed(6, 3.0)).expect("below six")];
        let place = self.place;
        head.progress = self.chance.per_mille(100).then(|| i32::try_from(self.chance.below(101)).expect("fits"));
        head.extended_status = self.chance.per_mille(200).then(|| format!("s{}", self.chance.below(20)));
        head.external_reference = self.chance.per_mille(800).then(|| format!("ref{place}"));
        head.process = self.chance.per_mille(300).then(|| format!("urn:process:{}", place / 3));
        head.preceding_process =
            head.process.as_ref().filter(|_| place.is_multiple_of(5)).map(|_| format!("urn:process:{}", place / 6));
        head.idempotent_key = self.chance.per_mille(100).then(|| format!("key{}-{place}", self.span.seed));
        head.is_api_only = self.chance.per_mille(50);
        head.is_frozen = self.chance.per_mille(5);
        if self.chance.per_mille(400) {
            head.owner_labels = vec![format!("gruppe{:03}", self.chance.below(400)), format!("sak-{place}")];
        }
        head
    }

    /// One in a hundred is to be seen later than now, as many are gone already, one in fifty is deleted.
    fn set_times(&mut self, head: &mut Head) {
        if self.chance.per_mille(10) {
            let visible_from = self.days_after(self.span.until, 1, 60);
            head.visible_from = Some(visible_from);
            (head.created_at, head.updated_at, head.content_updated_at) = (visible_from, visible_from, visible_from);
            return;
        }
        let made_at = head.created_at;
        if self.chance.per_mille(20) {
            head.visible_from = Some(made_at);
        }
        if self.chance.per_mille(500) {
            head.content_updated_at = self.after(made_at, 60);
        }
        head.updated_at = head.content_updated_at;
        if self.chance.per_mille(200) {
            head.updated_at = self.after(head.content_updated_at, 20);
        }
        head.due_at = self.chance.per_mille(300).then(|| self.days_after(made_at, 7, 60));
        head.expires_at = self.chance.per_mille(50).then(|| self.days_after(made_at, 30, 2000));
        head.deleted_at = self.chance.per_mille(20).then(|| self.after(head.updated_at, 30));
    }

    /// Ids are made when the dialog is, whatever times it is given.
    fn id(&mut self, at: Instant) -> Uuid {
        self.chance.uuid7(at.timestamp_millis())
    }

    fn body(&mut self, head: &Head, letter: &Letter) -> DialogBody {
        let mut body = DialogBody::default();
        if head.is_api_only && self.chance.per_mille(500) {
            return body;
        }
        let at = head.created_at;
        body.content.title = Some(letter.title());
        body.content.summary = self.chance.per_mille(900).then(|| letter.summary());
        body.content.additional_info = self.chance.per_mille(600).then(|| letter.more(&mut self.chance));
        if self.chance.per_mille(30) {
            body.content.non_sensitive_title = Some(letter.plain_title());
        }
        if let Some(status) = head.extended_status.as_ref().and_then(|status| status[1..].parse::<usize>().ok()) {
            let value = letter.said(&texts::STATUSES[status % texts::STATUSES.len()]);
            body.content.extended_status =
                Some(crate::domain::content::ContentValue { media_type: "text/plain".into(), value });
        }
        if self.chance.per_mille(500) {
            body.search_tags = vec![letter.tag().to_owned()];
        }
        for number in 0..self.chance.skewed(3, 2.0) {
            let attachment = self.attachment(at, number, letter);
            body.attachments.push(attachment);
        }
        if self.chance.per_mille(700) {
            body.gui_actions.push(self.gui_action(at, letter));
        }
        if self.chance.per_mille(200) {
            body.api_actions.push(self.api_action(at));
        }
        body
    }

    fn attachment(&mut self, at: Instant, number: u64, letter: &Letter) -> Attachment {
        let id = self.id(at);
        Attachment {
            id,
            created_at: at,
            display_name: letter.title().value,
            name: Some(format!("vedlegg-{}.pdf", number + 1)),
            expires_at: None,
            urls: vec![AttachmentUrl {
                id: self.id(at),
                created_at: at,
                url: format!("https://{}.example.no/dokument/{id}", self.of.owner),
                media_type: Some("application/pdf".into()),
                consumer_type: if self.chance.per_mille(800) {
                    AttachmentUrlConsumerType::Gui
                } else {
                    AttachmentUrlConsumerType::Api
                },
            }],
        }
    }

    fn gui_action(&mut self, at: Instant, letter: &Letter) -> GuiAction {
        GuiAction {
            id: self.id(at),
            created_at: at,
            action: "read".into(),
            url: format!("https://{}.example.no/sak/{}", self.of.owner, self.place),
            authorization_attribute: None,
            is_delete_dialog_action: false,
            priority: GuiActionPriority::Primary,
            http_method: HttpVerb::GET,
            title: letter.action(),
            prompt: Vec::new(),
        }
    }

    fn api_action(&mut self, at: Instant) -> ApiAction {
        ApiAction {
            id: self.id(at),
            created_at: at,
            action: "read".into(),
            authorization_attribute: None,
            name: None,
            endpoints: vec![ApiActionEndpoint {
                id: self.id(at),
                created_at: at,
                version: Some("v1".into()),
                url: format!("https://{}.example.no/api/sak/{}", self.of.owner, self.place),
                http_method: HttpVerb::GET,
                documentation_url: None,
                request_schema: None,
                response_schema: None,
                deprecated: false,
                sunset_at: None,
            }],
        }
    }

    /// None for nearly half of the dialogs, one or two for most others, very many for hardly any.
    fn transmissions(&mut self, head: &Head, letter: &Letter, reader: &Reader) -> Vec<(Transmission, i16)> {
        let count = match self.chance.below(10_000) {
            0..2 => 50 + self.chance.below(150),
            2..4500 => 0,
            4500..7500 => 1,
            _ => 2 + self.chance.skewed(3, 2.0),
        };
        let step = (head.content_updated_at - head.created_at) / i32::try_from(count + 1).expect("few");
        let mut transmissions: Vec<(Transmission, i16)> = Vec::new();
        for number in 0..count {
            let created_at = head.created_at + step * i32::try_from(number).expect("few");
            let from_party = self.chance.per_mille(200);
            let parent = transmissions
                .last()
                .filter(|(_, depth)| *depth < 20 && self.chance.per_mille(150))
                .map(|(last, depth)| (last.id, *depth));
            let transmission = Transmission {
                id: TransmissionId(self.id(created_at)),
                created_at,
                idempotent_key: None,
                authorization_attribute: None,
                related_transmission_id: parent.map(|(id, _)| id),
                transmission_type: if from_party { TransmissionType::Submission } else { *self.chance.pick(&OF_OWNER) },
                is_opened: !from_party && self.chance.per_mille(600),
                body: TransmissionBody {
                    extended_type: None,
                    external_reference: None,
                    sender: if from_party { reader.actor() } else { Actor::service_owner() },
                    content: Some(TransmissionContent {
                        title: letter.title(),
                        summary: self.chance.per_mille(700).then(|| letter.more(&mut self.chance)),
                        content_reference: None,
                    }),
                    attachments: if self.chance.per_mille(300) {
                        vec![self.attachment(created_at, number, letter)]
                    } else {
                        Vec::new()
                    },
                    navigational_actions: Vec::new(),
                },
            };
            transmissions.push((transmission, parent.map_or(1, |(_, depth)| depth + 1)));
        }
        transmissions
    }

    fn activities(
        &mut self,
        head: &Head,
        transmissions: &[(Transmission, i16)],
        letter: &Letter,
        reader: &Reader,
    ) -> Vec<Activity> {
        let mut wanted = Vec::new();
        if self.chance.per_mille(700) {
            wanted.push((ActivityType::DialogCreated, None));
        }
        let opened = transmissions.iter().filter(|(transmission, _)| transmission.is_opened);
        wanted.extend(opened.map(|(transmission, _)| (ActivityType::TransmissionOpened, Some(transmission.id))));
        for _ in 0..self.chance.skewed(4, 2.0) {
            wanted.push((*self.chance.pick(&OTHERS), None));
        }
        if head.resource_type == CORRESPONDENCE && self.chance.per_mille(600) {
            wanted.push((ActivityType::CorrespondenceOpened, None));
        }
        let step = (head.updated_at - head.created_at) / i32::try_from(wanted.len() + 1).expect("few");
        let mut activities = Vec::with_capacity(wanted.len());
        for (number, (activity_type, transmission_id)) in (0..).zip(wanted) {
            let created_at = head.created_at + step * number;
            let by_owner = matches!(activity_type, ActivityType::DialogCreated | ActivityType::Information);
            let description =
                if activity_type == ActivityType::Information { letter.sentence(&mut self.chance) } else { Vec::new() };
            activities.push(Activity {
                id: ActivityId(self.id(created_at)),
                created_at,
                activity_type,
                transmission_id,
                body: ActivityBody {
                    extended_type: None,
                    performed_by: if by_owner { Actor::service_owner() } else { reader.actor() },
                    description,
                },
            });
        }
        activities
    }

    /// What follows from the children.
    fn count(&mut self, head: &mut Head, transmissions: &[(Transmission, i16)], activities: &[Activity]) {
        let from_party = |(transmission, _): &&(Transmission, i16)| transmission.transmission_type.is_from_party();
        let parties = transmissions.iter().filter(from_party).count();
        head.from_party_transmissions = i16::try_from(parties).expect("few");
        head.from_owner_transmissions = i16::try_from(transmissions.len() - parties).expect("few");
        let unopened = transmissions
            .iter()
            .any(|(transmission, _)| !transmission.transmission_type.is_from_party() && !transmission.is_opened);
        let opens = |activity: &Activity| activity.activity_type == ActivityType::CorrespondenceOpened;
        head.has_unopened_content = has_unopened_content(unopened, &head.resource_type, activities.iter().any(opens));
        head.is_content_seen = head.created_at <= self.span.until && self.chance.per_mille(550);
    }

    /// One in a hundred lies in the bin, one in ten in the archive, one in twenty is marked as unopened.
    fn label(&mut self, head: &mut Head, reader: &Reader) -> Vec<LabelEntry> {
        let mut set = Vec::new();
        match self.chance.below(1000) {
            0..10 => set.push((SystemLabel::Bin, reader.actor())),
            10..110 => set.push((SystemLabel::Archive, reader.actor())),
            _ => {}
        }
        if self.chance.per_mille(50) {
            set.push((SystemLabel::MarkedAsUnopened, reader.actor()));
        }
        if head.from_party_transmissions > 0 {
            set.push((SystemLabel::Sent, Actor::service_owner()));
        }
        let mut entries = Vec::with_capacity(set.len());
        for (label, performed_by) in set {
            head.labels = head.labels.with(label);
            let created_at = self.after(head.created_at, 30);
            entries.push(LabelEntry { created_at, label, action: LabelAction::Set, performed_by });
        }
        entries
    }

    /// Of those that count as seen, most have an entry since; the others were opened before the log was kept.
    fn seen(&mut self, head: &Head, reader: &Reader) -> Vec<(SeenEntry, UserType)> {
        let mut seen = Vec::new();
        if head.content_updated_at > head.created_at && self.chance.per_mille(300) {
            let created_at = head.created_at + (head.content_updated_at - head.created_at) / 2;
            let id = self.id(created_at);
            seen.push(reader.entry(id, created_at));
        }
        if head.is_content_seen && self.chance.per_mille(800) {
            let created_at = self.after(head.content_updated_at, 14);
            let state = Head { is_content_seen: false, updated_at: head.content_updated_at, ..head.clone() };
            seen.push(reader.entry(seen_log::entry_id(&state, &reader.urn), created_at));
        }
        seen
    }
}

impl Reader {
    fn actor(&self) -> Actor {
        Actor {
            actor_type: ActorType::PartyRepresentative,
            actor_id: Some(self.urn.clone()),
            actor_name: Some(self.name.clone()),
        }
    }

    fn entry(&self, id: Uuid, created_at: Instant) -> (SeenEntry, UserType) {
        (SeenEntry { id, created_at, is_via_service_owner: false, seen_by: self.actor() }, self.user_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(dialogs: u64) -> Span {
        Span { seed: 7, dialogs, until: Instant::from_timestamp(1_900_000_000, 0).expect("an instant") }
    }

    /// What the rules of the field promise about every stored dialog.
    #[test]
    fn drawn_dialogs_are_such_as_the_service_stores() {
        let people = People::new(1000, None, None).expect("a world");
        let span = span(4000);
        let (mut last, mut of_largest, mut deleted) = (DialogId(Uuid::nil()), 0, 0);
        for place in 0..span.dialogs {
            let Drawn { dialog, transmissions, activities, seen, labelled, .. } = Drawn::at(span, &people, place);
            assert!(dialog.created_at <= dialog.content_updated_at && dialog.content_updated_at <= dialog.updated_at);
            assert!(dialog.deleted_at.is_none_or(|at| dialog.updated_at <= at && at <= span.until));
            assert!(dialog.id > last || dialog.created_at > span.until, "ids ascend with the place");
            last = dialog.id;
            let counted = dialog.from_party_transmissions + dialog.from_owner_transmissions;
            assert_eq!(usize::try_from(counted).expect("few"), transmissions.len());
            assert_eq!(dialog.labels.contains(SystemLabel::Sent), dialog.from_party_transmissions > 0);
            assert!(transmissions.iter().all(|(one, depth)| (*depth > 1) == one.related_transmission_id.is_some()));
            assert!(activities.is_sorted_by_key(|activity| activity.created_at));
            let newest = seen.last().map(|(entry, _)| entry.created_at);
            assert!(!dialog.is_content_seen || newest.is_none_or(|at| at >= dialog.created_at));
            assert!(labelled.iter().all(|entry| dialog.labels.contains(entry.label)));
            of_largest += u32::from(dialog.party == people.party(0));
            deleted += u32::from(dialog.deleted_at.is_some());
        }
        assert!((140..260).contains(&of_largest) && (40..120).contains(&deleted), "{of_largest} {deleted}");
    }

    #[test]
    fn a_place_gives_the_same_dialog_however_it_is_come_to() {
        let people = People::new(1000, None, None).expect("a world");
        let (a, b) = (Drawn::at(span(4000), &people, 99), Drawn::at(span(4000), &people, 99));
        assert_eq!((&a.dialog, &a.activities, &a.seen), (&b.dialog, &b.activities, &b.seen));
        let other = Drawn::at(Span { seed: 8, ..span(4000) }, &people, 99);
        assert_ne!(a.dialog.id, other.dialog.id);
    }
}
