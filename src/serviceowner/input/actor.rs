//! Actors as clients give them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        actor::{Actor, ActorType},
        rules::actor::{self, GivenActor},
        violations::{At, Violations},
        wire_enum::Given,
    },
    serviceowner::input::defined,
};

/// Who sent or did something: the service owner, or somebody for the party by either id or name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Actor)]
pub struct ActorInput {
    #[serde(default)]
    #[schema(value_type = ActorType)]
    pub actor_type: Given<ActorType>,
    /// Stored as given. Must be absent if the actor has an id.
    pub actor_name: Option<String>,
    /// A person, an organization or a self-identified user as URN; its name is looked up.
    pub actor_id: Option<String>,
}

impl ActorInput {
    pub fn check(&self, at: At, found: &mut Violations) {
        let given = GivenActor {
            actor_type: self.actor_type,
            actor_id: self.actor_id.as_deref(),
            actor_name: self.actor_name.as_deref(),
        };
        actor::actor(given, at, found);
    }

    /// An actor with an id has no name before it was looked up.
    pub fn into_actor(self) -> Actor {
        Actor {
            actor_type: defined(self.actor_type),
            // Names are looked up and compared in this form (§1.10); the name itself stays as given.
            actor_id: self.actor_id.map(|id| id.to_lowercase()),
            actor_name: self.actor_name,
        }
    }
}
