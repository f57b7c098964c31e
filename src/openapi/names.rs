//! What the documents call the shapes.
//!
//! A Rust type says one word by `#[schema(as = …)]`: `Attachment`, `SeenLog`, `Transmission`. The contract has a name of its
//! own for every operation that uses it, in the combined document a long one (`V1EndUserDialogsQueriesGetTransmission_Attachment`)
//! and in an audience's a short one (`DialogTransmissionAttachmentDetails`). From the word, the operation and whether the
//! shape lies within a transmission follows the long name, from that the short one. Generated clients have classes of these
//! names.

/// Shapes that have one name whichever operation uses them: the word, in the combined document, in those of an audience.
const FIXED: &[(&str, &str, &str)] = &[
    ("AcceptedLanguage", "V1EndUserCommon_AcceptedLanguage", "AcceptedLanguage"),
    ("AcceptedLanguages", "V1EndUserCommon_AcceptedLanguages", "AcceptedLanguages"),
    ("ActivityType", "DialogsEntitiesActivities_DialogActivityType", "DialogActivityType"),
    ("ActorType", "Actors_ActorType", "ActorType"),
    ("AttachmentUrlConsumerType", "Attachments_AttachmentUrlConsumerType", "AttachmentUrlConsumerType"),
    ("AuthorizedParty", "V1AccessManagementQueriesGetParties_AuthorizedParty", "AuthorizedParty"),
    (
        "AuthorizedServiceResourceList",
        "V1EndUserServiceResourcesQueriesSearch_AuthorizedServiceResources",
        "AuthorizedServiceResourceList",
    ),
    ("ContentValue", "V1CommonContent_ContentValue", "ContentValue"),
    ("DeletedFilter", "V1Common_DeletedFilter", "DeletedFilter"),
    ("EndUserIdentifierLookup", "V1CommonIdentifierLookup_EndUserIdentifierLookup", "EndUserIdentifierLookup"),
    ("EndUserSearchLimits", "V1MetadataLimitsQueriesGet_EndUserSearchLimits", "EndUserSearchLimits"),
    ("GuiActionPriority", "DialogsEntitiesActions_DialogGuiActionPriority", "DialogGuiActionPriority"),
    ("HttpVerb", "Http_HttpVerb", "HttpVerb"),
    (
        "IdentifierLookupAuthorizationEvidence",
        "V1CommonIdentifierLookup_IdentifierLookupAuthorizationEvidence",
        "IdentifierLookupAuthorizationEvidence",
    ),
    (
        "IdentifierLookupAuthorizationEvidenceItem",
        "V1CommonIdentifierLookup_IdentifierLookupAuthorizationEvidenceItem",
        "IdentifierLookupAuthorizationEvidenceItem",
    ),
    ("GrantType", "V1CommonIdentifierLookup_IdentifierLookupGrantType", "IdentifierLookupGrantType"),
    (
        "IdentifierLookupServiceOwner",
        "V1CommonIdentifierLookup_IdentifierLookupServiceOwner",
        "IdentifierLookupServiceOwner",
    ),
    (
        "IdentifierLookupServiceResource",
        "V1CommonIdentifierLookup_IdentifierLookupServiceResource",
        "IdentifierLookupServiceResource",
    ),
    ("JsonPatchOperation", "JsonPatchOperations_Operation", "JsonPatchOperation"),
    ("Jwk", "V1WellKnownJwksQueriesGet_Jwk", "Jwk"),
    ("Jwks", "V1WellKnownJwksQueriesGet_Jwks", "Jwks"),
    (
        "LabelAssignmentLog",
        "V1EndUserEndUserContextQueriesSearchLabelAssignmentLog_LabelAssignmentLog",
        "LabelAssignmentLog",
    ),
    ("Limits", "V1MetadataLimitsQueriesGet_Limits", "Limits"),
    ("Links", "DigdirDomainDialogportenApplicationCommon_Link", "Links"),
    ("Localization", "V1CommonLocalizations_Localization", "Localization"),
    (
        "OauthAuthorizationServer",
        "V1WellKnownOauthAuthorizationServerQueriesGet_OauthAuthorizationServer",
        "OauthAuthorizationServer",
    ),
    ("Parties", "V1AccessManagementQueriesGetParties_Parties", "Parties"),
    ("ProblemDetails", "ProblemDetails", "ProblemDetails"),
    ("ProblemDetailsError", "ProblemDetails_Error", "ProblemDetails_Error"),
    (
        "ServiceOwnerIdentifierLookup",
        "V1CommonIdentifierLookup_ServiceOwnerIdentifierLookup",
        "ServiceOwnerIdentifierLookup",
    ),
    ("ServiceOwnerSearchLimits", "V1MetadataLimitsQueriesGet_ServiceOwnerSearchLimits", "ServiceOwnerSearchLimits"),
    ("ServiceResource", "V1CommonServiceResourceMetadata_ServiceResourceMetadataServiceResource", "ServiceResource"),
    (
        "ServiceResourceAccessPackage",
        "V1CommonServiceResourceMetadata_ServiceResourceMetadataAccessPackage",
        "ServiceResourceAccessPackage",
    ),
    (
        "ServiceResourceMetadata",
        "V1CommonServiceResourceMetadata_ServiceResourceMetadataItem",
        "ServiceResourceMetadata",
    ),
    (
        "ServiceResourceMetadataList",
        "V1MetadataServiceResourcesQueriesGet_ServiceResourceMetadata",
        "ServiceResourceMetadataList",
    ),
    (
        "ServiceResourceOwner",
        "V1CommonServiceResourceMetadata_ServiceResourceMetadataServiceOwner",
        "ServiceResourceOwner",
    ),
    ("ServiceResourceRole", "V1CommonServiceResourceMetadata_ServiceResourceMetadataRole", "ServiceResourceRole"),
    ("Status", "DialogsEntities_DialogStatus", "DialogStatus"),
    ("StatusInput", "V1ServiceOwnerCommonDialogStatuses_DialogStatusInput", "DialogStatusInput"),
    ("SystemLabel", "DialogEndUserContextsEntities_SystemLabel", "SystemLabel"),
    ("TransmissionType", "DialogsEntitiesTransmissions_DialogTransmissionType", "DialogTransmissionType"),
];

