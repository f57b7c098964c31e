//! Whether a dialog has something that its party has not opened (chapter 01 §4.6).

/// The registry's type, in lower case, of resources whose dialogs are letters.
pub const CORRESPONDENCE: &str = "correspondenceservice";

/// `unopened_transmission`: some transmission that is not from the party has no TransmissionOpened activity.
/// `correspondence_opened`: there is a CorrespondenceOpened activity.
pub fn has_unopened_content(unopened_transmission: bool, resource_type: &str, correspondence_opened: bool) -> bool {
    unopened_transmission || resource_type == CORRESPONDENCE && !correspondence_opened
}
