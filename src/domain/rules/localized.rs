//! Texts in several languages: known codes, each once, no empty text.

use super::{At, Violations, code::Code, text, unique};

/// One text as a client gives it, its code already normalised.
#[derive(Clone, Copy, Debug)]
pub struct GivenText<'a> {
    pub language_code: &'a str,
    pub value: &'a str,
}

/// ISO 639 codes as the contract lists them.
// Not all are ISO 639-1 of today, and `no` is missing on purpose: the list is the contract's (§2.7).
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da \
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is \
    it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb \
    nd ne ng nl nn nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su \
    sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

const CULTURES: &str = "Culture specific codes like 'en_GB' and 'en-US' are normalized to 'en' (ISO 639).";

/// `nb_NO` and `NB-no` become `nb`.
pub fn normalised_code(code: &str) -> String {
    code.trim().split(['_', '-']).next().unwrap_or_default().to_lowercase()
}

/// A code that was normalised before is one of those the contract knows.
pub fn is_language_code(code: &str) -> bool {
    code.len() == 2 && LANGUAGES.split(' ').any(|known| known == code)
}

/// A code that was normalised before; `name` is the property's name in the text.
pub fn language_code(code: &str, name: &str, at: At, found: &mut Violations) {
    if !is_language_code(code) {
        let hint = if code == "no" { "Use 'nb' or 'nn' for Norwegian. " } else { "" };
        let text = format!("'{name}' '{code}' is not a valid language code. {hint}{CULTURES}");
        let hint = if code == "no" {
            "Write nb (bokmål) or nn (nynorsk)."
        } else {
            "Write a code of two letters from ISO 639-1, such as nb, nn or en."
        };
        found.add(at, Code::LanguageCodeUnknown.says(text).hint(hint));
    }
}

/// A list that may be empty.
pub fn localized<'v>(items: impl Iterator<Item = GivenText<'v>> + Clone, max: usize, at: At, found: &mut Violations) {
    // After normalising: nb and nb-NO are one language, and the second would replace the first in silence.
    let repeated = unique::repeated_by(items.clone().map(|item| item.language_code), |code| code);
    if !repeated.is_empty() {
        let text = format!("Can not contain duplicate items: [{}]. {CULTURES}", repeated.join(", "));
        found.add(
            at,
            Code::DuplicateLanguages.says(text).hint("Send one text for each language; nb and nb-NO are one."),
        );
    }
    for (i, item) in items.enumerate() {
        let at = at.item(i);
        text::not_blank(Some(item.value), at.field("value"), found);
        text::max_length(Some(item.value), max, at.field("value"), found);
        text::not_blank(Some(item.language_code), at.field("languageCode"), found);
        language_code(item.language_code, "LanguageCode", at.field("languageCode"), found);
    }
}

/// A list that must have an item.
pub fn some_localized<'v>(
    items: impl Iterator<Item = GivenText<'v>> + Clone,
    max: usize,
    at: At,
    found: &mut Violations,
) {
    text::present(items.clone().next().is_some(), at, found);
    localized(items, max, at, found);
}

#[cfg(test)]
mod tests {
    use super::{super::testing::lines, *};

    fn faults(items: &[(&str, &str)]) -> Vec<String> {
        let codes: Vec<_> = items.iter().map(|(code, value)| (normalised_code(code), *value)).collect();
        let given = codes.iter().map(|(language_code, value)| GivenText { language_code, value });
        lines(|at, found| localized(given, 5, at.field("title"), found))
    }

    /// V-011
    #[test]
    fn codes_lose_their_region() {
        assert_eq!(LANGUAGES.split(' ').count(), 183);
        for good in ["nb", "nb_NO", "en", "en_US", "nb_ignore_region_code", " NN-no "] {
            assert!(faults(&[(good, "x")]).is_empty(), "{good}");
        }
        assert_eq!(
            faults(&[("no", "x")]),
            [format!(
                "dto.title[0].languageCode: 'LanguageCode' 'no' is not a valid language code. Use 'nb' or 'nn' for \
                 Norwegian. {CULTURES}"
            )]
        );
        assert_eq!(faults(&[("", "x")]).len(), 2);
        assert_eq!(faults(&[("invalid", "x")]).len(), 1);
    }

    #[test]
    fn values_and_duplicates() {
        let faults = faults(&[("nb", " "), ("nb-NO", "sixsix"), ("en", "ok")]);
        assert_eq!(
            faults,
            [
                format!("dto.title: Can not contain duplicate items: [nb]. {CULTURES}"),
                "dto.title[0].value: 'Value' must not be empty.".into(),
                "dto.title[1].value: The length of 'Value' must be 5 characters or fewer. You entered 6 characters."
                    .into(),
            ]
        );
    }
}
