//! Presence and length. Lengths count UTF-16 units, as the clients' platforms do.

use super::{At, Violations, code::Code, name_of};

/// Present and not blank.
pub fn not_blank(value: Option<&str>, at: At, found: &mut Violations) {
    present(value.is_some_and(|value| !value.trim().is_empty()), at, found);
}

/// Something is there: a value, or an item in a list.
pub fn present(is_present: bool, at: At, found: &mut Violations) {
    if !is_present {
        let text = format!("'{}' must not be empty.", name_of(at));
        found.add(at, Code::ValueMissing.says(text).hint(format!("`{}` is mandatory here, and not blank.", at.name())));
    }
}

pub fn max_length(value: Option<&str>, max: usize, at: At, found: &mut Violations) {
    if let Some(n) = value.map(units).filter(|n| *n > max) {
        let name = name_of(at);
        let text = format!("The length of '{name}' must be {max} characters or fewer. You entered {n} characters.");
        found.add(at, Code::TextTooLong.says(text).hint(format!("Leave out {} characters (UTF-16 units).", n - max)));
    }
}

pub fn min_length(value: Option<&str>, min: usize, at: At, found: &mut Violations) {
    if let Some(n) = value.map(units).filter(|n| *n < min) {
        let name = name_of(at);
        let text = format!("The length of '{name}' must be at least {min} characters. You entered {n} characters.");
        found.add(at, Code::TextTooShort.says(text).hint(format!("Write at least {min} characters.")));
    }
}

/// A number in a closed range.
pub fn between(value: Option<i32>, from: i32, to: i32, at: At, found: &mut Violations) {
    if let Some(value) = value.filter(|value| !(from..=to).contains(value)) {
        let text = format!("'{}' must be between {from} and {to}. You entered {value}.", name_of(at));
        found.add(at, Code::NumberOutOfRange.says(text).hint(format!("Write a whole number from {from} to {to}.")));
    }
}

fn units(value: &str) -> usize {
    // ASCII has as many units as bytes, which saves decoding the commonest texts.
    if value.is_ascii() { value.len() } else { value.encode_utf16().count() }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::texts, *};

    #[test]
    fn lengths_count_utf16_units() {
        let none: [&str; 0] = [];
        assert_eq!(texts(|at, found| max_length(Some("æøå"), 3, at, found)), none);
        assert_eq!(
            texts(|at, found| max_length(Some("🙂🙂"), 3, at, found)),
            ["The length of 'Value' must be 3 characters or fewer. You entered 4 characters."]
        );
        assert_eq!(
            texts(|at, found| min_length(Some("ab"), 3, at, found)),
            ["The length of 'Value' must be at least 3 characters. You entered 2 characters."]
        );
    }

    #[test]
    fn blank_is_empty() {
        for value in [None, Some(""), Some(" \t\n")] {
            assert_eq!(texts(|at, found| not_blank(value, at, found)), ["'Value' must not be empty."]);
        }
    }

    /// E-005
    #[test]
    fn ranges_include_their_ends() {
        let none: [&str; 0] = [];
        assert_eq!(texts(|at, found| between(Some(100), 0, 100, at, found)), none);
        assert_eq!(
            texts(|at, found| between(Some(101), 0, 100, at, found)),
            ["'Value' must be between 0 and 100. You entered 101."]
        );
    }
}
