//! The dialog: the aggregate that everything else belongs to.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    actor::Actor,
    attachment::{ApiAction, Attachment, GuiAction, NavigationalAction},
    content::{DialogContent, Localized, TransmissionContent},
    ids::{ActivityId, DialogId, Revision, TransmissionId},
    party::Party,
    resource::{OrgCode, ResourceType, ResourceUrn},
    system_label::{Labels, SystemLabel},
    wire_enum::wire_enum,
};

wire_enum! {
    /// Where a dialog stands.
    Status {
        /// No status in particular.
        // Numbers are stored, and clients may send them instead of names: 1 and 4 stay those of the retired names.
        NotApplicable = 7,
        /// A process is going on.
        InProgress = 2,
        /// Begun by the user, not sent.
        Draft = 3,
        /// The service owner has to act.
        Awaiting = 8,
        /// The user has to act.
        RequiresAttention = 5,
        Completed = 6,
    }
}

wire_enum! {
    /// A status as clients may send it: with two retired names.
    StatusInput { NotApplicable = 7, InProgress = 2, Draft = 3, Awaiting = 8, RequiresAttention = 5, Completed = 6, New = 1, Sent = 4 }
}

impl From<StatusInput> for Status {
    fn from(status: StatusInput) -> Self {
        match status {
            StatusInput::NotApplicable | StatusInput::New => Self::NotApplicable,
            StatusInput::InProgress => Self::InProgress,
            StatusInput::Draft => Self::Draft,
            StatusInput::Awaiting | StatusInput::Sent => Self::Awaiting,
            StatusInput::RequiresAttention => Self::RequiresAttention,
            StatusInput::Completed => Self::Completed,
        }
    }
}

wire_enum! {
    /// What a transmission is. Submission and Correction come from the party, all others from the service owner.
    TransmissionType {
        Information = 1, Acceptance = 2, Rejection = 3, Request = 4, Alert = 5, Decision = 6, Submission = 7, Correction = 8,
    }
}

impl TransmissionType {
    /// The type decides, not the sender.
    pub fn is_from_party(self) -> bool {
        matches!(self, Self::Submission | Self::Correction)
    }
}

wire_enum! {
    /// What happened in a dialog.
    ActivityType {
        DialogCreated = 1, DialogClosed = 2, Information = 3, TransmissionOpened = 4, PaymentMade = 5, SignatureProvided = 6,
        DialogOpened = 7, DialogDeleted = 8, DialogRestored = 9, SentToSigning = 10, SentToFormFill = 11, SentToSendIn = 12,
        SentToPayment = 13, FormSubmitted = 14, FormSaved = 15, CorrespondenceOpened = 16, CorrespondenceConfirmed = 17,
    }
}

/// What one row tells of a dialog: all that is filtered, listed or judged by, without the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub id: DialogId,
    pub revision: Revision,
    /// Of the end-user context.
    pub context_revision: Revision,
    /// Of the service-owner context.
    pub owner_context_revision: Revision,
    pub idempotent_key: Option<String>,
    /// The owner's.
    pub org: OrgCode,
    pub service_resource: ResourceUrn,
    /// As it was when the dialog was created.
    // Never refreshed: what the dialog's rules were when it was made, they stay (§1.1).
    pub resource_type: ResourceType,
    pub party: Party,
    pub status: Status,
    pub progress: Option<i32>,
    pub extended_status: Option<String>,
    pub external_reference: Option<String>,
    // The one time that no update moves: it decided the dialog's other times at its birth.
    pub visible_from: Option<Instant>,
    pub due_at: Option<Instant>,
    pub expires_at: Option<Instant>,
    pub process: Option<String>,
    pub preceding_process: Option<String>,
    pub is_api_only: bool,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub content_updated_at: Instant,
    pub deleted_at: Option<Instant>,
    pub is_frozen: bool,
    // Kept instead of counted, so that a page of a list and an append to a dialog with 20,000 transmissions cost
    // nothing.
    pub from_party_transmissions: i16,
    pub from_owner_transmissions: i16,
    pub has_unopened_content: bool,
    /// Seen since the last change of content; what a client reads as `isContentSeen` also needs that the dialog is not
    /// marked as unopened.
    pub is_content_seen: bool,
    pub labels: Labels,
    /// In ascending order, lower case.
    pub owner_labels: Vec<String>,
}

