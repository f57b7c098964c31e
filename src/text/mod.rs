//! Free text: which words a text has, and which words somebody looks for. Pure: nothing here knows the database but for the
//! spelling of its vectors and queries, which are written out here, so that the same text has the same words on every
//! version of it.
//!
//! - [`word`] cuts a text into words and their parts.
//! - [`stem`] takes endings off, language by language.
//! - [`vector`] puts the words of a dialog's texts into vectors.
//! - [`fragment`] says which texts of a dialog those are.
//! - [`query`] reads what somebody typed.
//! - [`lexeme`] spells a word for the database.

pub mod fragment;
pub mod lexeme;
pub mod query;
pub mod stem;
pub mod vector;
pub mod word;

/// The analysis as it is now. Whoever changes what words a text has counts this up: dialogs whose words are of an older
/// analysis are read anew in the background, and stay findable by the old one until then.
pub const ANALYSIS: i16 = 1;

use self::vector::{Builder, Vector};
use crate::domain::dialog::{ActivityBody, DialogBody, TransmissionBody};

/// The vectors of a whole dialog as `dialog_text` keeps them, from part 0 on.
pub fn of_dialog<'a>(
    body: &'a DialogBody,
    transmissions: impl IntoIterator<Item = &'a TransmissionBody>,
    activities: impl IntoIterator<Item = &'a ActivityBody>,
) -> Vec<Vector> {
    let mut builder = Builder::default();
    builder.extend(fragment::own(body));
    builder.extend(transmissions.into_iter().flat_map(fragment::transmission));
    builder.extend(activities.into_iter().flat_map(fragment::activity));
    builder.whole()
}
