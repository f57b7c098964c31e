//! Words as the database keeps them. The sign in front of a form tells what it is; no word has one.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Longer words are known by a digest: the database keeps none above 2,046 bytes, and the index likes them short.
const LONGEST: usize = 512;

/// What every part of a dialog carries whose texts take more than one.
pub const CUT: &str = "*";

/// A word as it is written.
pub fn written(word: &str) -> String {
    if word.len() <= LONGEST {
        return word.to_owned();
    }
    let digest = Sha256::digest(word.as_bytes());
    digest[..16].iter().fold("#".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A word without its ending.
pub fn stemmed(stem: &str) -> String {
    format!("~{stem}")
}

/// In quotes, for vectors and queries alike: whatever it holds, it stays one word.
pub fn quoted(lexeme: &str) -> String {
    let mut text = String::with_capacity(lexeme.len() + 2);
    text.push('\'');
    for c in lexeme.chars() {
        if matches!(c, '\'' | '\\') {
            text.push(c);
        }
        text.push(c);
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_doubled() {
        assert_eq!(quoted("rock'n'roll"), "'rock''n''roll'");
        assert_eq!(quoted(r"a\b"), r"'a\\b'");
    }

    #[test]
    fn long_words_are_told_apart() {
        let long = "å".repeat(600);
        assert_eq!(written(&long).len(), 33);
        assert_ne!(written(&long), written(&format!("{long}a")));
        assert_eq!(written(&"a".repeat(512)).len(), 512);
    }
}
