//! System labels: which of them exclude each other, and what adding and removing them means.

use super::{
    Instant,
    actor::Actor,
    rules,
    violations::{At, Code, Violations},
    wire_enum::{Given, WireEnum, wire_enum},
};

wire_enum! {
    /// What an end user may mark a dialog with. `Sent` is set by the system only.
    SystemLabel { Default = 1, Bin = 2, Archive = 3, MarkedAsUnopened = 4, Sent = 5 }
}

impl SystemLabel {
    /// The label's bit in the mask: 1, 2, 4, 8, 16.
    pub fn bit(self) -> i16 {
        1 << (self.id() - 1)
    }

    fn is_exclusive(self) -> bool {
        matches!(self, Self::Default | Self::Bin | Self::Archive)
    }
}

/// The labels of one dialog: exactly one of Default, Bin and Archive, and any of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels(i16);

impl Default for Labels {
    fn default() -> Self {
        Self(SystemLabel::Default.bit())
    }
}

impl Labels {
    /// The bits of Default, Bin and Archive.
    pub const EXCLUSIVE: i16 = 0b0_0111;

    /// From a stored mask.
    pub fn from_mask(mask: i16) -> Self {
        Self(mask)
    }

    pub fn mask(self) -> i16 {
        self.0
    }

    pub fn contains(self, label: SystemLabel) -> bool {
        self.0 & label.bit() != 0
    }

    /// In ascending order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = SystemLabel> {
        SystemLabel::VALUES.iter().map(|(label, ..)| *label).filter(move |label| self.contains(*label))
    }

    /// Whichever of Default, Bin and Archive is set.
    pub fn exclusive(self) -> SystemLabel {
        self.iter().find(|label| label.is_exclusive()).unwrap_or(SystemLabel::Default)
    }

    #[must_use]
    pub fn with(self, label: SystemLabel) -> Self {
        Self(if label.is_exclusive() { self.0 & !Self::EXCLUSIVE | label.bit() } else { self.0 | label.bit() })
    }

    #[must_use]
    pub fn without(self, label: SystemLabel) -> Self {
        let rest = self.0 & !label.bit();
        Self(if rest & Self::EXCLUSIVE == 0 { rest | SystemLabel::Default.bit() } else { rest })
    }
}

/// Labels that a request adds and removes, as they were given.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub add: Vec<Given<SystemLabel>>,
    pub remove: Vec<Given<SystemLabel>>,
}

impl Wanted {
    /// Nobody sets or removes Sent by hand, or a label that there is none of: the reference takes such numbers and does
    /// nothing.
    pub fn check(&self, root: At, found: &mut Violations) {
        // The contract's words, with its quotes and its grammar.
        const SENT: &str = "Cannot manually add or remove system label Sent. It is added automatically when a transmissions of \
                            type 'Submission or 'Correction' is added to the dialog.";
        for (name, labels) in [("addLabels", &self.add), ("removeLabels", &self.remove)] {
            let list = root.field(name);
            for (i, label) in labels.iter().enumerate() {
                rules::defined(*label, list.item(i), found);
                if *label == Given::Known(SystemLabel::Sent) {
                    let hint = "Leave Sent out: a transmission of type Submission or Correction brings it.";
                    found.add(list.item(i), Code::SystemLabelSent.says(SENT).hint(hint));
                }
            }
        }
    }

    /// What changes, once the rules have found nothing.
    pub fn edit(&self) -> LabelEdit {
        LabelEdit::new(&known(&self.add), &known(&self.remove))
    }
}

fn known(labels: &[Given<SystemLabel>]) -> Vec<SystemLabel> {
    labels.iter().filter_map(|label| label.known()).collect()
}

/// What a request changes: first all removals, then all additions in the order given, so that of several exclusive ones the
/// last wins. Kept as masks, because the store applies it to the labels as they are when they are locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelEdit {
    /// Bits that go.
    pub removed: i16,
    /// The exclusive bit that is set in the end; zero for none.
    pub exclusive: i16,
    /// Other bits that are set.
    pub added: i16,
}

impl LabelEdit {
    pub fn new(add: &[SystemLabel], remove: &[SystemLabel]) -> Self {
        let mask = |labels: &mut dyn Iterator<Item = &SystemLabel>| labels.fold(0, |mask, label| mask | label.bit());
        Self {
            removed: mask(&mut remove.iter()),
            // The last one wins.
            exclusive: add.iter().rev().find(|label| label.is_exclusive()).map_or(0, |label| label.bit()),
            added: mask(&mut add.iter().filter(|label| !label.is_exclusive())),
        }
    }

    /// The labels after it. The store does the same.
    #[must_use]
    pub fn of(self, labels: Labels) -> Labels {
        let rest = labels.0 & !self.removed;
        // The store has the same in SQL (`parts`), since there it is applied to the labels as they are under the lock.
        let exclusive = match (self.exclusive, rest & Labels::EXCLUSIVE) {
            (0, 0) => SystemLabel::Default.bit(),
            (0, kept) => kept,
            (set, _) => set,
        };
        Labels(rest & !Labels::EXCLUSIVE | exclusive | self.added)
    }
}

/// An entry of a dialog's label log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEntry {
    pub created_at: Instant,
    pub label: SystemLabel,
    pub action: LabelAction,
    pub performed_by: Actor,
}

wire_enum! {
    /// What happened to a label; written in lower case in the log.
    LabelAction { Set = 1, Remove = 2 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::system_label::SystemLabel::*;

    #[test]
    fn the_last_exclusive_label_wins() {
        let change = |labels, add: &[SystemLabel], remove: &[SystemLabel]| LabelEdit::new(add, remove).of(labels);
        let labels = change(Labels::default(), &[Bin, Archive, Default], &[]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [Default]);
        let labels = change(labels, &[Default, Archive, Bin, Sent], &[]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [Bin, Sent]);
        assert_eq!(change(labels, &[], &[Archive]), labels);
        assert_eq!(change(labels, &[], &[Bin]).exclusive(), Default);
    }

    proptest! {
        /// Masks say the same as one removal and one addition after the other, and one exclusive label is always left.
        #[test]
        fn an_edit_is_its_steps(
            before in 0..4usize,
            exclusive in prop::sample::select(vec![Default, Bin, Archive]),
            add in prop::collection::vec(prop::sample::select(vec![Default, Bin, Archive, MarkedAsUnopened, Sent]), 0..6),
            remove in prop::collection::vec(prop::sample::select(vec![Default, Bin, Archive, MarkedAsUnopened, Sent]), 0..6),
        ) {
            let mut labels = Labels::default().with(exclusive);
            for (bit, label) in [MarkedAsUnopened, Sent].into_iter().enumerate() {
                if before & (1 << bit) != 0 {
                    labels = labels.with(label);
                }
            }
            let removed = remove.iter().fold(labels, |labels, label| labels.without(*label));
            let stepwise = add.iter().fold(removed, |labels, label| labels.with(*label));
            let edited = LabelEdit::new(&add, &remove).of(labels);
            prop_assert_eq!(edited, stepwise);
            prop_assert_eq!((edited.mask() & Labels::EXCLUSIVE).count_ones(), 1);
        }
    }
}
