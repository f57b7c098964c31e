//! What counts as a change of a dialog, and which of its times move with it (chapter 01 §4.7).

use super::{
    Instant,
    dialog::{Dialog, Head},
};

/// What an update changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Something that readers should look at again: moves `contentUpdatedAt` and makes the dialog unseen.
    pub content: bool,
    /// Anything else of the aggregate: moves `updatedAt` only.
    pub other: bool,
}

impl Change {
    /// Compares by value: putting back what was read is no change. Appended items are told, not found.
    pub fn between(before: &Dialog, after: &Dialog, transmissions_appended: bool, activities_appended: bool) -> Self {
        // Which member belongs to which half is the contract's table, not a matter of taste: lists are sorted by
        // `contentUpdatedAt`.
        let content = transmissions_appended
            || before.status != after.status
            || before.extended_status != after.extended_status
            || before.body.content != after.body.content
            || before.body.attachments != after.body.attachments
            || before.body.gui_actions != after.body.gui_actions
            || before.body.api_actions != after.body.api_actions;
        let other = activities_appended
            || before.progress != after.progress
            || before.due_at != after.due_at
            || before.expires_at != after.expires_at
            || before.external_reference != after.external_reference
            || before.process != after.process
            || before.preceding_process != after.preceding_process
            || before.is_api_only != after.is_api_only
            || before.body.search_tags != after.body.search_tags
            // Can change alone: a dialog that was born with an opened transmission starts as unopened, and its first
            // PUT puts that right (§4.6).
            || before.has_unopened_content != after.has_unopened_content
            || before.is_frozen != after.is_frozen;
        Self { content, other }
    }

    pub fn any(self) -> bool {
        self.content || self.other
    }
}

impl Head {
    /// Gives the dialog a new revision and the times that go with a change (chapter 01 §4.7). Without a change nothing
    /// moves. `updatedAt` never goes back. True if readers have to look again.
    pub fn stamp(&mut self, change: Change, now: Instant, silent: bool) -> bool {
        if !change.any() {
            return false;
        }
        self.renew();
        match self.visible_from {
            // Not visible yet: it will look untouched on the day it appears, also after a silent change.
            Some(visible_from) if visible_from > now => {
                self.updated_at = visible_from;
                self.content_updated_at = visible_from;
                true
            }
            // A silent change has a new revision and nothing else: neither times nor the seen flag (§10).
            Some(_) | None if silent => false,
            Some(_) | None => {
                // A dialog may have been stored with times ahead of now: those of a `visibleFrom`, or the client's
                // clock.
                self.updated_at = self.updated_at.max(now);
                if change.content {
                    self.content_updated_at = self.content_updated_at.max(now);
                }
                change.content
            }
        }
    }
}
