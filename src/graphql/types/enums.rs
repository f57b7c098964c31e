//! Enums of the contract: the domain's, in capitals.

use async_graphql::Enum;

use crate::{domain, enduser::lookup};

macro_rules! enums {
    ($($(#[$doc:meta])* $name:ident of $remote:literal { $($value:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        #[graphql(remote = $remote)]
        pub enum $name { $($value),* }
    )*};
}

enums! {
    /// Where a dialog stands.
    DialogStatus of "domain::dialog::Status" {
        InProgress, Draft, Awaiting, RequiresAttention, Completed, NotApplicable,
    }
    /// What a transmission is. Submissions and corrections come from the party, all others from the service owner.
    TransmissionType of "domain::dialog::TransmissionType" {
        Information, Acceptance, Rejection, Request, Alert, Decision, Submission, Correction,
    }
    /// What happened in a dialog.
    ActivityType of "domain::dialog::ActivityType" {
        DialogCreated, DialogClosed, Information, TransmissionOpened, PaymentMade, SignatureProvided, DialogOpened,
        DialogDeleted, DialogRestored, SentToSigning, SentToFormFill, SentToSendIn, SentToPayment, FormSubmitted, FormSaved,
        CorrespondenceOpened, CorrespondenceConfirmed,
    }
    /// On whose side an actor stands.
    ActorType of "domain::actor::ActorType" { PartyRepresentative, ServiceOwner }
    /// For whom an attachment's address is meant.
    AttachmentUrlConsumer of "domain::attachment::AttachmentUrlConsumerType" { Gui, Api }
    /// How prominent a button is.
    GuiActionPriority of "domain::attachment::GuiActionPriority" { Primary, Secondary, Tertiary }
    /// Methods of HTTP.
    HttpVerb of "domain::attachment::HttpVerb" { GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, TRACE, CONNECT }
    /// What a dialog is marked with. `SENT` is set by the system alone.
    SystemLabel of "domain::system_label::SystemLabel" { Default, Bin, Archive, MarkedAsUnopened, Sent }
    /// In what way somebody may know of a dialog.
    DialogLookupGrantType of "lookup::GrantType" { Role, AccessPackage, ResourceDelegation, InstanceDelegation }
    /// Which way a list is ordered.
    OrderDirection of "domain::order::Direction" { Asc, Desc }
}

/// What became of a dialog.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogEventType {
    DialogUpdated,
    DialogDeleted,
}