/// Before an item's name stands this in the name of its page.
const PAGE_OF: &str = "PaginatedListOf";

/// Where a shape is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The operation's id in the combined document. What precedes `_` names the room of its shapes.
    pub combined_id: &'static str,
    /// Whether a transmission holds the shape.
    pub in_transmission: bool,
}

impl Place {
    /// `EndUser` or `ServiceOwner`, and the rest of the room.
    fn room(self) -> (&'static str, &'static str) {
        let room = self.combined_id.split_once('_').map_or(self.combined_id, |(room, _)| room);
        split(room)
    }
}

/// A room after `V1`, without the surface.
fn split(room: &str) -> (&str, &str) {
    let room = room.strip_prefix("V1").unwrap_or(room);
    let surface = ["EndUser", "ServiceOwner"].into_iter().find(|surface| room.starts_with(surface)).unwrap_or_default();
    room.split_at(surface.len())
}

/// The combined document's name of the shape that says `word`.
pub(super) fn long(word: &str, place: Place) -> String {
    if let Some((_, long, _)) = FIXED.iter().find(|(known, ..)| *known == word) {
        return (*long).to_owned();
    }
    let (surface, room) = place.room();
    if word == "Actor" {
        return format!("V1{surface}CommonActors_Actor");
    }
    let within = word.strip_prefix("Transmission").filter(|_| place.in_transmission).unwrap_or(word);
    let (room, own) = match (room, word) {
        ("DialogsQueriesGet" | "DialogsQueriesSearch", "Dialog") => (room, word.to_owned()),
        ("DialogsQueriesGet", _) if place.in_transmission => (room, format!("DialogTransmission{within}")),
        ("DialogsQueriesGet", "Content" | "Tag") | ("DialogsQueriesSearch", "Content" | "ServiceOwnerLabel") => {
            (room, word.to_owned())
        }
        ("DialogsQueriesGet" | "DialogsQueriesSearch", _)
        | ("DialogsCommandsCreate" | "DialogsCommandsUpdate", "ServiceOwnerContext")
        | ("DialogsQueriesSearchEndUserContext", "EndUserContextItem") => (room, format!("Dialog{word}")),
        ("DialogsCommandsCreate" | "DialogsCommandsUpdate", _) if place.in_transmission => {
            (room, format!("Transmission{within}"))
        }
        ("DialogsCommandsCreateActivity", "Activity")
        | ("DialogsCommandsCreateTransmission" | "DialogsCommandsUpdateTransmission", "Transmission") => {
            (room, format!("{word}Request"))
        }
        ("DialogsCommandsCreateTransmission" | "DialogsCommandsUpdateTransmission", _) => {
            (room, format!("Transmission{within}"))
        }
        ("DialogsQueriesGetTransmission" | "DialogsQueriesSearchTransmissions", _) => (room, within.to_owned()),
        ("ServiceOwnerContextQueriesGetServiceOwnerLabel", _) => {
            ("ServiceOwnerContextQueriesGetServiceOwnerLabels", word.to_owned())
        }
        _ => (room, word.to_owned()),
    };
    format!("V1{surface}{room}_{own}")
}

/// The combined document's name of a page of the shape that it calls `item`.
pub(super) fn page_of(item: &str) -> String {
    format!("{PAGE_OF}{item}")
}

