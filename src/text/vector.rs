//! The words of several texts as the database's text vectors, in its own spelling.
//!
//! A vector keeps positions up to 16,383 and 256 of one word, and an append writes the whole of it. So the texts go on in
//! another vector before any of that is reached: nothing is cut off, and appending to the longest dialog writes little.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use super::{
    lexeme::{self, quoted},
    stem::stem,
    word::{Word, words},
};

/// Who finds a dialog by a text: spelled as the database's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Everybody who may list the dialog.
    NonSensitive,
    /// Who has the level of the service resource; texts of the dialog itself.
    Own,
    /// The same; texts that are appended to it.
    Appended,
}

impl Weight {
    fn letter(self) -> &'static str {
        match self {
            Self::NonSensitive => "A",
            Self::Own => "B",
            Self::Appended => "", // D, which needs no letter
        }
    }

    /// As the database's binary form has it.
    fn bits(self) -> u16 {
        match self {
            Self::NonSensitive => 3,
            Self::Own => 2,
            Self::Appended => 0,
        }
    }
}

/// One text in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    pub text: &'a str,
    /// A normalised code; `None` for what is in no language, as tags.
    pub language: Option<&'a str>,
    pub weight: Weight,
}

/// Positions between two fragments, so that no phrase reaches over. Each vector begins with one, so that vectors can be
/// put together.
const GAP: u16 = 16;
/// Most bytes of a vector. Bounds what an append writes.
const BYTES: usize = 8_000;
/// The last position that is used; the database knows 16,383.
const LAST: u16 = 12_000;
/// Most positions of one word; the database keeps 256.
const OCCURRENCES: usize = 250;

/// The vectors of the fragments: nearly always one, none if there is no word.
pub fn vectors<'a>(fragments: impl IntoIterator<Item = Fragment<'a>>) -> Vec<String> {
    let mut builder = Builder::default();
    builder.extend(fragments);
    builder.vectors().iter().map(Vector::print).collect()
}

/// The vectors of everything that a dialog has, as the database keeps them: if there are several, each carries the mark of
/// that.
pub fn whole<'a>(fragments: impl IntoIterator<Item = Fragment<'a>>) -> Vec<String> {
    let mut builder = Builder::default();
    builder.extend(fragments);
    builder.whole().iter().map(Vector::print).collect()
}

/// All forms under which a word is found.
fn lexemes(word: &Word, language: Option<&str>) -> Vec<String> {
    let mut lexemes = Vec::new();
    for form in std::iter::once(&word.whole).chain(&word.parts) {
        lexemes.push(lexeme::written(form));
        lexemes.extend(language.and_then(|language| stem(form, language)).map(|stem| lexeme::stemmed(&stem)));
    }
    lexemes.sort_unstable();
    lexemes.dedup();
    lexemes
}

/// Takes texts one by one.
#[derive(Default)]
pub struct Builder {
    full: Vec<Vector>,
    current: Vector,
}

impl Builder {
    /// Takes one more text.
    pub fn add(&mut self, fragment: &Fragment) {
        let words: Vec<Vec<String>> =
            words(fragment.text).iter().map(|word| lexemes(word, fragment.language)).collect();
        if words.is_empty() {
            return;
        }
        if !self.current.has_room_for(&words) {
            self.turn_over();
        }
        let mut position = self.current.last + GAP;
        for word in &words {
            if position >= LAST {
                self.turn_over();
                position = GAP;
            }
            position += 1;
            for lexeme in word {
                if !self.current.has_room_for_one(lexeme) {
                    self.turn_over();
                    position = GAP + 1;
                }
                self.current.add(lexeme, position, fragment.weight);
            }
        }
    }

    fn turn_over(&mut self) {
        let current = std::mem::take(&mut self.current);
        if !current.lexemes.is_empty() {
            self.full.push(current);
        }
    }

    fn vectors(mut self) -> Vec<Vector> {
        self.turn_over();
        self.full
    }

    /// See [`whole`].
    pub fn whole(self) -> Vec<Vector> {
        let mut vectors = self.vectors();
        if vectors.len() > 1 {
            for vector in &mut vectors {
                vector.lexemes.insert(lexeme::CUT.to_owned(), vec![(1, Weight::Appended)]);
            }
        }
        vectors
    }
}

impl<'a> Extend<Fragment<'a>> for Builder {
    fn extend<I: IntoIterator<Item = Fragment<'a>>>(&mut self, fragments: I) {
        for fragment in fragments {
            self.add(&fragment);
        }
    }
}

/// Words with their positions and weights.
#[derive(Default)]
pub struct Vector {
    lexemes: BTreeMap<String, Vec<(u16, Weight)>>,
    bytes: usize,
    last: u16,
}

