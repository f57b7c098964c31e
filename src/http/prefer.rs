//! `Prefer`: what a client would like besides the contract (RFC 7240).

use axum::http::HeaderMap;

/// The wishes that mean something here; all others are passed over, as the standard wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `return=representation`: a problem document also where the contract's refusal is empty.
    pub representation: bool,
    /// `handling=strict`: unknown members and query parameters are refused, not ignored.
    pub strict: bool,
}

impl Preferences {
    pub fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
        let mut wishes = lines.flat_map(|line| line.split(',')).filter_map(|wish| {
            // Parameters of a wish, behind a semicolon, mean nothing here.
            let (name, value) = wish.split(';').next()?.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase()))
        });
        let (mut answer, mut handling) = (None, None);
        // Of several wishes of one name the first counts.
        for (name, value) in &mut wishes {
            match name.as_str() {
                "return" => _ = answer.get_or_insert(value),
                "handling" => _ = handling.get_or_insert(value),
                _ => {}
            }
        }
        Self {
            representation: answer.as_deref() == Some("representation"),
            strict: handling.as_deref() == Some("strict"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-28, M-29
    #[test]
    fn the_first_wish_of_a_name_counts() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("prefer", axum::http::HeaderValue::from_static(line));
            }
            let preferences = Preferences::of(&headers);
            (preferences.representation, preferences.strict)
        };
        for (lines, wanted) in [
            (&[][..], (false, false)),
            (&["return=representation"], (true, false)),
            (&["handling=strict"], (false, true)),
            (&["respond-async, Return=\"Representation\"; x=y ,HANDLING = strict"], (true, true)),
            (&["return=minimal", "return=representation"], (false, false)),
            (&["handling=lenient, handling=strict"], (false, false)),
            (&["return", "handling", ",,;=,=", "wait=10"], (false, false)),
        ] {
            assert_eq!(of(lines), wanted, "{lines:?}");
        }
    }
}
