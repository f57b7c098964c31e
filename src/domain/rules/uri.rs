//! URIs as the contract understands them, and what looks like one: authorization attributes and service resources.

use std::net::{Ipv4Addr, Ipv6Addr};

use iri_string::{
    components::AuthorityComponents,
    types::{IriReferenceStr, IriStr},
};

use super::{At, Violations, code::Code, name_of, text};
use crate::domain::{limits, violations::Fault};

/// Well-formed, absolute or relative; the empty string is a relative reference. Addresses on the web name a host that could
/// exist.
pub fn is_well_formed(value: &str) -> bool {
    let Ok(reference) = IriReferenceStr::new(value) else { return false };
    // Other schemes have authorities of their own forms, which are not ours to judge. A relative reference with an
    // authority (`//host/path`) is read as an address on the web.
    let on_the_web = reference.scheme_str().is_none_or(is_web);
    !on_the_web || reference.authority_components().is_none_or(|authority| names_host(&authority))
}

/// Absolute, with scheme https and a host that could exist: an address as it stands, not one that some reader would mend.
pub fn is_https(value: &str) -> bool {
    let Ok(address) = IriStr::new(value) else { return false };
    address.scheme_str().eq_ignore_ascii_case("https")
        && address.authority_components().is_some_and(|authority| names_host(&authority))
}

fn is_web(scheme: &str) -> bool {
    ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme))
}

/// A host name, an IPv4 address in its usual form or an IPv6 address, and a port that exists. Parsers for browsers mend hosts
/// (they drop, fold, decode and renumber); here a host that needs mending is none.
fn names_host(authority: &AuthorityComponents<'_>) -> bool {
    // An empty port (`https://host:/`) is allowed by RFC 3986 and means the default.
    let port = authority.port().is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    port && is_host(authority.host())
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    // The dot of the root may be written.
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    // What ends like a number is one, or an address that readers take for different things.
    if last.starts_with(|c: char| c.is_ascii_digit()) && (last.bytes().all(|b| b.is_ascii_digit()) || is_hex(last)) {
        return name.parse::<Ipv4Addr>().is_ok();
    }
    if !name.split('.').all(is_label) {
        return false;
    }
    match url::Host::parse(name) {
        Ok(url::Host::Domain(ascii)) => {
            // In other alphabets too, nothing but the letters' case may have to be changed.
            // The limits of DNS for a name and for a label.
            ascii.len() <= 253
                && ascii.split('.').all(|label| label.len() <= 63)
                && (name.is_ascii() || url::quirks::domain_to_unicode(&ascii) == name.to_lowercase())
        }
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => false,
    }
}

fn is_hex(label: &str) -> bool {
    let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Letters, digits and hyphens inside; underscores stand in names that exist.
fn is_label(label: &str) -> bool {
    let inner = |c: char| if c.is_ascii() { c.is_ascii_alphanumeric() || matches!(c, '-' | '_') } else { true };
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(inner)
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
    // `^(?:urn:altinn:(?:[a-z][a-z0-9_-]*):)?[a-z][a-z0-9_-]*$` of the contract, without regard to case, by hand: no
    // regex engine for one rule.
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

    /// What no host could be, whatever the rest. M-08
    const NO_HOSTS: [&str; 28] = [
        "",
        ".no",
        "e..no",
        "a,b.no",
        "*.no",
        "-a.no",
        "a-.no",
        "a.-b.no",
        "a%2eno",
        "%65xample.com",
        "a..",
        ".",
        "a!b.no",
        "256.1.1.1",
        "1.2.3",
        "127.1",
        "0x7f.0.0.1",
        "1.2.3.0x4",
        "2130706433",
        "[::g]",
        "[1.2.3.4]",
        "[v1.x]",
        "ｅxample.com",
        "exa\u{ad}mple.com",
        "a。no",
        "example.com:65536",
        "example.com:x",
        "user@",
    ];

    #[test]
    fn https_urls() {
        for good in [
            "https://example.com",
            "HTTPS://Example.com/a%20b",
            "https://æøå.no/",
            "https://blåbær.Example.no/æ?ø=å#æ",
            "https://xn--blbr-roah.no/",
            "https://localhost:8080/x?y",
            "https://example.com./x",
            "https://my_host.example.com:443/",
            "https://example.com:/",
            "https://127.0.0.1/",
            "https://[::1]:8443/x",
            "https://4u.no",
            "https://a@example.com/",
        ] {
            assert!(is_https(good), "{good}");
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "http://example.com",
            "https:example.com",
            "https:/example.com",
            "https:\\\\example.com",
            "https://",
            "example.com",
            "",
            "ftp://a.no",
            "https://[x",
            " https://example.com",
            "https://example.com ",
            "https://exa\nmple.com",
            "https://example.com/a b",
            "https://example.com\\@evil.no",
            "https://example.com/%zz",
        ] {
            assert!(!is_https(bad), "{bad}");
        }
        for host in NO_HOSTS {
            for path in ["", "/x", "?x", "#x"] {
                let bad = format!("https://{host}{path}");
                assert!(!is_https(&bad), "{bad}");
                assert!(!is_well_formed(&bad), "{bad}");
            }
        }
        assert!(!is_well_formed("http:///x") && !is_well_formed("//.no/x"));
        assert!(is_well_formed("urn:x://.no") && is_well_formed("file:///x") && is_well_formed("//a.no/x"));
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
