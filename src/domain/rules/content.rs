//! Content: which media types an element takes, how long its texts may be, and which retired names are rewritten.

use super::{
    At, RuleContext, Violations,
    code::Code,
    html,
    localized::{GivenText, localized},
    text, uri,
};
use crate::domain::limits;

pub const PLAIN: &str = "text/plain";
const MARKDOWN: &str = "text/markdown";
const HTML: &str = "text/html";
const EMBED_MARKDOWN: &str = "application/vnd.dialogporten.frontchannelembed-url;type=text/markdown";
const EMBED_HTML: &str = "application/vnd.dialogporten.frontchannelembed-url;type=text/html";
// Retired, still taken, and rewritten before storing, so that no reader ever meets them (V-010).
const OLD_EMBED_MARKDOWN: &str = "application/vnd.dialogporten.frontchannelembed+json;type=markdown";
const OLD_EMBED_HTML: &str = "application/vnd.dialogporten.frontchannelembed+json;type=html";
/// What every media type of embedded content starts with, in any letter case.
const EMBEDDABLE: &str = "application/vnd.dialogporten.frontchannelembed";

/// What is stored for a media type: retired names become their successors.
pub fn stored_media_type(given: String) -> String {
    match given.as_str() {
        OLD_EMBED_MARKDOWN => EMBED_MARKDOWN.to_owned(),
        OLD_EMBED_HTML => EMBED_HTML.to_owned(),
        _ => given,
    }
}

/// The value is the address of content shown elsewhere, not the content itself.
pub fn is_embedded(media_type: &str) -> bool {
    // Any letter case here, exact comparison for what is allowed (§1.2): one in capitals is refused, and its address
    // judged.
    media_type.get(..EMBEDDABLE.len()).is_some_and(|start| start.eq_ignore_ascii_case(EMBEDDABLE))
}

/// An element of content.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// As messages write it.
    pub name: &'static str,
    texts: Texts,
    media: Media,
}

#[derive(Clone, Copy, Debug)]
enum Texts {
    /// 255, or 512 for correspondence.
    Short,
    UpTo(usize),
}

#[derive(Clone, Copy, Debug)]
enum Media {
    Plain,
    /// Plain, Markdown, and HTML for those who may.
    Formatted,
    /// The address of Markdown, and of HTML for those who may.
    Reference,
}

impl Element {
    pub const TITLE: Self = Self::plain("Title", Texts::Short);
    pub const NON_SENSITIVE_TITLE: Self = Self::plain("NonSensitiveTitle", Texts::Short);
    pub const SUMMARY: Self = Self::plain("Summary", Texts::Short);
    pub const NON_SENSITIVE_SUMMARY: Self = Self::plain("NonSensitiveSummary", Texts::Short);
    pub const SENDER_NAME: Self = Self::plain("SenderName", Texts::Short);
    pub const ADDITIONAL_INFO: Self =
        Self { name: "AdditionalInfo", texts: Texts::UpTo(limits::LONG_CONTENT), media: Media::Formatted };
    pub const EXTENDED_STATUS: Self = Self::plain("ExtendedStatus", Texts::UpTo(limits::EXTENDED_STATUS_CONTENT));
    pub const MAIN_CONTENT_REFERENCE: Self =
        Self { name: "MainContentReference", texts: Texts::UpTo(limits::LONG_CONTENT), media: Media::Reference };
    pub const CONTENT_REFERENCE: Self =
        Self { name: "ContentReference", texts: Texts::UpTo(limits::LONG_CONTENT), media: Media::Reference };

    const fn plain(name: &'static str, texts: Texts) -> Self {
        Self { name, texts, media: Media::Plain }
    }

    fn limit(self, context: &RuleContext) -> usize {
        match self.texts {
            // The scope alone decides, whatever the type of the resource (§1.2, note 2).
            Texts::Short if context.correspondence => limits::CORRESPONDENCE_CONTENT,
            Texts::Short => limits::DEFAULT_STRING,
            Texts::UpTo(limit) => limit,
        }
    }

    /// The media types that messages name, then the retired ones that are taken besides.
    fn media_types(self, context: &RuleContext) -> (&'static [&'static str], &'static [&'static str]) {
        match (self.media, context.legacy_html) {
            (Media::Plain, _) => (&[PLAIN], &[]),
            (Media::Formatted, false) => (&[PLAIN, MARKDOWN], &[]),
            (Media::Formatted, true) => (&[PLAIN, MARKDOWN, HTML], &[]),
            (Media::Reference, false) => (&[EMBED_MARKDOWN], &[OLD_EMBED_MARKDOWN]),
            (Media::Reference, true) => (&[EMBED_MARKDOWN, EMBED_HTML], &[OLD_EMBED_MARKDOWN, OLD_EMBED_HTML]),
        }
    }
}