/// The name in the documents of one audience of the shape that the combined one calls `long`.
pub(super) fn short(long: &str) -> String {
    if let Some(item) = long.strip_prefix(PAGE_OF) {
        return page_of(&short(item));
    }
    if let Some((.., short)) = FIXED.iter().find(|(_, known, _)| *known == long) {
        return (*short).to_owned();
    }
    let (room, own) = long.split_once('_').unwrap_or(("", long));
    let (surface, room) = split(room);
    let bare = own.strip_prefix("Dialog").unwrap_or(own);
    match (room, own) {
        ("DialogsQueriesGet", "Tag") => "DialogTag".into(),
        ("DialogsQueriesSearch", "Content") => "DialogContentSummary".into(),
        ("DialogsQueriesSearch", "DialogEndUserContext") if surface == "ServiceOwner" => {
            "DialogListItemEndUserContext".into()
        }
        ("DialogsQueriesSearch", "ServiceOwnerLabel") => "DialogServiceOwnerLabelListItem".into(),
        ("DialogsQueriesSearch", _) => format!("{own}ListItem"),
        ("DialogsQueriesGetTransmission", "Transmission") => "DialogTransmissionDetails".into(),
        ("DialogsQueriesGetTransmission", _) => format!("DialogTransmission{own}Details"),
        ("DialogsQueriesSearchTransmissions", "Transmission") => "DialogTransmissionSearchItem".into(),
        ("DialogsQueriesSearchTransmissions", _) => format!("DialogTransmissionSearch{own}"),
        ("DialogsQueriesGetActivity" | "DialogsQueriesGetSeenLog", "Activity" | "SeenLog") => {
            format!("Dialog{own}Details")
        }
        ("DialogsQueriesSearchActivities" | "DialogsQueriesSearchSeenLogs", "Activity" | "SeenLog") => {
            format!("Dialog{own}SearchItem")
        }
        ("DialogsCommandsCreate" | "DialogsCommandsCreateActivity", _) => format!("CreateDialog{bare}"),
        ("DialogsCommandsUpdate", _) => format!("UpdateDialog{bare}"),
        ("DialogsCommandsCreateTransmission", _) => format!("Create{own}"),
        ("DialogsCommandsUpdateTransmission", _) => format!("Update{own}"),
        ("ServiceOwnerContextCommandsCreateServiceOwnerLabel", "Label") => "CreateServiceOwnerLabel".into(),
        _ => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    /// By path and verb the names of the shapes that an operation uses, directly or not.
    fn names(document: &Value) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
        let paths = document["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, methods)| {
            methods
                .as_object()
                .expect("methods")
                .iter()
                .map(move |(verb, operation)| ((path.as_str(), verb.as_str()), operation))
        });
        let reach = |operation| {
            let mut found = BTreeSet::new();
            let mut waiting: Vec<&Value> = vec![operation];
            while let Some(value) = waiting.pop() {
                if let Some(name) = value["$ref"].as_str().and_then(|target| target.rsplit('/').next())
                    && found.insert(name)
                {
                    waiting.push(&document["components"]["schemas"][name]);
                }
                waiting.extend(value.as_object().into_iter().flat_map(|members| members.values()));
                waiting.extend(value.as_array().into_iter().flatten());
            }
            found
        };
        operations.map(|(key, operation)| (key, reach(operation))).collect()
    }

    /// M-17: for every operation of the contract, those not built yet as well.
    #[test]
    fn short_names_follow_from_long_ones() {
        let combined: Value =
            serde_json::from_str(include_str!("../../tests/contract/openapi.combined.json")).expect("JSON");
        let combined = names(&combined);
        for document in [
            include_str!("../../tests/contract/openapi.enduser.json"),
            include_str!("../../tests/contract/openapi.serviceowner.json"),
        ] {
            let document: Value = serde_json::from_str(document).expect("JSON");
            for (key, wanted) in names(&document) {
                let ours: BTreeSet<String> = combined[&key].iter().map(|long| short(long)).collect();
                assert_eq!(ours, wanted.into_iter().map(str::to_owned).collect(), "{key:?}");
            }
        }
    }

    #[test]
    fn long_names_follow_from_operation_and_place() {
        const GET: &str = "V1EndUserDialogsQueriesGet_Dialog";
        const ONE: &str = "V1EndUserDialogsQueriesGetTransmission_DialogTransmission";
        const CREATE: &str = "V1ServiceOwnerDialogsCommandsCreate_Dialog";
        for (word, combined_id, in_transmission, expected) in [
            ("Dialog", GET, false, "V1EndUserDialogsQueriesGet_Dialog"),
            ("AttachmentUrl", GET, false, "V1EndUserDialogsQueriesGet_DialogAttachmentUrl"),
            ("AttachmentUrl", GET, true, "V1EndUserDialogsQueriesGet_DialogTransmissionAttachmentUrl"),
            ("TransmissionContent", GET, true, "V1EndUserDialogsQueriesGet_DialogTransmissionContent"),
            ("TransmissionContent", ONE, true, "V1EndUserDialogsQueriesGetTransmission_Content"),
            ("Attachment", CREATE, true, "V1ServiceOwnerDialogsCommandsCreate_TransmissionAttachment"),
            ("Actor", CREATE, true, "V1ServiceOwnerCommonActors_Actor"),
            ("Status", CREATE, false, "DialogsEntities_DialogStatus"),
        ] {
            assert_eq!(long(word, Place { combined_id, in_transmission }), expected);
        }
    }
}
