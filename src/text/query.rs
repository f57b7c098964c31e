//! What somebody typed, read as a search (chapter 04 §1.2, with the decisions of §12).
//!
//! A search is an "or" of groups, each an "and" of literals: words, phrases and their negations. There are no brackets.

use std::{fmt::Write as _, iter::Peekable, str::CharIndices};

use super::{
    lexeme::{self, quoted},
    stem::stem,
    word::words,
};

/// Most characters that are read.
const CHARACTERS: usize = 1_024;
/// Most terms that are read.
const TERMS: usize = 32;
/// Whose endings are taken off where no language is named: a word may be of either.
const LANGUAGES: [&str; 2] = ["nb", "en"];

/// A search that looks for at least one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextQuery {
    groups: Vec<Vec<Literal>>,
}

/// A word or a phrase, or that it must not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    pub is_negated: bool,
    /// One after the other, each in any of its forms.
    words: Vec<Vec<String>>,
}

/// Which texts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Everything,
    /// Texts that anybody who may list the dialog may read.
    NonSensitive,
}

impl TextQuery {
    /// Reads what was typed; `None` if it has no word, and so finds nothing. `language` is a normalised code.
    pub fn parse(typed: &str, language: Option<&str>) -> Option<Self> {
        let languages = language.as_ref().map_or(&LANGUAGES[..], std::slice::from_ref);
        let mut reading = Reading::default();
        for token in Tokens::of(beginning(typed)) {
            if reading.operands.len() == TERMS {
                break;
            }
            reading.take(token, languages);
        }
        let groups = reading.groups(languages);
        (!groups.is_empty()).then_some(Self { groups })
    }

    pub fn groups(&self) -> &[Vec<Literal>] {
        &self.groups
    }

    /// In the spelling of the database's text queries.
    pub fn print(&self, reach: Reach) -> String {
        let group = |group: &Vec<Literal>| all(group.iter().map(|literal| literal.print(reach)));
        any(self.groups.iter().map(group))
    }

    /// What has a chance among dialogs whose texts take several vectors: it has the mark of that, and some word that is looked
    /// for. With [`print`](Self::print) it names every dialog that may match; `None` if there is no such list, since
    /// dialogs are looked for by what they lack.
    pub fn print_cut(&self) -> Option<String> {
        let positive = |group: &Vec<Literal>| group.iter().find(|literal| !literal.is_negated).cloned();
        let chances: Option<Vec<Literal>> = self.groups.iter().map(positive).collect();
        let words = any(chances?.iter().map(|literal| literal.print(Reach::Everything)));
        Some(all([quoted(lexeme::CUT), words].into_iter()))
    }

    /// Whether a dialog without any text matches.
    pub fn matches_nothing_written(&self) -> bool {
        self.groups.iter().any(|group| group.iter().all(|literal| literal.is_negated))
    }
}

impl Literal {
    /// What must, or must not, be there.
    pub fn print_term(&self, reach: Reach) -> String {
        let weight = match reach {
            Reach::Everything => "",
            Reach::NonSensitive => ":A",
        };
        let form = |form: &String| format!("{}{weight}", quoted(form));
        let words: Vec<String> = self.words.iter().map(|forms| any(forms.iter().map(form))).collect();
        if words.len() == 1 { words.concat() } else { format!("({})", words.join(" <-> ")) }
    }

    fn print(&self, reach: Reach) -> String {
        let term = self.print_term(reach);
        if self.is_negated { format!("!{term}") } else { term }
    }
}

fn any(parts: impl Iterator<Item = String>) -> String {
    joined(parts, " | ")
}

fn all(parts: impl Iterator<Item = String>) -> String {
    joined(parts, " & ")
}

/// Each query in brackets of its own, unless it is alone.
fn joined(parts: impl Iterator<Item = String>, sign: &str) -> String {
    let parts: Vec<String> = parts.collect();
    if let [alone] = &parts[..] {
        return alone.clone();
    }
    let mut text = String::new();
    for part in &parts {
        let _ = write!(text, "{}{part}", if text.is_empty() { "(" } else { sign });
    }
    text.push(')');
    text
}

