//! Names of the actors that a request gives by id.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    altinn::{Altinn, AltinnError},
    domain::{
        actor::Actor,
        dialog::{Activity, Transmission},
        refusal::Refusal,
        violations::{Code, Violations},
    },
};

/// How many names are asked for at once.
// A request may name many people: enough to be quick, few enough to leave the register to others.
const AT_ONCE: usize = 16;

/// The actors of new transmissions and activities.
pub fn actors<'a>(
    transmissions: impl IntoIterator<Item = &'a mut Transmission>,
    activities: impl IntoIterator<Item = &'a mut Activity>,
) -> Vec<&'a mut Actor> {
    let senders = transmissions.into_iter().map(|transmission| &mut transmission.body.sender);
    let performers = activities.into_iter().map(|activity| &mut activity.body.performed_by);
    senders.chain(performers).collect()
}

/// Gives every actor that has an id its name; each id is asked about once.
///
/// # Errors
/// 422 for ids that nobody has, 502 if the register does not answer.
pub async fn look_up(altinn: &Altinn, actors: Vec<&mut Actor>) -> Result<(), Refusal> {
    let mut ids: Vec<String> = actors.iter().filter_map(|actor| actor.actor_id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    ids.dedup();
    let names: HashMap<String, Option<String>> = stream::iter(ids)
        .map(|id| async move {
            let name = altinn.party_name(&id).await?;
            // A blank name is as good as none: it would be shown to people.
            Ok::<_, AltinnError>((id, name.filter(|name| !name.trim().is_empty())))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut found = Violations::new();
    for actor in actors {
        let Some(id) = &actor.actor_id else { continue };
        let Some(name) = names.get(id).cloned().flatten() else {
            let text = format!("Unable to look up name for actor id: {id}");
            // One line for an id, however many actors have it.
            if !found.has("ActorId", &text) {
                let hint =
                    "Name a person or an organization that the national registers know, or send `actorName` instead.";
                found.add("ActorId", Code::ActorNameUnknown.says(text).hint(hint));
            }
            continue;
        };
        actor.actor_name = Some(name);
    }
    found.into_result().map_err(Refusal::Unprocessable)
}
