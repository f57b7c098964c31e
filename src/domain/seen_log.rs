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

/// An entry as one reader is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    pub entry: SeenEntry,
    /// It is the reader's own.
    pub is_current_end_user: bool,
}

/// Who has opened a dialog: each actor's newest entry, in the order in which they first came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenSince {
    pub last_update: Vec<ShownEntry>,
    pub last_content_update: Vec<ShownEntry>,
}

impl SeenSince {
    /// `entries` are in reading order. `reader` is the URN of the end user who is shown them, if there is one.
    pub fn of(entries: &[SeenEntry], updated_at: Instant, content_updated_at: Instant, reader: Option<&str>) -> Self {
        let shown = |since| {
            let newest = newest_per_actor(entries, since).into_iter().cloned();
            newest.map(|entry| ShownEntry::new(entry, reader)).collect()
        };
        Self { last_update: shown(updated_at), last_content_update: shown(content_updated_at) }
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut ShownEntry> {
        self.last_update.iter_mut().chain(&mut self.last_content_update)
    }
}

impl ShownEntry {
    pub fn new(entry: SeenEntry, reader: Option<&str>) -> Self {
        let actor_id = entry.seen_by.actor_id.as_deref();
        let is_current_end_user = reader.zip(actor_id).is_some_and(|(reader, id)| reader.eq_ignore_ascii_case(id));
        Self { entry, is_current_end_user }
    }
}

/// The newest entry of each actor at or after `since`; actors stand in the order of their first entry since then.
fn newest_per_actor(entries: &[SeenEntry], since: Instant) -> Vec<&SeenEntry> {
    let mut newest: indexmap::IndexMap<Option<&str>, &SeenEntry> = indexmap::IndexMap::new();
    for entry in &entries[entries.partition_point(|entry| entry.created_at < since)..] {
        newest.insert(entry.seen_by.actor_id.as_deref(), entry);
    }
    newest.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{at, seen};

    /// N-015
    #[test]
    fn one_entry_per_actor_is_shown_and_it_is_the_newest() {
        let entry = |seconds, actor: &str| {
            let mut entry = seen(1, seconds);
            entry.seen_by.actor_id = Some(actor.into());
            entry
        };
        let log = [entry(0, "a"), entry(1, "b"), entry(2, "a"), entry(3, "c")];
        let shown = |since| newest_per_actor(&log, at(since)).iter().map(|entry| entry.created_at).collect::<Vec<_>>();
        assert_eq!(shown(0), [at(2), at(1), at(3)], "whoever came first stands first, with the newer entry");
        assert_eq!(shown(2), [at(2), at(3)], "the bound belongs to the interval");
        assert!(shown(4).is_empty());
    }
}
