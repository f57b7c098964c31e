//! What an update makes of a dialog's children: which of them stay who they are.
//!
//! Texts (content, titles, prompts, display names) have no identity of their own: merging them by language or type gives
//! the same as replacing them, so only children with ids are merged here.

use uuid::Uuid;

use super::{
    Instant,
    attachment::{ApiAction, ApiActionEndpoint, Attachment, AttachmentUrl, GuiAction},
};

/// A child that is matched by its id.
trait Child: Sized {
    fn id(&self) -> Uuid;
    fn created_at(&self) -> Instant;
    fn born(&mut self, at: Instant);
    /// Takes over what must survive from the stored child of the same id.
    fn continue_from(&mut self, stored: &Self) {
        // The birth orders children on reads, so a change of a child does not move it.
        self.born(stored.created_at());
    }
}

/// The wanted children in reading order. One whose id is stored already goes on as that child, whatever else changed; all
/// others are new; stored ones that are not wanted are gone.
fn merged<T: Child>(stored: &[T], mut wanted: Vec<T>) -> Vec<T> {
    // An item without an id has a new one by now, so it matches nothing and is a new child (§4.4).
    let known: std::collections::HashMap<Uuid, &T> = stored.iter().map(|child| (child.id(), child)).collect();
    for child in &mut wanted {
        if let Some(stored) = known.get(&child.id()) {
            child.continue_from(stored);
        }
    }
    wanted.sort_by_key(|child| (child.created_at(), child.id()));
    wanted
}

/// The attachments of a dialog or a transmission after an update; URLs are merged within attachments of the same id.
pub fn attachments(stored: &[Attachment], wanted: Vec<Attachment>) -> Vec<Attachment> {
    merged(stored, wanted)
}

pub fn gui_actions(stored: &[GuiAction], wanted: Vec<GuiAction>) -> Vec<GuiAction> {
    merged(stored, wanted)
}

/// The API actions after an update; endpoints are merged within actions of the same id.
pub fn api_actions(stored: &[ApiAction], wanted: Vec<ApiAction>) -> Vec<ApiAction> {
    merged(stored, wanted)
}

/// The search tags after an update: kept ones stay where they are, new ones follow in the order given. Both lists hold
/// normalised tags, each once.
pub fn search_tags(stored: &[String], wanted: &[String]) -> Vec<String> {
    let wanted_set: std::collections::HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let stored_set: std::collections::HashSet<&str> = stored.iter().map(String::as_str).collect();
    let kept = stored.iter().filter(|tag| wanted_set.contains(tag.as_str()));
    let added = wanted.iter().filter(|tag| !stored_set.contains(tag.as_str()));
    // Comparing by value then finds no change when tags are only sent in another sequence.
    kept.chain(added).cloned().collect()
}

impl Child for Attachment {
    fn id(&self) -> Uuid {
        self.id
    }

    fn created_at(&self) -> Instant {
        self.created_at
    }

    fn born(&mut self, at: Instant) {
        self.created_at = at;
    }

    fn continue_from(&mut self, stored: &Self) {
        self.created_at = stored.created_at;
        self.urls = merged(&stored.urls, std::mem::take(&mut self.urls));
    }
}

impl Child for ApiAction {
    fn id(&self) -> Uuid {
        self.id
    }

    fn created_at(&self) -> Instant {
        self.created_at
    }

    fn born(&mut self, at: Instant) {
        self.created_at = at;
    }

    fn continue_from(&mut self, stored: &Self) {
        self.created_at = stored.created_at;
        self.endpoints = merged(&stored.endpoints, std::mem::take(&mut self.endpoints));
    }
}

macro_rules! leaf {
    ($($leaf:ty),*) => {$(
        impl Child for $leaf {
            fn id(&self) -> Uuid {
                self.id
            }

            fn created_at(&self) -> Instant {
                self.created_at
            }

            fn born(&mut self, at: Instant) {
                self.created_at = at;
            }
        }
    )*};
}

