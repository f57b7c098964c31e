//! Who has opened a dialog, and what clients are shown of it.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Instant, actor::Actor, dialog::Head};

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
        // Asked before persons are masked: afterwards no id is the reader's.
        let is_current_end_user = reader.zip(actor_id).is_some_and(|(reader, id)| reader.eq_ignore_ascii_case(id));
        Self { entry, is_current_end_user }
    }
}

/// Whether opening the dialog leaves nothing behind: the reader has opened it since it changed, nobody has marked it as
/// unopened, and its content counts as seen. `entries` are those since the content changed.
pub fn is_noted(dialog: &Head, entries: &[SeenEntry], actor_id: &str) -> bool {
    let by_reader = |entry: &&SeenEntry| entry.seen_by.actor_id.as_deref() == Some(actor_id);
    let latest = entries.iter().filter(by_reader).map(|entry| entry.created_at).max();
    dialog.shows_as_seen() && latest.is_some_and(|at| at > dialog.updated_at)
}

/// The id of the entry that a reader leaves at a dialog in its present state. The same reader leaves the same id at the same
/// state, so that however often and however fast somebody reads, one entry is left. `actor_id` is in lower case.
pub fn entry_id(dialog: &Head, actor_id: &str) -> Uuid {
    let hash = Sha256::new()
        .chain_update(dialog.id.0)
        // The state is named by its time and not by its revision: a silent change leaves both the time and the entry.
        .chain_update(dialog.updated_at.timestamp_micros().to_be_bytes())
        .chain_update([u8::from(dialog.is_content_seen)])
        .chain_update(actor_id)
        .finalize();
    let random = hash[..10].try_into().expect("ten of 32 bytes");
    // Imported dialogs may be older than 1970, which the time of an id cannot say.
    let millis = u64::try_from(dialog.updated_at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

/// The newest entry of each actor at or after `since`; actors stand in the order of their first entry since then.
fn newest_per_actor(entries: &[SeenEntry], since: Instant) -> Vec<&SeenEntry> {
    let mut newest: indexmap::IndexMap<Option<&str>, &SeenEntry> = indexmap::IndexMap::new();
    // Sorted by time, so the beginning is searched for by halves.
    for entry in &entries[entries.partition_point(|entry| entry.created_at < since)..] {
        // An `IndexMap` keeps the first place of a key whose value is replaced, which is just the order wanted.
        newest.insert(entry.seen_by.actor_id.as_deref(), entry);
    }
    newest.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        sample::{PERSON, at, bare_dialog, seen},
        system_label::SystemLabel,
    };

    /// N-010
    #[test]
    fn a_state_is_noted_once_for_each_reader() {
        let dialog =
            Head { updated_at: at(10), content_updated_at: at(5), is_content_seen: true, ..bare_dialog().head };
        assert!(!is_noted(&dialog, &[], PERSON));
        assert!(is_noted(&dialog, &[seen(1, 11)], PERSON));
        assert!(!is_noted(&dialog, &[seen(1, 10)], PERSON), "the change is newer than the look, or as old");
        assert!(!is_noted(&dialog, &[seen(1, 11)], "somebody else"));
        assert!(!is_noted(&Head { is_content_seen: false, ..dialog.clone() }, &[seen(1, 11)], PERSON));
        let marked = Head { labels: dialog.labels.with(SystemLabel::MarkedAsUnopened), ..dialog };
        assert!(!is_noted(&marked, &[seen(1, 11)], PERSON));
    }

    #[test]
    fn an_entrys_id_follows_from_state_and_reader() {
        let dialog = bare_dialog().head;
        let id = entry_id(&dialog, "a");
        assert_eq!((id.get_version_num(), id), (7, entry_id(&dialog.clone(), "a")));
        assert_ne!(id, entry_id(&dialog, "b"));
        assert_ne!(id, entry_id(&Head { updated_at: at(9_999), ..dialog.clone() }, "a"));
        assert_ne!(id, entry_id(&Head { is_content_seen: !dialog.is_content_seen, ..dialog }, "a"));
    }

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
