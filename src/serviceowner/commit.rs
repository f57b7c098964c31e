//! The end of a write to a stored dialog: what an operation prepared is saved and answered, or the client is told why not.
//! (Appending operations begin again instead when somebody was faster: see `turns`.)
//!
//! Up to here nothing is stored, so a write can be judged to its end and then not be made: that is one decision, here.

use crate::{
    app::App,
    domain::{dialog::Dialog, event::DomainEvent, refusal::Refusal},
    http::if_match::IfMatch,
    serviceowner::standing,
    store::dialog::{
        change::DialogChange,
        correct::{Correction, Retiming},
        purge,
    },
};

/// What is about to be stored.
pub enum Write<'a> {
    Change(DialogChange<'a>),
    Correction(Correction<'a>),
    Retiming(Retiming<'a>),
    Purge { dialog: &'a Dialog, events: &'a [DomainEvent] },
}

/// A write that was judged and is ready.
#[must_use = "nothing is stored before `commit`"]
pub struct Prepared<'a, A> {
    pub write: Write<'a>,
    /// The revision that the client builds on, if it said one.
    pub expected: IfMatch,
    /// What the client hears if all goes well.
    pub answer: A,
}

impl<A> Prepared<'_, A> {
    /// Saves it all or nothing.
    ///
    /// # Errors
    /// 412 or 409 if somebody else changed the dialog since it was read: 412 if the client said what it builds on. 422 and 409
    /// for constraints that do not hold.
    pub async fn commit(self, app: &App) -> Result<A, Refusal> {
        // False means that no row still had the revision that was read: nothing was written at all.
        let is_saved = match self.write {
            Write::Change(change) => change.save(&app.db).await?.is_some(),
            Write::Correction(correction) => correction.save(&app.db).await?,
            Write::Retiming(retiming) => retiming.save(&app.db).await?,
            Write::Purge { dialog, events } => {
                purge::purge(&app.db, dialog.id, &dialog.party, dialog.revision, events).await?
            }
        };
        if !is_saved {
            return Err(standing::too_late(self.expected));
        }
        // After the commit: whoever is woken looks at once and must find it.
        app.signal.written();
        Ok(self.answer)
    }
}
