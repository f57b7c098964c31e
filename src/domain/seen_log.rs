//! Who has opened a dialog, and what clients are shown of it.

use uuid::Uuid;

use super::{Instant, actor::Actor};

/// One entry of a dialog's seen log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenEntry {
    pub id: Uuid,
    pub created_at: Instant,
    /// Read by a service owner for the person.
    pub is_via_service_owner: bool,
    /// Always with id and name, the id in lower case.
    pub seen_by: Actor,
}

/// The newest entry of each actor at or after `since`, oldest first. `entries` are in reading order.
pub fn newest_per_actor(entries: &[SeenEntry], since: Instant) -> Vec<&SeenEntry> {
    let mut actors = std::collections::HashSet::new();
    let mut newest: Vec<_> = entries
        .iter()
        .rev()
        .take_while(|entry| entry.created_at >= since)
        .filter(|entry| actors.insert(entry.seen_by.actor_id.as_deref()))
        .collect();
    newest.reverse();
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{at, seen};

    #[test]
    fn one_entry_per_actor_is_shown_and_it_is_the_newest() {
        let entry = |seconds, actor: &str| {
            let mut entry = seen(1, seconds);
            entry.seen_by.actor_id = Some(actor.into());
            entry
        };
        let log = [entry(0, "a"), entry(1, "b"), entry(2, "a"), entry(3, "c")];
        let shown = |since| newest_per_actor(&log, at(since)).iter().map(|entry| entry.created_at).collect::<Vec<_>>();
        assert_eq!(shown(0), [at(1), at(2), at(3)]);
        assert_eq!(shown(2), [at(2), at(3)], "the bound belongs to the interval");
        assert!(shown(4).is_empty());
    }
}
