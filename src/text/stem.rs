//! Words without their endings, by Snowball's own stemmers.

use waken_snowball::Algorithm;

/// Longer words have no ending worth taking off.
const LONGEST: usize = 60;

/// The word without its ending; `None` for words that have none in this language: stop words, numbers, names of files, and
/// all words of a language without a stemmer.
///
/// The word is as [`words`](super::word::words) has it, the language a normalised code.
pub fn stem(word: &str, language: &str) -> Option<String> {
    let algorithm = algorithm(language)?;
    let has_ending = |c: char| c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c);
    let end = word.rsplit(['-', '\'']).next().unwrap_or(word);
    if word.len() > LONGEST || !end.chars().all(has_ending) || word.contains(|c: char| c.is_numeric()) {
        return None;
    }
    if stop_words(language).contains(&word) {
        return None;
    }
    let stem = waken_snowball::stem(algorithm, word);
    if algorithm == Algorithm::Norwegian {
        return Some(norwegian(word, &stem).to_owned());
    }
    (!stem.is_empty()).then(|| stem.into_owned())
}

/// What Snowball's Norwegian leaves apart: `faktura` and `fakturaer`, and words so short that it takes nothing off.
fn norwegian<'w>(word: &str, stem: &'w str) -> &'w str {
    const APART: [(&str, &[&str]); 3] = [
        ("leie", &["leie", "leier", "leien", "leiene", "leies"]),
        ("kurs", &["kurs", "kurset", "kursene", "kursa", "kursets"]),
        ("lån", &["lån", "låna"]),
    ];
    if let Some((together, _)) = APART.into_iter().find(|(_, forms)| forms.contains(&word)) {
        return together;
    }
    stem.strip_suffix('a').filter(|shorter| shorter.len() > 2).unwrap_or(stem)
}

/// Words of a language that are in nearly every text: findable as they are written, and by nothing else.
fn stop_words(language: &str) -> &'static [&'static str] {
    match language {
        "nb" | "nn" => NORWEGIAN,
        "en" => ENGLISH,
        _ => &[],
    }
}

const NORWEGIAN: &[&str] = &[
    "alle", "at", "av", "bare", "ble", "da", "de", "den", "dere", "det", "dette", "din", "disse", "ditt", "du", "eg",
    "ei", "ein", "eit", "eller", "en", "enn", "er", "et", "etter", "for", "fra", "frå", "ha", "har", "hos", "i",
    "ikke", "ikkje", "jeg", "kan", "med", "men", "mot", "når", "og", "om", "opp", "på", "skal", "som", "så", "til",
    "ved", "vi", "vil", "vår", "være", "å",
];

const ENGLISH: &[&str] = &[
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "for", "from", "has",
    "have", "if", "in", "is", "it", "its", "not", "of", "on", "or", "our", "that", "the", "this", "to", "was", "we",
    "were", "will", "with", "you", "your", "yours",
];

fn algorithm(language: &str) -> Option<Algorithm> {
    Some(match language {
        "nb" | "nn" => Algorithm::Norwegian,
        "ar" => Algorithm::Arabic,
        "ca" => Algorithm::Catalan,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "eo" => Algorithm::Esperanto,
        "es" => Algorithm::Spanish,
        "et" => Algorithm::Estonian,
        "eu" => Algorithm::Basque,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "ga" => Algorithm::Irish,
        "hi" => Algorithm::Hindi,
        "hu" => Algorithm::Hungarian,
        "hy" => Algorithm::Armenian,
        "id" => Algorithm::Indonesian,
        "it" => Algorithm::Italian,
        "lt" => Algorithm::Lithuanian,
        "ne" => Algorithm::Nepali,
        "nl" => Algorithm::Dutch,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sr" => Algorithm::Serbian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        "yi" => Algorithm::Yiddish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_of_a_word_share_their_stem() {
        for (language, forms) in [
            ("nb", "faktura fakturaer fakturaen fakturaene fakturaens"),
            ("nb", "skjema skjemaer skjemaet skjemaene"),
            ("nb", "leie leier leien leiene"),
            ("nb", "kurs kurset kursene"),
            ("nn", "arbeidsflate arbeidsflatene arbeidsflater arbeidsflata"),
            ("nb", "skattemelding skattemeldingen skattemeldinger skattemeldingene"),
            ("nb", "a-melding a-meldinger a-meldingen"),
            ("en", "payment payments"),
            ("en", "running run runs"),
            ("sv", "räkning räkningar räkningen"),
            ("da", "opkrævning opkrævninger opkrævningen"),
        ] {
            let stems: HashSet<_> = forms.split(' ').map(|form| stem(form, language)).collect();
            assert!(stems.len() == 1 && !stems.contains(&None), "{forms}: {stems:?}");
        }
    }

    #[test]
    fn what_has_no_ending_has_no_stem() {
        for (word, language) in
            [("og", "nb"), ("the", "en"), ("2024", "nb"), ("skattemelding.pdf", "nb"), ("guođđu", "se"), ("x1", "nb")]
        {
            assert_eq!(stem(word, language), None, "{word}");
        }
        assert_ne!(stem("skatt", "nb"), stem("skattemelding", "nb"));
    }

    proptest! {
        /// No stemmer falls over what is no word of its language.
        #[test]
        fn every_stemmer_takes_every_word(word in "\\PC{1,20}|[\\p{L}\\p{M}]{1,15}|[a-zæøåéß]{1,30}|[а-яёљњ]{1,12}|[ا-ي]{1,12}|[अ-ह]{1,12}|[ա-ֆ]{1,12}|[α-ωάέ]{1,12}|[א-ת]{1,12}|[அ-ஹா-்]{1,12}") {
            for language in ["nb", "ar", "ca", "da", "de", "el", "en", "eo", "es", "et", "eu", "fi", "fr", "ga", "hi", "hu", "hy", "id", "it",
                "lt", "ne", "nl", "pt", "ro", "ru", "sr", "sv", "ta", "tr", "yi"]
            {
                for word in crate::text::word::words(&word) {
                    let once = stem(&word.whole, language);
                    prop_assert_eq!(once, stem(&word.whole, language));
                }
            }
        }
    }
}
