//! Words: what Unicode calls a word (UAX #29), and what holds several of them together.

use std::collections::HashSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// A word at one place of a text: as it is written, in one form of its letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub whole: String,
    /// If it is held together by points, hyphens and the like (`Skattemelding.pdf`, `post@skatt.no`, `2024-05-12`): its
    /// parts of two characters or more, each once.
    pub parts: Vec<String>,
}

/// The words of a text, in their order.
pub fn words(text: &str) -> Vec<Word> {
    let text = folded(text);
    let atoms = atoms(&text);
    let mut words = Vec::new();
    let mut rest = atoms.as_slice();
    while !rest.is_empty() {
        let joined = 1 + rest.windows(2).take_while(|pair| holds_together(&text, pair[0], pair[1])).count();
        let (word, others) = rest.split_at(joined);
        words.push(Word::of(&text, word));
        rest = others;
    }
    words
}

/// A run of letters, digits and their marks.
#[derive(Clone, Copy)]
struct Atom {
    start: usize,
    end: usize,
    /// Which of the text's words in the sense of UAX #29 it lies in.
    segment: usize,
}

/// One form for all ways to write a letter: composed, in lower case, without what is invisible.
fn folded(text: &str) -> String {
    // Most of what is written, and nothing but its letter case can differ.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let visible = text.chars().filter(|c| !is_invisible(*c)).map(|c| match c {
        '\u{2019}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    });
    let lower = visible.nfc().collect::<String>().to_lowercase();
    // The sigma at the end of a word is a matter of spelling, which the parts of a word do not share.
    lower.chars().map(|c| if c == 'ς' { 'σ' } else { c }).nfc().collect()
}

/// Hyphens that show only at the end of a line, joiners, and marks of the direction of writing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn atoms(text: &str) -> Vec<Atom> {
    let begins = |c: char| c.is_alphanumeric() && !is_combining_mark(c);
    let goes_on = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut atoms = Vec::new();
    for (segment, (offset, piece)) in text.split_word_bound_indices().enumerate() {
        let mut start = None;
        for (at, c) in piece.char_indices().chain([(piece.len(), ' ')]) {
            match start {
                None if begins(c) => start = Some(at),
                Some(begun) if !goes_on(c) => {
                    atoms.push(Atom { start: offset + begun, end: offset + at, segment });
                    start = None;
                }
                _ => {}
            }
        }
    }
    atoms
}

/// What holds words together that Unicode sees apart; from what binds least to what binds most.
const JOINTS: [&str; 3] = ["/@&", ".,:", "-_'"];

/// One character lies between the two, and either Unicode takes it for a part of the word or we do.
fn holds_together(text: &str, left: Atom, right: Atom) -> bool {
    let mut between = text[left.end..right.start].chars();
    let (Some(joint), None) = (between.next(), between.next()) else { return false };
    left.segment == right.segment || matches!(joint, '.' | '-' | '_' | '/' | '@' | '&' | '\'')
}

impl Word {
    fn of(text: &str, atoms: &[Atom]) -> Self {
        let (first, last) = (atoms[0], atoms[atoms.len() - 1]);
        let whole = &text[first.start..last.end];
        if atoms.len() == 1 {
            return Self { whole: whole.to_owned(), parts: Vec::new() };
        }
        let mut parts = Vec::new();
        let mut known = HashSet::from([whole]);
        for binding in 0..JOINTS.len() {
            let mut start = first.start;
            for pair in atoms.windows(2) {
                if strength(&text[pair[0].end..pair[1].start]) <= binding {
                    parts.push(&text[start..pair[0].end]);
                    start = pair[1].start;
                }
            }
            parts.push(&text[start..last.end]);
        }
        parts.retain(|part| part.chars().nth(1).is_some() && known.insert(part));
        Self { whole: whole.to_owned(), parts: parts.into_iter().map(str::to_owned).collect() }
    }
}

