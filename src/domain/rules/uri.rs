//! URIs as the contract understands them, and what looks like one: authorization attributes and service resources.

use super::{At, Violations, code::Code, name_of, text};
use crate::domain::{limits, violations::Fault};

/// Well-formed, absolute or relative; the empty string is a relative reference.
pub fn is_well_formed(value: &str) -> bool {
    iri_string::types::IriReferenceStr::new(value).is_ok()
}

/// Absolute, with scheme https.
pub fn is_https(value: &str) -> bool {
    let value = value.trim();
    value.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) && url::Url::parse(value).is_ok()
}

/// A member that is text and has to be a URI, with its length.
pub fn well_formed_text(value: Option<&str>, at: At, found: &mut Violations) {
    if value.is_some_and(|value| !is_well_formed(value)) {
        found.add(at, malformed(format!("'{}' is not a well-formatted URI.", name_of(at))));
    }
    text::max_length(value, limits::URI, at, found);
}

fn malformed(text: String) -> Fault {
    Code::UriMalformed
        .says(text)
        .hint("Write a URI as RFC 3986 has it: no blanks, and no other characters that must be percent-encoded.")
}

/// A member that is a URI, of any scheme or relative.
pub fn well_formed(value: Option<&str>, at: At, found: &mut Violations) {
    if value.is_some_and(|value| !is_well_formed(value)) {
        found.add(at, malformed(format!("'{}' is not a well formatted URI.", name_of(at))));
    }
}

/// A member that is a URI, of any scheme or relative, with its length.
pub fn uri(value: Option<&str>, at: At, found: &mut Violations) {
    well_formed(value, at, found);
    text::max_length(value, limits::URI, at, found);
}

pub fn https(value: Option<&str>, at: At, found: &mut Violations) {
    if value.is_some_and(|value| !is_https(value)) {
        let text = format!("'{}' is not a well-formatted HTTPS URL.", name_of(at));
        found.add(
            at,
            Code::HttpsRequired
                .says(text)
                .hint("Write an absolute address with scheme https and a host, such as https://example.com/path."),
        );
    }
}

/// A mandatory https URL with its length.
pub fn https_url(value: Option<&str>, at: At, found: &mut Violations) {
    text::present(value.is_some(), at, found);
    https(value, at, found);
    text::max_length(value, limits::URI, at, found);
}

/// What a service resource's URN starts with.
pub const RESOURCE_PREFIX: &str = "urn:altinn:resource:";

/// A new dialog's service resource.
pub fn service_resource(value: Option<&str>, at: At, found: &mut Violations) {
    text::present(value.is_some(), at, found);
    well_formed_text(value, at, found);
    if !value.is_some_and(|value| value.starts_with(RESOURCE_PREFIX)) {
        let text = format!("'{}' must start with '{RESOURCE_PREFIX}'.", name_of(at));
        found.add(
            at,
            Code::ResourcePrefixMissing.says(text).hint(
                "Write urn:altinn:resource: and the resource's identifier in the Resource Registry, in lower case.",
            ),
        );
    }
}

/// What an action or a transmission is authorized by: a name, or a URN of a type and a name.
pub fn authorization_attribute(value: Option<&str>, at: At, found: &mut Violations) {
    text::max_length(value, limits::DEFAULT_STRING, at, found);
    if value.is_some_and(|value| !is_authorization_attribute(value)) {
        let text = format!(
            "'{}' must be on format 'urn:altinn:{{resourcetype}}:{{resourcename}}' or {{resourcename}} with valid names \
             (letters, digits, '-' or '_', starting with a letter).",
            name_of(at)
        );
        found.add(at, Code::AttributeMalformed.says(text).hint(
            "Write a name such as element1 (a part of the dialog's own resource), or a URN such as urn:altinn:resource:name.",
        ));
    }
}

fn is_authorization_attribute(value: &str) -> bool {
    const URN: &str = "urn:altinn:";
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match value.get(..URN.len()).filter(|start| start.eq_ignore_ascii_case(URN)) {
        Some(_) => value[URN.len()..].split_once(':').is_some_and(|(kind, name)| is_name(kind) && is_name(name)),
        None => is_name(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::texts, *};

    /// V-012, Y-017
    #[test]
    fn well_formed_uris() {
        for good in ["", "urn:a:b", "relative/path", "https://example.com/a?b=c#d", "mailto:a@b.no", "/a", "a_b", "%20"]
        {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["inval|d", "http://example.com/%zz", "a b", "https://exa mple.com", "<a>", "a\\b", "a^b"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn https_urls() {
        for good in ["https://example.com", "HTTPS://example.com/a b", "https://æøå.no/", "https://localhost:8080/x?y"]
        {
            assert!(is_https(good), "{good}");
        }
        for bad in
            ["http://example.com", "https:example.com", "https://", "example.com", "", "ftp://a.no", "https://[x"]
        {
            assert!(!is_https(bad), "{bad}");
        }
        assert_eq!(texts(|at, found| https_url(None, at, found)), ["'Value' must not be empty."]);
    }

    /// V-001, V-002
    #[test]
    fn authorization_attributes() {
        for good in
            ["element1", "this_is_valid", "this-is-valid", "urn:altinn:this:is--valid__", "URN:ALTINN:Task:Task_1"]
        {
            assert!(is_authorization_attribute(good), "{good}");
        }
        let bad =
            ["urn:dialogporten:invalid:uri", "this:is:invalid", "this.is.invalid", "", " ", "urn:altinn:x", "1a", "é"];
        for bad in bad {
            assert!(!is_authorization_attribute(bad), "{bad}");
        }
    }

    #[test]
    fn a_missing_service_resource_is_two_faults() {
        let texts = texts(|at, found| service_resource(None, at, found));
        assert_eq!(texts, ["'Value' must not be empty.", "'Value' must start with 'urn:altinn:resource:'."]);
    }
}
