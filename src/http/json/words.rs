//! What is said of values that do not fit their type: in words of the wire. The libraries speak of structs, sequences and
//! their own numbers, which clients have never heard of.

use serde::de::{Expected, Unexpected};

/// How much of a text is repeated.
// Enough to recognise it by; a value can be megabytes, and its answer must not be.
const SHOWN: usize = 60;

/// `The value must be a list, not null.`
pub fn must_be(expected: &dyn Expected, found: Unexpected<'_>) -> String {
    format!("The value must be {}, not {}.", wanted(&expected.to_string()), shown(found))
}

/// The names an enum has.
pub fn one_of(names: &[&str], found: &str) -> String {
    format!("The value must be one of {}, not {}.", names.join(", "), shown(Unexpected::Str(found)))
}

/// Whether a UUID is wanted, as its library calls it.
pub fn is_uuid(expected: &dyn Expected) -> bool {
    // By its text, as serde hands over no type here; a test meets it when the library changes its words.
    expected.to_string() == "a formatted UUID string"
}

/// The library's name of a type in words of the wire. Our own types say what they want in such words already.
fn wanted(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "a character" => "a text",
        "a formatted UUID string" => "a UUID of 36 characters",
        "i8" | "i16" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => "a whole number",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "f32" | "f64" => "a number",
        "unit" | "option" => "null or a value",
        "any valid JSON value" => "a JSON value",
        "field identifier" | "variant identifier" => "a name",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("tuple ") || other.starts_with("an array") => "a list",
        other if other.starts_with("enum ") => "a known name",
        other => other,
    }
}

fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Char(letter) => format!("'{letter}'"),
        Unexpected::Str(text) => format!("'{}'", cut(text)),
        Unexpected::Bytes(_) => "bytes".to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq | Unexpected::TupleVariant => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "an object".to_owned(),
        Unexpected::NewtypeStruct | Unexpected::Enum | Unexpected::UnitVariant | Unexpected::NewtypeVariant => {
            "a value of another kind".to_owned()
        }
        Unexpected::Other(words) => cut(words),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-11
    #[test]
    fn no_word_of_the_library_is_left() {
        for (expected, found, text) in [
            ("a sequence", Unexpected::Unit, "The value must be a list, not null."),
            ("struct CreateDialog", Unexpected::Seq, "The value must be an object, not a list."),
            (
                "i32",
                Unexpected::Other("50.0"),
                "The value must be a whole number from -2147483648 to 2147483647, not 50.0.",
            ),
            ("a boolean", Unexpected::Str("yes"), "The value must be true or false, not 'yes'."),
            (
                "a date-time with an offset",
                Unexpected::Map,
                "The value must be a date-time with an offset, not an object.",
            ),
        ] {
            assert_eq!(must_be(&expected, found), text);
        }
        let long = "x".repeat(100);
        assert_eq!(
            must_be(&"a boolean", Unexpected::Str(&long)),
            format!("The value must be true or false, not '{}…'.", "x".repeat(60))
        );
    }
}
