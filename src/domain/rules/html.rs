//! The little HTML that old clients may send in `additionalInfo`.

use std::cell::Cell;

use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::{code::Code, uri};
use crate::domain::violations::Fault;

const TAGS: [&str; 14] =
    ["p", "a", "br", "em", "strong", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th"];

const UNSUPPORTED: &str = "Value contains unsupported HTML. The following tags are supported: \
    [<p>,<a>,<br>,<em>,<strong>,<ul>,<ol>,<li>,<table>,<thead>,<tbody>,<tr>,<td>,<th>]. Tag attributes are not supported \
    except for on '<a>' which must contain a 'href' starting with 'https://'.";

/// The fault of a text that is not supported.
pub fn unsupported() -> Fault {
    Code::HtmlUnsupported
        .says(UNSUPPORTED)
        .hint("Take out every other element and attribute, or escape `<` as `&lt;` where it is meant as text.")
        .allowed(TAGS)
}

/// Every element is a known one; only links have an attribute, and exactly one: an https address. Text and comments are
/// not looked at.
///
/// What the tokenizer drops is in the stored text all the same, and another page may make something of it: a second
/// attribute of one name, attributes of an end tag, a tag or a comment that goes on behind the end of the text.
pub fn is_supported(value: &str) -> bool {
    let queue = BufferQueue::default();
    queue.push_back(value.into());
    queue.push_back(BEHIND.to_string().into());
    let sink = Elements { supported: Cell::new(true), ends_as_text: Cell::new(false) };
    // Tokens only, no tree: a tree builder mends what it reads, and what it mended would not be what is stored.
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    // The sink always says "go on", so one call reads all.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    tokenizer.sink.supported.get() && tokenizer.sink.ends_as_text.get()
}

/// Stands for what comes behind the value in a page: text, unless the value leaves something open.
// Any letter that is not markup would do.
const BEHIND: char = '\u{b7}';

struct Elements {
    supported: Cell<bool>,
    ends_as_text: Cell<bool>,
}

impl TokenSink for Elements {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let supported = match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => is_supported_element(&tag),
            Token::TagToken(tag) => tag.attrs.is_empty(),
            Token::ParseError(fault) => fault != "Duplicate attribute",
            Token::CharacterTokens(text) => {
                self.ends_as_text.set(text.ends_with(BEHIND));
                true
            }
            Token::CommentToken(_) => {
                self.ends_as_text.set(false);
                true
            }
            Token::DoctypeToken(_) | Token::NullCharacterToken | Token::EOFToken => true,
        };
        if !supported {
            self.supported.set(false);
        }
        TokenSinkResult::Continue
    }
}

fn is_supported_element(tag: &Tag) -> bool {
    if &*tag.name == "a" {
        // Exactly one: a link without an address is refused as well (§2.8).
        let [attribute] = tag.attrs.as_slice() else { return false };
        &*attribute.name.local == "href" && uri::is_https(&attribute.value)
    } else {
        tag.attrs.is_empty() && TAGS.contains(&&*tag.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-006
    #[test]
    fn few_elements_and_one_attribute() {
        for good in [
            "plain & text",
            "<p>a<br/>b</p><ul><li>c</li></ul>",
            "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
            "<A HREF='HTTPS://example.com'>x</A>",
            "<!-- a comment --> 1 < 2",
        ] {
            assert!(is_supported(good), "{good}");
        }
        for bad in [
            "<script>alert(1)</script>",
            "<iframe src='https://a.no'></iframe>",
            "<img src=x>",
            "<div>a</div>",
            "<p><span>a</span></p>",
            "<p class='x'>a</p>",
            "<a>x</a>",
            "<a href='http://a.no'>x</a>",
            "<a href='https://a.no' target='_blank'>x</a>",
            "<a href='javascript:alert(1)'>x</a>",
            "<p/onclick=alert(1)>",
            // M-08: what the tokenizer mends or drops.
            "<a href='https:///x'>x</a>",
            "<a href='https://.no/x'>x</a>",
            "<a href=' https://a.no'>x</a>",
            "<a href='https://a.no' href='javascript:alert(1)'>x</a>",
            "<p>a</p onclick=alert(1)>",
            "a <img src=x onerror=alert(1) ",
            "a <a href='https://a.no",
            "a <!-- the rest of the page",
            "a <? the rest of the page",
        ] {
            assert!(!is_supported(bad), "{bad}");
        }
    }
}
