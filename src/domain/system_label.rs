//! System labels: which of them exclude each other, and what adding and removing them means.

use super::{
    violations::{At, Violations},
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

const EXCLUSIVE: i16 = 0b0_0111;

impl Default for Labels {
    fn default() -> Self {
        Self(SystemLabel::Default.bit())
    }
}

impl Labels {
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
        Self(if label.is_exclusive() { self.0 & !EXCLUSIVE | label.bit() } else { self.0 | label.bit() })
    }

    #[must_use]
    pub fn without(self, label: SystemLabel) -> Self {
        let rest = self.0 & !label.bit();
        Self(if rest & EXCLUSIVE == 0 { rest | SystemLabel::Default.bit() } else { rest })
    }

    /// First all removals, then all additions, in the order given: of several exclusive ones the last wins.
    #[must_use]
    pub fn changed(self, add: &[SystemLabel], remove: &[SystemLabel]) -> Self {
        let removed = remove.iter().fold(self, |labels, label| labels.without(*label));
        add.iter().fold(removed, |labels, label| labels.with(*label))
    }

    /// What the label log says of a change: every `set` before every `remove`; `Default` is never logged.
    pub fn log_of_change(self, after: Self) -> Vec<(SystemLabel, LabelAction)> {
        let logged = |label: &SystemLabel| *label != SystemLabel::Default;
        let set = after.iter().filter(move |label| !self.contains(*label)).filter(logged);
        let removed = self.iter().filter(move |label| !after.contains(*label)).filter(logged);
        set.map(|label| (label, LabelAction::Set)).chain(removed.map(|label| (label, LabelAction::Remove))).collect()
    }
}

/// Labels that a request adds and removes, as they were given.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub add: Vec<Given<SystemLabel>>,
    pub remove: Vec<Given<SystemLabel>>,
}

impl Wanted {
    /// Nobody sets or removes Sent by hand.
    pub fn check(&self, root: At, found: &mut Violations) {
        const SENT: &str = "Cannot manually add or remove system label Sent. It is added automatically when a transmissions of \
                            type 'Submission or 'Correction' is added to the dialog.";
        for (name, labels) in [("addLabels", &self.add), ("removeLabels", &self.remove)] {
            for (i, label) in labels.iter().enumerate() {
                if *label == Given::Known(SystemLabel::Sent) {
                    found.add(root.field(name).item(i), SENT);
                }
            }
        }
    }

    /// What becomes of a dialog's labels. An undefined number changes nothing, and is not refused.
    pub fn applied_to(&self, labels: Labels) -> Labels {
        labels.changed(&known(&self.add), &known(&self.remove))
    }
}

fn known(labels: &[Given<SystemLabel>]) -> Vec<SystemLabel> {
    labels.iter().filter_map(|label| label.known()).collect()
}

wire_enum! {
    /// What happened to a label; written in lower case in the log.
    LabelAction { Set = 1, Remove = 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::system_label::SystemLabel::*;

    #[test]
    fn the_last_exclusive_label_wins() {
        let labels = Labels::default().changed(&[Bin, Archive, Default], &[]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [Default]);
        let labels = labels.changed(&[Default, Archive, Bin, Sent], &[]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [Bin, Sent]);
        assert_eq!(labels.changed(&[], &[Archive]), labels);
        assert_eq!(labels.changed(&[], &[Bin]).exclusive(), Default);
    }

    #[test]
    fn sets_are_logged_before_removals_and_default_never() {
        let archived = Labels::default().with(Archive);
        assert_eq!(Labels::default().log_of_change(archived), [(Archive, LabelAction::Set)]);
        let binned = archived.with(Bin);
        assert_eq!(archived.log_of_change(binned), [(Bin, LabelAction::Set), (Archive, LabelAction::Remove)]);
    }
}
