//! Which texts of a dialog are searched, and who finds it by them (chapter 04 §2.2, with decision 17 of §12).

use super::vector::{Fragment, Weight};
use crate::domain::{
    attachment::Attachment,
    content::{ContentValue, Localization},
    dialog::{ActivityBody, DialogBody, TransmissionBody},
    rules::content::PLAIN,
};

/// The texts of the dialog itself.
pub fn own(body: &DialogBody) -> impl Iterator<Item = Fragment<'_>> {
    let content = &body.content;
    let open = [&content.non_sensitive_title, &content.non_sensitive_summary, &content.sender_name];
    let closed = [&content.title, &content.summary, &content.additional_info, &content.extended_status];
    let tag = |tag| Fragment { text: tag, language: None, weight: Weight::NonSensitive };
    weighted(open.into_iter().flatten().flat_map(plain), Weight::NonSensitive)
        .chain(body.search_tags.iter().map(move |text| tag(text.as_str())))
        .chain(weighted(closed.into_iter().flatten().flat_map(plain), Weight::Own))
        .chain(weighted(names(&body.attachments), Weight::Own))
}

/// The texts of a transmission.
pub fn transmission(body: &TransmissionBody) -> impl Iterator<Item = Fragment<'_>> {
    let content = body.content.iter();
    let contents = content.flat_map(|content| plain(&content.title).chain(content.summary.iter().flat_map(plain)));
    weighted(contents.chain(names(&body.attachments)), Weight::Appended)
}

/// The texts of an activity.
pub fn activity(body: &ActivityBody) -> impl Iterator<Item = Fragment<'_>> {
    weighted(&body.description, Weight::Appended)
}

/// Markup is not searched.
fn plain(content: &ContentValue) -> impl Iterator<Item = &Localization> {
    content.value.iter().filter(|_| content.media_type == PLAIN)
}

fn names(attachments: &[Attachment]) -> impl Iterator<Item = &Localization> {
    attachments.iter().flat_map(|attachment| &attachment.display_name)
}

fn weighted<'a>(
    texts: impl IntoIterator<Item = &'a Localization>,
    weight: Weight,
) -> impl Iterator<Item = Fragment<'a>> {
    let fragment =
        move |text: &'a Localization| Fragment { text: &text.value, language: Some(&text.language_code), weight };
    texts.into_iter().map(fragment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn told<'a>(fragments: impl Iterator<Item = Fragment<'a>>) -> String {
        let tell = |f: Fragment| format!("{:?} {} {}", f.weight, f.language.unwrap_or("-"), f.text);
        fragments.map(tell).collect::<Vec<_>>().join("\n")
    }

    /// F-001, F-002, S-007, S-008, S-009.
    #[test]
    fn these_texts_are_searched() {
        let mut dialog = sample::full_dialog();
        if let Some(info) = &mut dialog.body.content.additional_info {
            info.media_type = PLAIN.into();
        }
        let plain = told(own(&dialog.body));
        dialog.body.content.additional_info.as_mut().expect("the sample has one").media_type = "text/markdown".into();
        let markup = told(own(&dialog.body));
        assert!(plain.contains("More (nb)") && !markup.contains("More"), "{markup}");
        let sent = told(transmission(&sample::transmission(1, None, None).body));
        let all =
            format!("{plain}\n-- transmission\n{sent}\n-- activity\n{}", told(activity(&sample::activity(1).body)));
        insta::assert_snapshot!(all);
    }
}