/// As much as is read: whole terms, as far as that can be.
fn beginning(typed: &str) -> &str {
    let Some((end, _)) = typed.char_indices().nth(CHARACTERS) else { return typed };
    let read = &typed[..end];
    read.rfind(char::is_whitespace).map_or(read, |blank| &read[..blank])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Operator(Operator, &'a str),
    Term { text: &'a str, is_quoted: bool, is_negated: bool },
}

/// Cuts what was typed into terms.
struct Tokens<'a> {
    typed: &'a str,
    at: Peekable<CharIndices<'a>>,
}

impl<'a> Tokens<'a> {
    fn of(typed: &'a str) -> Self {
        Self { typed, at: typed.char_indices().peekable() }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let Self { typed, at } = self;
        while at.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        // A dash that something follows negates it; another one is punctuation.
        let is_negated = at.peek()?.1 == '-' && {
            at.next();
            at.peek().is_some_and(|(_, c)| !c.is_whitespace())
        };
        let Some((start, first)) = at.peek().copied() else {
            return Some(Token::Term { text: "", is_quoted: false, is_negated: false });
        };
        if first == '"' {
            at.next();
            let end = at.find(|(_, c)| *c == '"').map_or(typed.len(), |(end, _)| end);
            return Some(Token::Term { text: &typed[start + 1..end], is_quoted: true, is_negated });
        }
        // A quotation mark in the middle begins a phrase, which is a term of its own.
        while at.next_if(|(_, c)| !c.is_whitespace() && *c != '"').is_some() {}
        let end = at.peek().map_or(typed.len(), |(end, _)| *end);
        let text = &typed[start..end];
        Some(match operator(text) {
            Some(operator) if !is_negated => Token::Operator(operator, text),
            _ => Token::Term { text, is_quoted: false, is_negated },
        })
    }
}

fn operator(text: &str) -> Option<Operator> {
    if text.eq_ignore_ascii_case("and") {
        Some(Operator::And)
    } else if text.eq_ignore_ascii_case("or") {
        Some(Operator::Or)
    } else {
        None
    }
}

/// The terms so far, each with the operator that was said before it.
#[derive(Default)]
struct Reading<'a> {
    operands: Vec<(Option<Operator>, Literal)>,
    /// The last one wins.
    said: Option<Operator>,
    /// The word "or" as it was typed, for a search of nothing else.
    or: Option<&'a str>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, token: Token<'a>, languages: &[&str]) {
        match token {
            Token::Operator(operator, text) => {
                self.said = Some(operator);
                if operator == Operator::Or {
                    self.or = Some(text);
                }
            }
            Token::Term { text, is_quoted, is_negated } => {
                if let Some(literal) = literal(text, is_quoted, is_negated, languages) {
                    self.operands.push((self.said.take(), literal));
                }
            }
        }
    }

    fn groups(self, languages: &[&str]) -> Vec<Vec<Literal>> {
        if self.operands.is_empty() {
            let alone = self.or.and_then(|or| literal(or, false, false, languages));
            return alone.into_iter().map(|literal| vec![literal]).collect();
        }
        // One negation, and everything that stands side by side must hold.
        let side_by_side =
            if self.operands.iter().any(|(_, literal)| literal.is_negated) { Operator::And } else { Operator::Or };
        let mut groups: Vec<Vec<Literal>> = Vec::new();
        for (said, literal) in self.operands {
            match (said.unwrap_or(side_by_side), groups.last_mut()) {
                (Operator::And, Some(group)) => group.push(literal),
                _ => groups.push(vec![literal]),
            }
        }
        groups
    }
}

