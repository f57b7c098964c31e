//! Who did something: the sender of a transmission, the performer of an activity, the reader of a dialog.

use serde::{Deserialize, Serialize};

use super::wire_enum::wire_enum;

wire_enum! {
    /// On whose side an actor stands.
    ActorType { PartyRepresentative = 1, ServiceOwner = 2 }
}

/// An actor as it is stored. A service owner has neither id nor name; anybody else has a name, given or looked up, and an
/// id if the name was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    // One letter each: an actor is stored in every transmission and activity, and list items carry one.
    #[serde(rename = "t")]
    pub actor_type: ActorType,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
}

impl Actor {
    /// The service owner, who is never named.
    pub fn service_owner() -> Self {
        Self { actor_type: ActorType::ServiceOwner, actor_id: None, actor_name: None }
    }
}
