//! The registry of rules: one stable code for each thing that an answer can say no for.
//!
//! Codes are what scripts compare; the texts of the contract stay what they are and are worded next to their rules. A code is
//! never renamed or given another meaning: `every_code_stays` holds the list against a snapshot that may only grow.

use std::borrow::Cow;

use crate::domain::violations::Fault;

macro_rules! codes {
    ($($code:ident = $name:literal: $about:literal;)*) => {
        /// What a request was refused for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $about] $code),* }

        impl Code {
            /// Every code, in the order of the registry.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// As it stands in `code` of problem documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name),* }
            }

            /// The rule, in a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$code => $about),* }
            }
        }
    };
}

codes! {
    // Who is calling.
    TokenMissing = "token-missing": "The operation needs a bearer token.";
    TokenMalformed = "token-malformed": "The token is a JSON Web Token with an expiry time.";
    TokenIssuerUntrusted = "token-issuer-untrusted": "The token comes from an issuer that is configured here.";
    TokenAlgorithmRefused = "token-algorithm-refused": "The token is signed with an algorithm of its key's type.";
    TokenKeyUnknown = "token-key-unknown": "The token is signed with a key that its issuer publishes.";
    TokenSignatureWrong = "token-signature-wrong": "The token's signature fits its content.";
    TokenExpired = "token-expired": "The token's time is not over.";
    TokenNotYetValid = "token-not-yet-valid": "The token's time has begun.";
    ScopeMissing = "scope-missing": "The token carries the scopes that the operation needs.";
    OrganizationMissing = "organization-missing": "The token of a service owner names its organization.";
    UserTypeNotAllowed = "user-type-not-allowed": "The operation is for the token's kind of user.";
    CallerUnidentified = "caller-unidentified": "The token identifies its user in a form that can be asked about.";
    OwnerUnknown = "owner-unknown": "The token or the Resource Registry says the service owner's short name.";

    // What the caller may do.
    AccessDenied = "access-denied": "The caller has some right on the dialog, or finds it in lists.";
    LevelTooLow = "level-too-low": "The caller's authentication level reaches the one that the service resource demands.";
    LevelUnknown = "level-unknown": "The token says an authentication level.";
    AdminScopeMissing = "admin-scope-missing": "Only administrators do this.";
    CorrespondenceScopeMissing = "correspondence-scope-missing": "Correspondence needs a scope of its own.";
    ResourceNotOwned = "resource-not-owned": "A service owner refers to its own resources only.";
    DialogFrozen = "dialog-frozen": "A frozen dialog is changed by administrators only.";
    LabelsNotAuthorized = "labels-not-authorized": "The end user finds the dialog in lists.";

    // What is there.
    RouteUnknown = "route-unknown": "There is an operation at the path.";
    MethodNotAllowed = "method-not-allowed": "The path knows the verb.";
    DialogNotFound = "dialog-not-found": "The dialog exists, for this caller.";
    TransmissionNotFound = "transmission-not-found": "The transmission exists in the dialog.";
    ActivityNotFound = "activity-not-found": "The activity exists in the dialog.";
    SeenLogNotFound = "seen-log-not-found": "The entry of the seen log exists in the dialog.";
    LabelNotFound = "label-not-found": "The dialog carries the label.";
    ReferenceUnresolved = "reference-unresolved": "Some dialog answers to the reference.";
    DialogNotYetVisible = "dialog-not-yet-visible": "The dialog's `visibleFrom` has come.";
    DialogExpired = "dialog-expired": "The dialog's `expiresAt` has not come.";
    DialogDeleted = "dialog-deleted": "The dialog is not soft-deleted.";

    // The request as it arrives.
    HostMalformed = "host-malformed": "The request names its host, once.";
    MediaTypeUnsupported = "media-type-unsupported": "The body's media type is one that the operation reads.";
    NotAcceptable = "not-acceptable": "The client takes JSON.";
    BodyTooLarge = "body-too-large": "The body is not larger than 20 000 000 bytes.";
    BodyInterrupted = "body-interrupted": "The body arrives whole.";
    BodyMalformed = "body-malformed": "The body is one JSON document.";
    BodyNull = "body-null": "The body is not null.";
    ValueMalformed = "value-malformed": "A member's value is of its type.";
    PatchMalformed = "patch-malformed": "The body is a JSON Patch.";
    PatchNotApplicable = "patch-not-applicable": "The operations of a JSON Patch fit the dialog.";
    ParameterMalformed = "parameter-malformed": "A query parameter's value is of its type.";
    PathMalformed = "path-malformed": "The ids in the path are UUIDs.";
    RevisionMalformed = "revision-malformed": "`If-Match` is one UUID.";
    LanguagesMalformed = "languages-malformed": "`Accept-Language` is a list of languages.";
    UnknownMember = "unknown-member": "With `Prefer: handling=strict`, bodies have no unknown members.";
    UnknownParameter = "unknown-parameter": "With `Prefer: handling=strict`, query strings have no unknown parameters.";

    // Single values.
    ValueMissing = "value-missing": "A mandatory value is there, and not blank.";
    TextTooLong = "text-too-long": "A text has not more characters than its limit.";
    TextTooShort = "text-too-short": "A text has not fewer characters than its limit.";
    NumberOutOfRange = "number-out-of-range": "A number lies in its range.";
    TooManyValues = "too-many-values": "A list has not more items than its limit.";
    EnumUndefined = "enum-undefined": "A value of an enumeration is one of its values.";
    UriMalformed = "uri-malformed": "A URI is well-formed.";
    HttpsRequired = "https-required": "A URL is absolute, with scheme https.";
    ResourcePrefixMissing = "resource-prefix-missing": "A service resource is a URN of the Resource Registry.";
    AttributeMalformed = "attribute-malformed": "An authorization attribute is a name, or a URN of a type and a name.";
    PartyForm = "party-form": "A party is a URN of one of the known forms.";
    PartyCheckDigit = "party-check-digit": "The check digits of a person's or an organization's number fit.";
    TimeNotPast = "time-not-past": "A time that tells what happened is not in the future.";
    TimeNotFuture = "time-not-future": "A time that is still to come is not in the past.";
    TimesReversed = "times-reversed": "Of two times that belong together, the later one is not before the earlier.";
    IdNotVersion7 = "id-not-version-7": "An id that a client chooses is a UUID of version 7.";
    IdFromTheFuture = "id-from-the-future": "The time in an id that a client chooses is past.";
    DuplicateItems = "duplicate-items": "Nothing stands twice in a list.";
    DuplicateLanguages = "duplicate-languages": "A text is given once in each language.";
    LanguageCodeUnknown = "language-code-unknown": "A language code is one of ISO 639-1.";
    MediaTypeNotAllowed = "media-type-not-allowed": "A content element has a media type that it may have.";
    HtmlUnsupported = "html-unsupported": "HTML holds known elements only, without attributes but links' addresses.";
    ActorIncomplete = "actor-incomplete": "An actor is the service owner, or has either an id or a name.";

    // Dialogs and what they hold.
    TitleMissing = "title-missing": "Content has a title.";
    CreatedAtMissing = "created-at-missing": "Whoever says when a dialog was updated says when it was created.";
    ProcessMissing = "process-missing": "Whoever says the preceding process says the process.";
    SystemLabelNotInitial = "system-label-not-initial": "A new dialog's system label is Default, Bin or Archive.";
    GuiActionsTooMany = "gui-actions-too-many": "A dialog has one primary, one secondary and five tertiary GUI actions.";
    HttpMethodNotAllowed = "http-method-not-allowed": "GUI actions use GET, POST or DELETE.";
    DeprecatedMissing = "deprecated-missing": "An endpoint with a sunset is deprecated.";
    DescriptionMissing = "description-missing": "An activity of type Information has a description.";
    DescriptionNotAllowed = "description-not-allowed": "Only activities of type Information have a description.";
    TransmissionIdMissing = "transmission-id-missing": "An activity of type TransmissionOpened names its transmission.";
    TransmissionIdNotAllowed = "transmission-id-not-allowed": "Only activities of type TransmissionOpened name a transmission.";
    TransmissionUnknown = "transmission-unknown": "What refers to a transmission refers to one of the dialog.";
    TransmissionSelfReference = "transmission-self-reference": "A transmission does not answer itself.";
    HierarchyTooDeep = "hierarchy-too-deep": "Answers to transmissions are at most a hundred levels deep.";
    HierarchyTooWide = "hierarchy-too-wide": "A transmission has at most a hundred direct answers.";
    HierarchyCyclic = "hierarchy-cyclic": "No transmission answers itself by way of others.";
    TransmissionsTooMany = "transmissions-too-many": "A dialog has at most 32 767 transmissions from each side.";
    LockedToApiOnly = "locked-to-api-only": "A dialog with transmissions that have no content stays for systems only.";
    SilentRequired = "silent-required": "Transmissions are replaced silently.";
    OwnerLabelsTooMany = "owner-labels-too-many": "A dialog has at most twenty labels of its service owner.";
    SystemLabelSent = "system-label-sent": "The system label Sent is set by the service alone.";
    DialogCountOutOfRange = "dialog-count-out-of-range": "A bulk change names some dialogs, and not too many.";
    ActivityNotFormSaved = "activity-not-form-saved": "Only the time of FormSaved activities is moved.";

    // Lists.
    ContinuationTokenMismatch = "continuation-token-mismatch": "A continuation token is used with the order it was given in.";
    FilterMissing = "filter-missing": "A list is narrowed to parties or service resources.";
    LabelWildcardMisplaced = "label-wildcard-misplaced": "A label's asterisk stands at its end.";
    EndUserMalformed = "end-user-malformed": "`endUserId` is the URN of a person.";
    EndUserMissing = "end-user-missing": "The operation is done for an end user.";
    EndUserSurplus = "end-user-surplus": "Either an end user or a performer is named.";
    CursorExpired = "cursor-expired": "What is behind a cursor of the change feed is still kept.";

    // What is stored, and what the platform knows.
    ResourceUnknown = "resource-unknown": "The Resource Registry knows the resource, with an owner and a supported type.";
    ResourceOwnerUnknown = "resource-owner-unknown": "The Resource Registry says the short name of the resource's owner.";
    ActorNameUnknown = "actor-name-unknown": "The platform knows the name of an actor that is given by id.";
    IdTaken = "id-taken": "An id that a client chooses is not in use.";
    IdempotentKeyTaken = "idempotent-key-taken": "An idempotent key is not in use.";
    IdempotentKeyRepeated = "idempotent-key-repeated": "The transmissions of a dialog have different idempotent keys.";
    DialogVanished = "dialog-vanished": "The dialog is still there when it is written.";
    RevisionStale = "revision-stale": "The revision in `If-Match` is the current one.";
    ConcurrentChange = "concurrent-change": "Nothing else changes the dialog at the same moment.";

    // Trouble.
    Overloaded = "overloaded": "There is no more to do than can be done.";
    DatabaseUnavailable = "database-unavailable": "The database answers.";
    Maintenance = "maintenance": "The service is not closed for maintenance.";
    RequestTimeout = "request-timeout": "The request arrives in time.";
    PlatformFailed = "platform-failed": "The platform answers.";
    InternalError = "internal-error": "Nothing fails here.";
}

impl Code {
    /// A fault under this code, in the contract's words.
    pub fn says(self, text: impl Into<String>) -> Fault {
        Fault::new(self, text)
    }

    /// The same with a hint that mends it.
    pub fn mended(self, text: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Fault {
        Fault::new(self, text).hint(hint)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// M-28: scripts compare codes, so none is ever renamed or dropped. New ones are added to the snapshot.
    #[test]
    fn every_code_stays() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        insta::assert_snapshot!(names.join("\n"));
    }

    /// M-28
    #[test]
    fn codes_are_unique_kebab_case_and_explained() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let kebab = code.as_str().split('-').all(|word| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            assert!(kebab && code.about().ends_with('.') && code.about().len() > 10, "{code}");
        }
    }
}