/// How tightly the joint binds, as an index into [`JOINTS`]. What only Unicode knows binds as points do.
fn strength(joint: &str) -> usize {
    JOINTS.iter().position(|joints| joints.contains(joint)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let print = |word: Word| {
            if word.parts.is_empty() { word.whole } else { format!("{}[{}]", word.whole, word.parts.join(" ")) }
        };
        words(text).into_iter().map(print).collect()
    }

    #[test]
    fn words_and_their_parts() {
        for (text, expected) in [
            ("Skatt og avgift", "skatt og avgift"),
            ("Skattemelding.pdf", "skattemelding.pdf[skattemelding pdf]"),
            ("A-melding - 2024.", "a-melding[melding] 2024"),
            ("vedlegg_1.docx", "vedlegg_1.docx[vedlegg_1 docx vedlegg]"),
            ("søknad_2024.pdf", "søknad_2024.pdf[søknad_2024 pdf søknad 2024]"),
            ("TT02/PROD", "tt02/prod[tt02 prod]"),
            ("2024-05-12", "2024-05-12[2024 05 12]"),
            ("faktura-2024-001.pdf", "faktura-2024-001.pdf[faktura-2024-001 pdf faktura 2024 001]"),
            ("12.05.2024, 1/3", "12.05.2024[12 05 2024] 1/3"),
            ("1 500,00", "1 500,00[500 00]"),
            ("post@skatt.no", "post@skatt.no[post skatt.no skatt no]"),
            ("https://h.no/p?q", "https h.no/p[h.no no] q"),
            ("<b>fet</b>", "b fet b"),
            ("C++ C# R&D", "c c r&d"),
            ("it’s rock'n'roll", "it's[it] rock'n'roll[rock roll]"),
            ("a--b a__b", "a b a b"),
            ("ÅRSREGNSKAP a\u{30a}rsregnskap", "årsregnskap årsregnskap"),
            ("skatte\u{ad}melding \u{200f}שלום\u{200e}", "skattemelding שלום"),
            ("ΟΔΟΣ.ΑΒ οδός", "οδοσ.αβ[οδοσ αβ] οδόσ"),
            ("中文 x\0y", "中 文 x y"),
            ("2020–2024 (skatt) «moms»", "2020 2024 skatt moms"),
            ("... - & | \"\" \u{301}", ""),
        ] {
            assert_eq!(read(text).join(" "), expected, "{text}");
        }
    }

    proptest! {
        /// However much is written and whatever: it is read, and reading a word again changes nothing.
        #[test]
        fn a_word_is_its_own_form(text in "\\PC{0,60}|.{0,60}") {
            for word in words(&text) {
                let again = words(&word.whole);
                prop_assert_eq!(again.len(), 1, "{:?}", word);
                prop_assert_eq!(&again[0], &word);
                for part in &word.parts {
                    let again = words(part);
                    prop_assert_eq!(again.len(), 1, "{:?}", part);
                    prop_assert_eq!(&again[0].whole, part);
                }
            }
        }

        /// A word that is cut by punctuation is found whole and by its parts.
        #[test]
        fn cut_words_are_found(left in "[a-zæøå]{2,9}", right in "[a-zæøå0-9]{2,9}", joint in "[-._/@&']") {
            let found = words(&format!("før {left}{joint}{right}, etter"));
            prop_assert_eq!(found.len(), 3);
            prop_assert_eq!(&found[1].whole, &format!("{left}{joint}{right}"));
            prop_assert!(found[1].parts.contains(&left) && found[1].parts.contains(&right));
        }

        /// The last word is read, however long the text and whatever stands before it.
        #[test]
        fn the_last_word_is_read(text in ".{0,300}", last in "[a-z]{1,9}") {
            let found = words(&format!("{text} {last}"));
            prop_assert_eq!(found.last().map(|word| word.whole.as_str()), Some(last.as_str()));
        }
    }
}
