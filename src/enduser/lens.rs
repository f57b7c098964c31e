//! What an end user is shown of things they may see: texts in their languages, placeholders for URLs they may not use or
//! whose time is over (chapter 02 §1.3), other people under passing names.
//!
//! Everything that any answer to an end user shows of a dialog, its children or a list's row goes through here first; views
//! only dress what comes out.

use crate::{
    domain::{
        Instant,
        actor::Actor,
        attachment::Attachment,
        content::{ContentValue, Localized},
        decision::Decision,
        dialog::{ACTIVITY_WEIGHT, Activity, Dialog, Head, TRANSMISSION_WEIGHT, Transmission},
        listed::Listed,
        masking::Masking,
        seen_log::{SeenSince, ShownEntry},
        visibility::{UNAUTHORIZED, placeholder},
    },
    http::accept_language::AcceptLanguage,
    store::{
        dialog::WholeDialog,
        search::{ListRow, page_weight},
    },
};

/// How one reader sees.
#[derive(Clone, Copy, Debug)]
pub struct Lens<'a> {
    /// The end user's own URN.
    pub reader: &'a str,
    pub languages: &'a AcceptLanguage,
    pub masking: &'a Masking,
    pub now: Instant,
}

/// A dialog with everything, prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownDialog {
    pub dialog: Dialog,
    pub transmissions: Vec<Transmission>,
    pub activities: Vec<Activity>,
    pub seen: SeenSince,
}

/// A list's row, prepared: its title and summary are those that the reader's level lets them see.
#[derive(Clone, Debug)]
pub struct ShownRow {
    pub head: Head,
    pub listed: Listed,
    pub seen: SeenSince,
    weight: usize,
}

impl ShownRow {
    /// See [`page_weight`]; in the reader's languages it may be less.
    pub fn weight_of(rows: &[Self]) -> usize {
        page_weight(rows.iter().map(|row| row.weight))
    }
}

impl ShownDialog {
    /// About how many bytes it takes as JSON.
    pub fn weight(&self) -> usize {
        self.dialog.body.weight()
            + TRANSMISSION_WEIGHT * self.transmissions.len()
            + ACTIVITY_WEIGHT * self.activities.len()
    }
}