/// One element. `at` is the path of the whole content object: faults do not name the element they are in.
pub fn element<'v>(
    element: Element,
    media_type: &str,
    texts: impl Iterator<Item = GivenText<'v>> + Clone,
    context: &RuleContext,
    at: At,
    found: &mut Violations,
) {
    let (allowed, retired) = element.media_types(context);
    // Both faults for a blank one, as the reference reports both.
    text::not_blank(Some(media_type), at.field("mediaType"), found);
    if !allowed.contains(&media_type) && !retired.contains(&media_type) {
        let text = format!(
            "MediaType '{media_type}' is not allowed for content type {}. Allowed media types are '{}'",
            element.name,
            allowed.join("', '")
        );
        let fault = Code::MediaTypeNotAllowed.says(text).allowed(allowed.iter().copied());
        found.add(at.field("mediaType"), fault.hint(media_type_hint(media_type, context)));
    }
    let value = at.field("value");
    if is_embedded(media_type) {
        for (i, item) in texts.clone().enumerate() {
            uri::https(Some(item.value), value.item(i).field("value"), found);
        }
    }
    text::present(texts.clone().next().is_some(), value, found);
    localized(texts.clone(), element.limit(context), value, found);
    // Plain text and Markdown are not scanned for HTML, as the contract has it (§2.8).
    if media_type == HTML {
        for (i, _) in texts.enumerate().filter(|(_, item)| !html::is_supported(item.value)) {
            found.add(value.item(i), html::unsupported());
        }
    }
}

fn media_type_hint(media_type: &str, context: &RuleContext) -> &'static str {
    let is_html = [HTML, EMBED_HTML, OLD_EMBED_HTML].contains(&media_type);
    if is_html && !context.legacy_html {
        "HTML needs the scope digdir:dialogporten.serviceprovider.legacyhtml; write Markdown instead."
    } else {
        "Write one of the media types in `allowed`, or leave `mediaType` out for plain text."
    }
}

/// The title that every content object must have; its absence is reported on the object.
pub fn has_title(is_present: bool, at: At, found: &mut Violations) {
    if !is_present {
        found.add(at, Code::TitleMissing.says("Title must not be empty.").hint(
            "Add `title`: {\"value\": [{\"value\": \"…\", \"languageCode\": \"nb\"}]}; only content that is left out altogether \
             needs none, and only with `isApiOnly`.",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{context, lines},
        *,
    };

    fn faults(which: Element, media_type: &str, value: &str, context: &RuleContext) -> Vec<String> {
        let texts = [GivenText { language_code: "nb", value }];
        lines(|at, found| element(which, media_type, texts.into_iter(), context, at.field("content"), found))
    }

    fn with(correspondence: bool, legacy_html: bool) -> RuleContext {
        RuleContext { correspondence, legacy_html, ..context() }
    }

    /// V-003, V-004, V-013
    #[test]
    fn lengths() {
        for (which, media, correspondence, limit) in [
            (Element::TITLE, PLAIN, false, 255),
            (Element::NON_SENSITIVE_SUMMARY, PLAIN, false, 255),
            (Element::SENDER_NAME, PLAIN, true, 512),
            (Element::ADDITIONAL_INFO, MARKDOWN, true, 1023),
            (Element::EXTENDED_STATUS, PLAIN, true, 25),
        ] {
            let context = with(correspondence, false);
            assert!(faults(which, media, &"a".repeat(limit), &context).is_empty(), "{}", which.name);
            assert_eq!(
                faults(which, media, &"a".repeat(limit + 1), &context),
                [format!(
                    "dto.content.value[0].value: The length of 'Value' must be {limit} characters or fewer. You entered {} characters.",
                    limit + 1
                )]
            );
        }
    }

    /// V-005, V-007, V-008, V-010
    #[test]
    fn media_types_by_element_and_scope() {
        let url = "https://example.com";
        let ok = |which, media, value, html| faults(which, media, value, &with(false, html)).is_empty();
        assert!(ok(Element::ADDITIONAL_INFO, HTML, "<p>a</p>", true));
        assert!(!ok(Element::ADDITIONAL_INFO, HTML, "<p>a</p>", false));
        assert!(!ok(Element::ADDITIONAL_INFO, HTML, "<div>a</div>", true));
        assert!(!ok(Element::TITLE, HTML, "a", true));
        assert!(!ok(Element::SUMMARY, EMBED_HTML, url, true));
        assert!(ok(Element::CONTENT_REFERENCE, EMBED_MARKDOWN, url, false));
        assert!(ok(Element::CONTENT_REFERENCE, OLD_EMBED_MARKDOWN, url, false));
        assert!(!ok(Element::MAIN_CONTENT_REFERENCE, EMBED_HTML, url, false));
        assert!(ok(Element::MAIN_CONTENT_REFERENCE, EMBED_HTML, url, true));
        assert!(ok(Element::MAIN_CONTENT_REFERENCE, OLD_EMBED_HTML, url, true));
        assert_eq!(stored_media_type(OLD_EMBED_HTML.into()), EMBED_HTML);
        assert_eq!(
            faults(Element::CONTENT_REFERENCE, PLAIN, "x", &with(false, true)),
            [format!(
                "dto.content.mediaType: MediaType 'text/plain' is not allowed for content type ContentReference. Allowed \
                 media types are '{EMBED_MARKDOWN}', '{EMBED_HTML}'"
            )]
        );
    }

    /// V-009
    #[test]
    fn embedded_content_has_an_https_address() {
        assert_eq!(
            faults(Element::CONTENT_REFERENCE, EMBED_MARKDOWN, "http://example.com", &context()),
            ["dto.content.value[0].value: 'Value' is not a well-formatted HTTPS URL."]
        );
    }
}