impl Head {
    /// Of a dialog that begins now; what is not said here is empty or what a new dialog has.
    pub fn begun(
        id: DialogId,
        (org, service_resource, resource_type): (OrgCode, ResourceUrn, ResourceType),
        party: Party,
        now: Instant,
    ) -> Self {
        Self {
            id,
            revision: Revision::fresh(),
            context_revision: Revision::fresh(),
            owner_context_revision: Revision::fresh(),
            idempotent_key: None,
            org,
            service_resource,
            resource_type,
            party,
            status: Status::NotApplicable,
            progress: None,
            extended_status: None,
            external_reference: None,
            visible_from: None,
            due_at: None,
            expires_at: None,
            process: None,
            preceding_process: None,
            is_api_only: false,
            created_at: now,
            updated_at: now,
            content_updated_at: now,
            deleted_at: None,
            is_frozen: false,
            from_party_transmissions: 0,
            from_owner_transmissions: 0,
            has_unopened_content: false,
            is_content_seen: false,
            labels: Labels::default(),
            owner_labels: Vec::new(),
        }
    }

    /// Gives the dialog a new revision, for a write; returns the one that was read, which guards it.
    pub fn renew(&mut self) -> Revision {
        std::mem::replace(&mut self.revision, Revision::fresh())
    }

    /// What clients read as `isContentSeen`.
    pub fn shows_as_seen(&self) -> bool {
        self.is_content_seen && !self.labels.contains(SystemLabel::MarkedAsUnopened)
    }
}

/// A dialog without its transmissions, activities and logs: what one row and one document hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialog {
    pub head: Head,
    pub body: DialogBody,
}

/// A dialog is its head and has a body: rules speak of `dialog.status`, wherever the status is kept.
impl Deref for Dialog {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl DerefMut for Dialog {
    fn deref_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

/// The aggregate's body: read whole, written whole, one JSONB document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DialogBody {
    #[serde(skip_serializing_if = "DialogContent::is_empty")]
    pub content: DialogContent,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search_tags: Vec<String>,
    /// This and the next two in reading order: `created_at`, then id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gui_actions: Vec<GuiAction>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_actions: Vec<ApiAction>,
}

impl DialogBody {
    /// About how many bytes its children take as JSON: their number is what makes a body long.
    pub fn weight(&self) -> usize {
        // A guess: it only decides whether work on the body leaves the threads that answer (`heavy`).
        const CHILD: usize = 300;
        let urls: usize = self.attachments.iter().map(|attachment| attachment.urls.len()).sum();
        let endpoints: usize = self.api_actions.iter().map(|action| action.endpoints.len()).sum();
        let children =
            self.attachments.len() + self.gui_actions.len() + self.api_actions.len() + self.search_tags.len();
        CHILD * (children + urls + endpoints)
    }
}

/// About how many bytes a transmission takes as JSON, and an activity.
// Guesses as well, for the same question.
pub const TRANSMISSION_WEIGHT: usize = 1_000;
pub const ACTIVITY_WEIGHT: usize = 300;

/// A message inside a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmission {
    pub id: TransmissionId,
    pub created_at: Instant,
    pub idempotent_key: Option<String>,
    pub authorization_attribute: Option<String>,
    pub related_transmission_id: Option<TransmissionId>,
    pub transmission_type: TransmissionType,
    /// Some activity of type TransmissionOpened refers to it, and it is not from the party.
    pub is_opened: bool,
    pub body: TransmissionBody,
}

/// What of a transmission is only carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransmissionBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    pub sender: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<TransmissionContent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub navigational_actions: Vec<NavigationalAction>,
}

/// An entry of the append-only log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub created_at: Instant,
    pub activity_type: ActivityType,
    pub transmission_id: Option<TransmissionId>,
    pub body: ActivityBody,
}

/// What of an activity is only carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_type: Option<String>,
    pub performed_by: Actor,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub description: Localized,
}