/// `None`: without a letter or a digit it is no term.
fn literal(text: &str, is_quoted: bool, is_negated: bool, languages: &[&str]) -> Option<Literal> {
    let words = words(text);
    let forms = |word: &str, languages: &[&str]| {
        let mut forms = vec![lexeme::written(word)];
        forms.extend(languages.iter().filter_map(|language| stem(word, language)).map(|stem| lexeme::stemmed(&stem)));
        forms.dedup();
        forms
    };
    // Phrases are looked for as they are written; so are terms that turn out to be several words.
    let languages = if is_quoted || words.len() > 1 { &[] } else { languages };
    let words: Vec<_> = words.iter().map(|word| forms(&word.whole, languages)).collect();
    (!words.is_empty()).then_some(Literal { is_negated, words })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Without stems, so that the form of the search stands out.
    fn form(typed: &str) -> String {
        TextQuery::parse(typed, Some("se"))
            .map_or("nothing".to_owned(), |query| query.print(Reach::Everything).replace('\'', ""))
    }

    /// Every example of chapter 04 §1.6, with the decisions of §8 and §12.
    #[test]
    fn the_grammar_by_example() {
        for (typed, expected) in [
            ("alpha bravo", "(alpha | bravo)"),
            ("alpha AND bravo", "(alpha & bravo)"),
            ("alpha and bravo", "(alpha & bravo)"),
            ("alpha AND bravo charlie", "((alpha & bravo) | charlie)"),
            ("alpha OR bravo AND charlie", "(alpha | (bravo & charlie))"),
            ("\"payment reminder\"", "(payment <-> reminder)"),
            ("\"payment reminder\" invoice", "((payment <-> reminder) | invoice)"),
            ("invoice -paid", "(invoice & !paid)"),
            ("invoice -paid extra", "(invoice & !paid & extra)"),
            ("-\"payment reminder\" invoice", "(!(payment <-> reminder) & invoice)"),
            ("invoice OR -paid", "(invoice | !paid)"),
            ("-paid", "!paid"),
            ("-paid -late", "(!paid & !late)"),
            ("skatt - avgift", "(skatt | avgift)"),
            ("A-melding - 2024", "(a-melding | 2024)"),
            ("skatt – avgift", "(skatt | avgift)"),
            ("skatt / avgift", "(skatt | avgift)"),
            ("skatt & avgift", "(skatt | avgift)"),
            ("skatt | avgift", "(skatt | avgift)"),
            ("\"payment reminder", "(payment <-> reminder)"),
            ("payment reminder\"", "(payment | reminder)"),
            ("abc\"payment reminder\"", "(abc | (payment <-> reminder))"),
            ("\"\"", "nothing"),
            ("(", "nothing"),
            ("...", "nothing"),
            ("   ", "nothing"),
            ("AND", "nothing"),
            ("and and", "nothing"),
            ("OR", "or"),
            ("or or", "or"),
            ("NOT alpha", "(not | alpha)"),
            ("alpha ikke bravo", "(alpha | ikke | bravo)"),
            ("(alpha OR bravo) AND charlie", "(alpha | (bravo & charlie))"),
            ("skatt*", "skatt"),
            ("skatt:*", "skatt"),
            ("!skatt", "skatt"),
            ("det er en skattemelding", "(det | er | en | skattemelding)"),
            ("og", "og"),
            ("the", "the"),
            // the last of several operators counts; those at the ends are nobody's
            ("AND alpha AND OR bravo OR", "(alpha | bravo)"),
            ("alpha OR AND bravo", "(alpha & bravo)"),
            ("alpha AND & bravo", "(alpha & bravo)"),
            // operators inside a phrase are words
            ("\"alpha OR -bravo\"", "(alpha <-> or <-> bravo)"),
            ("--alpha -", "!alpha"),
            ("-and", "!and"),
            ("alpha+bravo", "(alpha <-> bravo)"),
        ] {
            assert_eq!(form(typed), expected, "{typed}");
        }
    }

    #[test]
    fn words_are_looked_for_as_written_and_by_their_stems() {
        let print = |typed, language| TextQuery::parse(typed, language).expect("words").print(Reach::Everything);
        assert_eq!(print("Fakturaer", Some("nb")), "('fakturaer' | '~faktur')");
        assert_eq!(print("payments", None), "('payments' | '~payment')");
        assert_eq!(print("skatten", None), "('skatten' | '~skatt' | '~skatten')");
        assert_eq!(print("og", Some("nb")), "'og'");
        assert_eq!(print("\"mine fakturaer\"", Some("nb")), "('mine' <-> 'fakturaer')");
        let query = TextQuery::parse("invoice -\"is paid\"", Some("en")).expect("words");
        assert_eq!(query.print(Reach::NonSensitive), "(('invoice':A | '~invoic':A) & !('is':A <-> 'paid':A))");
    }

    #[test]
    fn dialogs_in_parts_have_a_list_of_their_own() {
        let cut = |typed| TextQuery::parse(typed, Some("se")).expect("words").print_cut();
        assert_eq!(cut("alpha -bravo OR charlie").as_deref(), Some("('*' & ('alpha' | 'charlie'))"));
        assert_eq!(cut("alpha OR -bravo"), None);
        assert!(TextQuery::parse("alpha OR -bravo", None).is_some_and(|query| query.matches_nothing_written()));
    }

    #[test]
    fn only_so_much_is_read() {
        let terms: Vec<String> = (0..10_000).map(|number| format!("t{number}")).collect();
        let query = TextQuery::parse(&terms.join(" "), None).expect("words");
        assert_eq!(query.groups().len(), TERMS);
        let long = format!("{} {}", "a".repeat(1_000), "b".repeat(1_000_000));
        assert_eq!(TextQuery::parse(&long, None).expect("a word").groups().len(), 1);
        assert!(TextQuery::parse(&"b".repeat(1_000_000), None).is_some());
        assert_eq!(TextQuery::parse(&"\"".repeat(1_000_000), None), None);
    }

    proptest! {
        /// Whatever is typed: it is read, and in the end there are as many brackets as there were at the beginning.
        #[test]
        fn everything_is_read(typed in "\\PC{0,80}|([a-c\"\\\\'&|!():*<>-]|AND|OR| ){0,60}") {
            if let Some(query) = TextQuery::parse(&typed, None) {
                let printed = query.print(Reach::NonSensitive);
                prop_assert!(!query.groups().iter().any(Vec::is_empty));
                prop_assert_eq!(printed.matches('\'').count() % 2, 0, "{}", printed);
            }
        }
    }
}