leaf!(AttachmentUrl, ApiActionEndpoint, GuiAction);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::domain::attachment::AttachmentUrlConsumerType;

    fn at(second: i64) -> Instant {
        Instant::from_timestamp(second, 0).expect("a valid instant")
    }

    fn url(id: u128, created: i64, url: &str) -> AttachmentUrl {
        AttachmentUrl {
            id: Uuid::from_u128(id),
            created_at: at(created),
            url: url.into(),
            media_type: None,
            consumer_type: AttachmentUrlConsumerType::Gui,
        }
    }

    fn attachment(id: u128, created: i64, urls: Vec<AttachmentUrl>) -> Attachment {
        Attachment {
            id: Uuid::from_u128(id),
            created_at: at(created),
            display_name: vec![],
            name: None,
            expires_at: None,
            urls,
        }
    }

    /// K-006: an attachment URL with a known id keeps it and takes the new address; one with a new id is added.
    #[test]
    fn children_of_known_id_go_on_and_others_are_new() {
        let stored =
            [attachment(1, 10, vec![url(11, 10, "https://a")]), attachment(2, 10, vec![url(21, 10, "https://b")])];
        let wanted = vec![
            attachment(3, 20, vec![]),
            attachment(1, 20, vec![url(12, 20, "https://d"), url(11, 20, "https://c")]),
        ];
        let expected =
            [attachment(1, 10, vec![url(11, 10, "https://c"), url(12, 20, "https://d")]), attachment(3, 20, vec![])];
        assert_eq!(attachments(&stored, wanted), expected);
    }

    #[test]
    fn putting_back_what_was_read_changes_nothing() {
        let stored = [attachment(1, 10, vec![url(11, 10, "https://a")]), attachment(2, 12, vec![])];
        let mut sent_back = stored.to_vec();
        for attachment in &mut sent_back {
            attachment.created_at = at(99);
        }
        sent_back[0].urls[0].created_at = at(99);
        assert_eq!(attachments(&stored, sent_back), stored);
    }

    /// Up to five children with ids of ten, each once, in reading order; those of `era` are older than those of the next.
    fn children(era: i64) -> impl Strategy<Value = Vec<Attachment>> {
        let urls = prop::collection::btree_map(0..10u128, (0..9i64, "[a-c]"), 0..4);
        prop::collection::btree_map(0..10u128, (0..9i64, urls), 0..5).prop_map(move |children| {
            let mut children: Vec<_> = children
                .into_iter()
                .map(|(id, (second, urls))| {
                    let mut urls: Vec<_> =
                        urls.into_iter().map(|(id, (at, text))| url(id, era * 100 + at, &text)).collect();
                    urls.sort_by_key(|url| (url.created_at, url.id));
                    attachment(id, era * 100 + second, urls)
                })
                .collect();
            children.sort_by_key(|child| (child.created_at, child.id));
            children
        })
    }

    proptest! {
        /// Who is wanted is there and nobody else; who was there keeps the time of birth, at both levels, and takes
        /// everything else from what is wanted; the order is that of births. Doing it again changes nothing.
        #[test]
        fn a_merge_is_what_was_wanted_with_the_births_of_what_was_there(stored in children(1), wanted in children(2)) {
            let merged = attachments(&stored, wanted.clone());
            let (before, asked): (HashMap<_, _>, HashMap<_, _>) = (
                stored.iter().map(|child| (child.id, child)).collect(),
                wanted.iter().map(|child| (child.id, child)).collect(),
            );
            prop_assert_eq!(merged.iter().map(|child| child.id).collect::<BTreeSet<_>>(), asked.keys().copied().collect());
            prop_assert!(merged.is_sorted_by_key(|child| (child.created_at, child.id)));
            for child in &merged {
                let (asked, before) = (asked[&child.id], before.get(&child.id));
                prop_assert_eq!(child.created_at, before.map_or(asked.created_at, |before| before.created_at));
                let old = |id| before.and_then(|before| before.urls.iter().find(|url| url.id == id));
                prop_assert!(child.urls.is_sorted_by_key(|url| (url.created_at, url.id)));
                prop_assert_eq!(child.urls.len(), asked.urls.len());
                for url in &asked.urls {
                    let found = child.urls.iter().find(|found| found.id == url.id).expect("wanted");
                    prop_assert_eq!(&found.url, &url.url);
                    prop_assert_eq!(found.created_at, old(url.id).map_or(url.created_at, |old| old.created_at));
                }
            }
            prop_assert_eq!(attachments(&merged, wanted), merged);
        }

        /// Tags that stay are where they were; the rest follows as it was given.
        #[test]
        fn tags_that_stay_lead(
            stored in prop::collection::btree_set("[a-h]", 0..6).prop_map(Vec::from_iter).prop_shuffle(),
            wanted in prop::collection::btree_set("[a-h]", 0..6).prop_map(Vec::from_iter).prop_shuffle(),
        ) {
            let merged = search_tags(&stored, &wanted);
            let kept = merged.iter().take_while(|tag| stored.contains(tag)).count();
            prop_assert!(merged[..kept].iter().eq(stored.iter().filter(|tag| wanted.contains(tag))));
            prop_assert!(merged[kept..].iter().eq(wanted.iter().filter(|tag| !stored.contains(tag))));
        }
    }
}
