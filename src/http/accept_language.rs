//! `Accept-Language`: what is read from it, and which of a text's languages it keeps.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::not_bindable;
use crate::domain::{
    content::Localization,
    refusal::Refusal,
    violations::{Code, Violations},
};

/// The languages a reader wants, most wanted first. Without any, texts are not reduced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptLanguage(Vec<String>);

/// The header cannot be read: REST refuses it, GraphQL goes on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAcceptLanguage;

impl AcceptLanguage {
    /// No wish: texts keep all their languages.
    pub fn any() -> Self {
        Self::default()
    }

    /// Reads the header's value. The first parameter has to be `q`; those behind it do no harm and say nothing (chapter 02
    /// §0.5).
    pub fn parse(text: &str) -> Result<Self, InvalidAcceptLanguage> {
        let mut wanted: Vec<(String, i64)> = Vec::new();
        for entry in text.split(',') {
            let mut parts = entry.split(';');
            let code = parts.next().unwrap_or("").trim();
            // Whole hundredths, as the contract compares weights (chapter 02 §0.5): 0.805 and 0.80 are equal.
            let mut weight = 100;
            if let Some(parameter) = parts.next() {
                let (name, value) = parameter.split_once('=').ok_or(InvalidAcceptLanguage)?;
                if name.trim() != "q" {
                    return Err(InvalidAcceptLanguage);
                }
                weight = hundredths(value.trim());
            }
            // Texts are stored without regions, so wishes lose theirs.
            let code = code.split(['-', '_']).next().unwrap_or("").to_lowercase();
            if code.is_empty() {
                continue;
            }
            match wanted.iter_mut().find(|(known, _)| *known == code) {
                Some((_, known)) => *known = weight.max(*known),
                None => wanted.push((code, weight)),
            }
        }
        // Stable, so that of equal weights the one written first stays first.
        wanted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        Ok(Self(wanted.into_iter().map(|(code, _)| code).collect()))
    }

    /// The texts that a reader with these wishes gets: the one in the first wanted language there is, then English and
    /// Norwegian (the other way round for Swedes and Danes); all of them if none of these is there.
    pub fn prune<'t>(&self, texts: &'t [Localization]) -> &'t [Localization] {
        if self.0.is_empty() {
            return texts;
        }
        let fallbacks =
            if self.0.iter().any(|code| code == "sv" || code == "da") { ["nb", "en"] } else { ["en", "nb"] };
        self.0
            .iter()
            .map(String::as_str)
            .chain(fallbacks)
            // Each text by itself: one may exist in a language that another lacks.
            .find_map(|code| texts.iter().position(|text| text.language_code == code))
            .map_or(texts, |at| &texts[at..=at])
    }
}

/// What is no number counts as zero; more than one is allowed, and so is less than none.
fn hundredths(text: &str) -> i64 {
    if let Some(text) = text.strip_prefix('-') {
        return -hundredths(text.trim_start_matches('-'));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return 0;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(i64::MAX / 1000) };
    let cents = fraction.bytes().chain(*b"00").take(2).fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    whole.min(i64::MAX / 1000) * 100 + cents
}

impl<S: Send + Sync> FromRequestParts<S> for AcceptLanguage {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Several lines mean one list (RFC 9110 §5.3).
        let values: Vec<_> = parts
            .headers
            .get_all(header::ACCEPT_LANGUAGE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let text = values.join(",");
        Self::parse(&text).map_err(|_| {
            let fault = Code::LanguagesMalformed.says(not_bindable(&text, "AcceptedLanguages"));
            let hint = "Write languages by comma, each with nothing but a weight: nb, en;q=0.5.";
            Violations::one("Accept-Language", fault.hint(hint)).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(codes: &[&str]) -> Vec<Localization> {
        codes.iter().map(|code| Localization { language_code: (*code).to_owned(), value: String::new() }).collect()
    }

    fn kept(header: &str, codes: &[&str]) -> Vec<String> {
        let wish = AcceptLanguage::parse(header).expect("a readable header");
        wish.prune(&texts(codes)).iter().map(|text| text.language_code.clone()).collect()
    }

    #[test]
    fn wishes_are_ordered_by_weight() {
        for (header, codes) in [
            ("", &[][..]),
            (" , ,", &[]),
            ("nb", &["nb"]),
            ("nb-NO, en_GB;q=0.9", &["nb", "en"]),
            ("en;q=0.5,nb", &["nb", "en"]),
            ("en; q=0.8,fr;q=0.9", &["fr", "en"]),
            ("a;q=x,b;q=0.01,c;q=7", &["c", "b", "a"]),
            ("en-US;q=0.2,fr;q=0.3,en;q=0.4", &["en", "fr"]),
            ("*", &["*"]),
            ("nb;q= 0.8;x=1, en;q=0.9;q=0.1", &["en", "nb"]),
            ("en;q=-1, nb;q=0", &["nb", "en"]),
        ] {
            assert_eq!(
                AcceptLanguage::parse(header).map(|wish| wish.0),
                Ok(codes.iter().map(|c| (*c).to_owned()).collect()),
                "{header}"
            );
        }
        for header in ["invalid;;;", "en;level=1", "en;q", "en;Q=1"] {
            assert_eq!(AcceptLanguage::parse(header), Err(InvalidAcceptLanguage), "{header}");
        }
    }

    /// EG-003, EG-005, EG-006, EG-007, EG-008.
    #[test]
    fn one_language_is_kept() {
        for (header, there, left) in [
            ("nb", &["en", "nb"][..], &["nb"][..]),
            ("nb", &["fr", "it"], &["fr", "it"]),
            ("sv", &["en", "nb"], &["nb"]),
            ("da", &["en", "nb"], &["nb"]),
            ("*", &["en", "nb"], &["en"]),
            ("*", &["fr", "it"], &["fr", "it"]),
            ("it", &["fr", "it"], &["it"]),
            ("it", &["en", "nb"], &["en"]),
            ("it", &["nb"], &["nb"]),
            ("", &["en", "nb"], &["en", "nb"]),
            ("no-NO", &["en", "nb"], &["en"]),
        ] {
            assert_eq!(kept(header, there), left, "{header} of {there:?}");
        }
    }

    proptest! {
        /// Something is always left of a text, and it is one language or all of them.
        #[test]
        fn no_text_gets_lost(header in "[a-z*,;= q0-9.-]{0,20}", codes in prop::collection::hash_set("[a-z]{2}", 0..5)) {
            let codes: Vec<_> = codes.iter().map(String::as_str).collect();
            if let Ok(wish) = AcceptLanguage::parse(&header) {
                let left = wish.prune(&texts(&codes)).len();
                prop_assert!(left == codes.len() || left == 1);
            }
        }

        #[test]
        fn no_header_breaks_the_reader(header in any::<String>()) {
            let _ = AcceptLanguage::parse(&header);
        }
    }
}