impl Lens<'_> {
    /// The dialog with everything.
    pub fn whole(&self, whole: WholeDialog, decision: &Decision) -> ShownDialog {
        let WholeDialog { mut dialog, mut transmissions, mut activities, seen } = whole;
        self.dialog(&mut dialog, decision);
        for transmission in &mut transmissions {
            self.transmission(transmission, decision);
        }
        for activity in &mut activities {
            self.activity(activity);
        }
        // First who is the reader, then the masks: a masked id is nobody's.
        let mut seen = SeenSince::of(&seen, dialog.updated_at, dialog.content_updated_at, Some(self.reader));
        for entry in seen.iter_mut() {
            self.seen(entry);
        }
        ShownDialog { dialog, transmissions, activities, seen }
    }

    /// A list's row.
    pub fn row(&self, row: ListRow, level_suffices: bool) -> ShownRow {
        let head = row.head;
        let mut seen = SeenSince::of(&row.seen, head.updated_at, head.content_updated_at, Some(self.reader));
        for entry in seen.iter_mut() {
            self.seen(entry);
        }
        // Before the languages, so that the text that takes the other's place is pruned too.
        let mut listed = row.listed.at_level(level_suffices);
        for element in [&mut listed.title, &mut listed.summary, &mut listed.sender_name, &mut listed.extended_status] {
            self.content(element.as_mut());
        }
        if let Some(activity) = &mut listed.latest_activity {
            self.actor(&mut activity.performed_by);
            self.texts(&mut activity.description);
        }
        ShownRow { head, listed, seen, weight: row.weight }
    }

    /// An entry of the seen log.
    pub fn seen(&self, shown: &mut ShownEntry) {
        self.actor(&mut shown.entry.seen_by);
    }

    /// The dialog and its body.
    pub fn dialog(&self, dialog: &mut Dialog, decision: &Decision) {
        let body = &mut dialog.body;
        let content = &mut body.content;
        for element in [
            &mut content.title,
            &mut content.non_sensitive_title,
            &mut content.summary,
            &mut content.non_sensitive_summary,
            &mut content.sender_name,
            &mut content.additional_info,
            &mut content.extended_status,
        ] {
            self.content(element.as_mut());
        }
        // `read` on the dialog itself, not just any action: following a reference is reading.
        self.reference(content.main_content_reference.as_mut(), decision.may_read_main());
        for attachment in &mut body.attachments {
            // What a dialog itself offers is for everybody who sees the dialog.
            self.attachment(attachment, true);
        }
        for action in &mut body.gui_actions {
            self.texts(&mut action.title);
            self.texts(&mut action.prompt);
            if !decision.allows_action(&action.action, action.authorization_attribute.as_deref()) {
                UNAUTHORIZED.clone_into(&mut action.url);
            }
        }
        for action in &mut body.api_actions {
            if !decision.allows_action(&action.action, action.authorization_attribute.as_deref()) {
                for endpoint in &mut action.endpoints {
                    // The address alone: documentation and schemas stay as they are (chapter 02 §1.3).
                    UNAUTHORIZED.clone_into(&mut endpoint.url);
                }
            }
        }
    }

    /// Title and summary stay readable whatever was decided.
    pub fn transmission(&self, transmission: &mut Transmission, decision: &Decision) {
        let is_authorized = decision.allows_transmission(transmission.authorization_attribute.as_deref());
        let body = &mut transmission.body;
        self.actor(&mut body.sender);
        if let Some(content) = &mut body.content {
            self.content(Some(&mut content.title));
            self.content(content.summary.as_mut());
            self.reference(content.content_reference.as_mut(), is_authorized);
        }
        for attachment in &mut body.attachments {
            self.attachment(attachment, is_authorized);
        }
        for action in &mut body.navigational_actions {
            self.texts(&mut action.title);
            if let Some(instead) = placeholder(is_authorized, action.expires_at, self.now) {
                instead.clone_into(&mut action.url);
            }
        }
    }

    pub fn activity(&self, activity: &mut Activity) {
        self.actor(&mut activity.body.performed_by);
        self.texts(&mut activity.body.description);
    }

    pub fn actor(&self, actor: &mut Actor) {
        self.masking.mask(actor);
    }

    fn attachment(&self, attachment: &mut Attachment, is_authorized: bool) {
        self.texts(&mut attachment.display_name);
        if let Some(instead) = placeholder(is_authorized, attachment.expires_at, self.now) {
            for url in &mut attachment.urls {
                instead.clone_into(&mut url.url);
            }
        }
    }

    fn content(&self, content: Option<&mut ContentValue>) {
        if let Some(content) = content {
            self.texts(&mut content.value);
        }
    }

    /// Content whose values are URLs.
    fn reference(&self, content: Option<&mut ContentValue>, is_authorized: bool) {
        let Some(content) = content else { return };
        self.texts(&mut content.value);
        if !is_authorized {
            // In every language that is left, as each has an address of its own.
            for text in &mut content.value {
                UNAUTHORIZED.clone_into(&mut text.value);
            }
        }
    }

    fn texts(&self, texts: &mut Localized) {
        let kept = self.languages.prune(texts);
        // Mostly nothing is pruned, and then nothing is copied.
        if kept.len() < texts.len() {
            *texts = kept.to_vec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        sample::{PERSON, activity, api_action, at, attachment, full_dialog, gui_action, transmission},
        visibility::{EXPIRED, MAIN},
    };

    fn look(permitted: &[(&str, &str)], languages: &str, show: impl FnOnce(&Lens, &Decision)) {
        let pairs = permitted.iter().map(|(action, attribute)| ((*action).to_owned(), (*attribute).to_owned()));
        let lens = Lens {
            reader: PERSON,
            languages: &AcceptLanguage::parse(languages).expect("a readable header"),
            masking: &Masking::with_salt([1; 16]),
            now: at(100),
        };
        show(&lens, &Decision::permitting(pairs));
    }

    /// EG-011, EG-020
    #[test]
    fn urls_of_actions_that_are_not_permitted_are_hidden_and_nothing_else_is() {
        look(&[("write", MAIN), ("sign", "part")], "", |lens, decision| {
            let mut dialog = full_dialog();
            lens.dialog(&mut dialog, decision);
            let mut expected = full_dialog().body;
            expected.gui_actions = vec![gui_action(20, "read", None), gui_action(21, "sign", Some("part"))];
            expected.gui_actions[0].url = UNAUTHORIZED.into();
            expected.api_actions = vec![api_action(30, "read", None), api_action(32, "sign", Some("part"))];
            expected.api_actions[0].endpoints[0].url = UNAUTHORIZED.into();
            let reference = expected.content.main_content_reference.as_mut().expect("the sample has one");
            reference.value[0].value = UNAUTHORIZED.into();
            assert_eq!(dialog.body, expected);
        });
    }

    /// EG-017, EG-024
    #[test]
    fn attachments_of_dialogs_expire_for_everybody_but_need_no_permission() {
        for (permitted, expires_at, url) in [
            (&[("read", MAIN)][..], None, "https://example.com/letter"),
            (&[("read", MAIN)], Some(at(99)), EXPIRED),
            (&[], Some(at(100)), "https://example.com/letter"),
            (&[], Some(at(99)), EXPIRED),
        ] {
            look(permitted, "", |lens, decision| {
                let mut dialog = full_dialog();
                dialog.body.attachments = vec![attachment(10, expires_at)];
                lens.dialog(&mut dialog, decision);
                assert_eq!(dialog.body.attachments[0].urls[0].url, url);
                assert_eq!(dialog.body.attachments[0].expires_at, expires_at);
            });
        }
    }

    /// EG-022, EG-023, EG-024, EG-025
    #[test]
    fn a_restricted_transmission_keeps_its_title_and_loses_its_urls() {
        let plain = ["https://example.com/message", "https://example.com/letter", "https://example.com/there"];
        for (permitted, attribute, expires_at, urls) in [
            (&[("read", MAIN)][..], None, None, plain),
            (&[("read", MAIN)], None, Some(at(1)), [plain[0], EXPIRED, EXPIRED]),
            (&[("read", MAIN)], Some("part"), Some(at(1)), [UNAUTHORIZED; 3]),
            (&[("transmissionread", "part")], Some("part"), None, plain),
            (&[("read", "urn:altinn:resource:x")], Some("urn:altinn:resource:x"), None, plain),
            (&[], None, None, [UNAUTHORIZED; 3]),
        ] {
            look(permitted, "", |lens, decision| {
                let mut shown = transmission(40, attribute, expires_at);
                let title = shown.body.content.clone().expect("the sample has content").title;
                lens.transmission(&mut shown, decision);
                let content = shown.body.content.expect("content stays");
                assert_eq!(content.title, title);
                let reference = &content.content_reference.expect("the reference stays").value[0].value;
                let found =
                    [reference, &shown.body.attachments[0].urls[0].url, &shown.body.navigational_actions[0].url];
                assert_eq!(found, urls, "{permitted:?} {attribute:?} {expires_at:?}");
            });
        }
    }

    /// EG-003, EG-005
    #[test]
    fn every_text_is_reduced_to_the_readers_language() {
        look(&[("read", MAIN)], "sv", |lens, decision| {
            let (mut dialog, mut message, mut entry) = (full_dialog(), transmission(40, None, None), activity(50));
            lens.dialog(&mut dialog, decision);
            lens.transmission(&mut message, decision);
            lens.activity(&mut entry);
            let shown = serde_json::to_string(&(&dialog.body, &message.body, &entry.body)).expect("bodies are JSON");
            assert!(shown.contains(r#""l":"nb""#) && !shown.contains(r#""l":"en""#), "{shown}");
        });
    }

    /// EG-015
    #[test]
    fn persons_are_shown_under_passing_names() {
        look(&[], "", |lens, decision| {
            let (mut message, mut entry) = (transmission(40, None, None), activity(50));
            lens.transmission(&mut message, decision);
            lens.activity(&mut entry);
            for actor in [message.body.sender, entry.body.performed_by] {
                let id = actor.actor_id.expect("the id stays");
                assert!(id.starts_with("urn:altinn:person:identifier-ephemeral:") && !id.contains("08844397713"));
            }
        });
    }
}