impl Vector {
    fn has_room_for(&self, words: &[Vec<String>]) -> bool {
        if usize::from(self.last + GAP) + words.len() > usize::from(LAST) {
            return false;
        }
        // With room to spare nothing need be counted.
        let most: usize = words.iter().flatten().map(|lexeme| lexeme.len() + 8 + 2).sum();
        let is_rare = |lexeme: &String| self.occurrences(lexeme) + words.len() <= OCCURRENCES;
        if self.bytes + most <= BYTES && words.iter().flatten().all(is_rare) {
            return true;
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for lexeme in words.iter().flatten() {
            *counts.entry(lexeme).or_default() += 1;
        }
        let bytes: usize = counts.iter().map(|(lexeme, count)| self.cost(lexeme) + 2 * count).sum();
        let fits = |(lexeme, count): (&&str, &usize)| self.occurrences(lexeme) + count <= OCCURRENCES;
        self.bytes + bytes <= BYTES && counts.iter().all(fits)
    }

    fn has_room_for_one(&self, lexeme: &str) -> bool {
        self.bytes + self.cost(lexeme) + 2 <= BYTES && self.occurrences(lexeme) < OCCURRENCES
    }

    fn occurrences(&self, lexeme: &str) -> usize {
        self.lexemes.get(lexeme).map_or(0, Vec::len)
    }

    /// Bytes that the database needs for a word without its positions.
    fn cost(&self, lexeme: &str) -> usize {
        if self.lexemes.contains_key(lexeme) { 0 } else { lexeme.len() + 8 }
    }

    fn add(&mut self, lexeme: &str, position: u16, weight: Weight) {
        self.bytes += self.cost(lexeme) + 2;
        self.last = position;
        match self.lexemes.get_mut(lexeme) {
            Some(positions) => positions.push((position, weight)),
            None => drop(self.lexemes.insert(lexeme.to_owned(), vec![(position, weight)])),
        }
    }

    /// As text.
    pub fn print(&self) -> String {
        let mut text = String::with_capacity(2 * self.bytes);
        for (lexeme, positions) in &self.lexemes {
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(&quoted(lexeme));
            let mut sign = ':';
            for (position, weight) in positions {
                let _ = write!(text, "{sign}{position}{}", weight.letter());
                sign = ',';
            }
        }
        text
    }

    /// In the binary form of the database's type, for `COPY`.
    pub fn binary(&self) -> Vec<u8> {
        let count = |number: usize| u32::try_from(number).expect("a vector is small").to_be_bytes();
        let mut bytes = count(self.lexemes.len()).to_vec();
        for (lexeme, positions) in &self.lexemes {
            bytes.extend(lexeme.as_bytes());
            bytes.push(0);
            bytes.extend(&count(positions.len())[2..]);
            for (position, weight) in positions {
                bytes.extend((position | weight.bits() << 14).to_be_bytes());
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(text: &str) -> Fragment<'_> {
        Fragment { text, language: Some("nb"), weight: Weight::Own }
    }

    #[test]
    fn forms_stand_at_the_place_of_their_word() {
        let tag = Fragment { text: "Arbeidsflate", language: None, weight: Weight::NonSensitive };
        let vectors = vectors([own("Skattemeldingen.pdf og"), tag, Fragment { weight: Weight::Appended, ..own("og") }]);
        let expected = "'arbeidsflate':35A 'og':18B,52 'pdf':17B 'skattemeldingen':17B 'skattemeldingen.pdf':17B '~pdf':17B \
                        '~skattemelding':17B";
        assert_eq!(vectors, [expected]);
    }

    #[test]
    fn no_word_no_vector() {
        assert!(vectors([own(" - … "), own("")]).is_empty());
    }

    #[test]
    fn long_texts_go_on_in_the_next_vector() {
        let text = |number: usize| format!("overskrift {number} ord{number}");
        let texts: Vec<String> = (0..4_000).map(text).collect();
        let vectors = whole(texts.iter().map(|text| own(text)));
        assert!(vectors.len() > 8, "{}", vectors.len());
        assert!(vectors.iter().all(|vector| vector.starts_with("'*':1 ")));
        assert!(vectors.last().is_some_and(|vector| vector.contains("'ord3999'")));
    }

    /// Word and positions of every entry, as the database would read them.
    fn read(vector: &str) -> Vec<(String, Vec<u16>)> {
        let number = |text: &str| text.trim_end_matches(char::is_alphabetic).parse().expect("a position");
        let entry = |entry: &str| {
            let (lexeme, positions) = entry.rsplit_once(':').expect("positions");
            (lexeme.trim_matches('\'').to_owned(), positions.split(',').map(number).collect())
        };
        vector.split(' ').map(entry).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// Every word of every text is in some vector, positions never decrease, and no vector passes what the database holds.
        #[test]
        fn no_word_is_lost(
            texts in prop::collection::vec("([a-f]{1,2} ){0,40}|([a-z]{1,9}[ .-]){0,60}|[a-z]{0,1500}|(ord ){0,700}", 0..40),
        ) {
            let vectors = vectors(texts.iter().map(|text| own(text)));
            prop_assert_eq!(&vectors, &super::vectors(texts.iter().map(|text| own(text))), "the same text, the same words");
            let mut found = std::collections::HashSet::new();
            for vector in &vectors {
                prop_assert!(vector.len() < 40_000);
                for (lexeme, positions) in read(vector) {
                    prop_assert!(positions.is_sorted() && positions.len() <= OCCURRENCES, "{lexeme}: {positions:?}");
                    prop_assert!(positions.iter().all(|at| (17..=LAST + 1).contains(at)), "{lexeme}: {positions:?}");
                    found.insert(lexeme);
                }
            }
            for word in texts.iter().flat_map(|text| words(text)) {
                for form in std::iter::once(&word.whole).chain(&word.parts) {
                    prop_assert!(found.contains(&lexeme::written(form)), "{form}");
                }
            }
        }
    }
}
