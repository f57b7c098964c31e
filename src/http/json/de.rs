//! From checked JSON text to a type, by the contract's rules.
//!
//! Nothing is built in between: a struct's members are looked up in the text, so that a body of 20 MB costs its own bytes
//! and those of the result.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
};

use serde::de::{self, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, Unexpected, Visitor};

use super::{
    text::{Checked, Cursor, Token},
    words,
};
use crate::domain::violations::At;

/// What the items of all lists of one document may take, in bytes of their types. A body of `{},{},…` must not become
/// gigabytes of empty objects.
// Three times the largest body: no honest request comes near.
const LISTS_BYTES: usize = 64 << 20;

/// What a member of a map costs beside its name and value: the name's own parts, and the map's slack.
const MEMBER_BYTES: usize = 100;

/// Why a value does not fit its type, and where it stands.
#[derive(Debug)]
pub struct TypeError {
    /// Relative to the body; known once the error left the value.
    pub path: Option<String>,
    pub text: String,
    /// The values there are, where there are few.
    pub allowed: Vec<String>,
}

impl TypeError {
    fn at(self, at: At<'_>) -> Self {
        Self { path: Some(self.path.unwrap_or_else(|| at.into())), ..self }
    }
}

impl std::fmt::Display for TypeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self { path: None, text: text.to_string(), allowed: Vec::new() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_value(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let wanted = expected.to_string();
        // As `Given` says what it expects.
        let names = wanted.strip_prefix("one of ").unwrap_or_default().split(", ").filter(|name| !name.is_empty());
        let allowed = names.map(str::to_owned).collect();
        Self { allowed, ..Self::custom(words::must_be(expected, found)) }
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::custom(words::must_be(expected, Unexpected::Other(&format!("a list of {length}"))))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        let allowed = known.iter().map(|&name| name.to_owned()).collect();
        Self { allowed, ..Self::custom(words::one_of(known, name)) }
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::custom(words::one_of(known, name))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::custom(format_args!("The member '{name}' must be given."))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::custom(format_args!("The member '{name}' is given twice."))
    }
}

/// Reads the document as a `T`; gives the members that `T` does not know besides.
pub fn read<'de, T: de::Deserialize<'de>>(text: Checked<'de>) -> Result<(T, Vec<UnknownMember>), TypeError> {
    let budget = Budget { left: Cell::new(LISTS_BYTES), unknown: RefCell::default() };
    let mut cursor = text.cursor();
    let value = T::deserialize(Value { cursor: &mut cursor, at: At::Root(""), budget: &budget })?;
    Ok((value, budget.unknown.into_inner()))
}

/// A member that means nothing where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMember {
    /// Relative to the body.
    pub path: String,
    pub name: String,
    /// The members that there are.
    pub known: &'static [&'static str],
}

/// How many unknown members are told.
// A body has room for a million of them, and their names would be kept.
const MOST_UNKNOWN: usize = 100;

/// What one reading may still take, and what it passed over.
struct Budget {
    left: Cell<usize>,
    unknown: RefCell<Vec<UnknownMember>>,
}

impl Budget {
    fn get(&self) -> usize {
        self.left.get()
    }

    fn set(&self, left: usize) {
        self.left.set(left);
    }

    fn pass_over(&self, name: &str, at: At<'_>, known: &'static [&'static str]) {
        let mut unknown = self.unknown.borrow_mut();
        if unknown.len() < MOST_UNKNOWN {
            unknown.push(UnknownMember { path: at.field(name).into(), name: name.to_owned(), known });
        }
    }
}

/// The value at the cursor. Reading it leaves the cursor behind it.
struct Value<'de, 'p> {
    cursor: &'p mut Cursor<'de>,
    at: At<'p>,
    budget: &'p Budget,
}

impl<'de> Value<'de, '_> {
    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.cursor.token() {
            Token::Null => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Number(text) => visit_number(text, visitor),
            Token::String(text) => visit_text(text, visitor),
            Token::Items => {
                let budget = self.budget;
                let mut items = Items { cursor: self.cursor, at: self.at, budget, next: 0, done: false };
                let value = visitor.visit_seq(&mut items)?;
                items.finish();
                Ok(value)
            }
            Token::Members => {
                let budget = self.budget;
                let mut members =
                    Members { cursor: self.cursor, at: self.at, budget, name: Cow::Borrowed(""), done: false };
                let value = visitor.visit_map(&mut members)?;
                members.finish();
                Ok(value)
            }
        }
    }

    /// A whole number, or a string that holds one.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.cursor.token() {
            Token::Number(text) => visit_integer(text, visitor),
            // Numbers in quotes, as the reference's serializer takes them.
            Token::String(text) => visit_integer(&text, visitor),
            other => Err(unexpected(&other, &visitor)),
        }
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        let token = self.cursor.token();
        let text = match &token {
            Token::Number(text) => text,
            // `parse` also takes words such as "inf", which are no numbers here.
            Token::String(text)
                if !text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) =>
            {
                text.as_ref()
            }
            other => return Err(unexpected(other, &visitor)),
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => Err(unexpected(&token, &visitor)),
        }
    }
}

fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, TypeError> {
    match text {
        // Only an escape can bring one, and no database stores it.
        Cow::Owned(text) if text.contains('\0') => Err(TypeError::custom("The text holds a NUL character.")),
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, TypeError> {
    if let Ok(number) = text.parse::<u64>() {
        return visitor.visit_u64(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return visitor.visit_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => visitor.visit_f64(number),
        _ => Err(TypeError::custom("The number is out of range.")),
    }
}

fn visit_integer<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, TypeError> {
    // `parse` also takes a leading plus, which JSON does not.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.starts_with('+') {
        return Err(TypeError::invalid_type(Unexpected::Str(text), &visitor));
    }
    match (text.parse::<i64>(), text.parse::<u64>()) {
        (Ok(number), _) => visitor.visit_i64(number),
        (_, Ok(number)) => visitor.visit_u64(number),
        _ => Err(TypeError::invalid_type(Unexpected::Str(text), &visitor)),
    }
}

fn unexpected(token: &Token<'_>, expected: &dyn Expected) -> TypeError {
    let found = match token {
        Token::Null => Unexpected::Other("null"),
        Token::Bool(value) => Unexpected::Bool(*value),
        Token::Number(text) => Unexpected::Other(text),
        Token::String(text) => Unexpected::Str(text),
        Token::Items => Unexpected::Seq,
        Token::Members => Unexpected::Map,
    };
    TypeError::invalid_type(found, expected)
}

/// `uuid` reads undashed, braced and URN forms too; JSON bodies may hold the 36-character form only. Its own words about
/// other text speak of forms that are not taken here.
fn is_wrong_uuid(text: &str, expected: &dyn Expected) -> bool {
    (text.len() != 36 || uuid::Uuid::try_parse(text).is_err()) && words::is_uuid(expected)
}

macro_rules! forward {
    ($($method:ident => $to:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            self.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'de, '_> {
    type Error = TypeError;

    forward! {
        deserialize_any => any, deserialize_bool => any, deserialize_char => any, deserialize_bytes => any,
        deserialize_byte_buf => any, deserialize_unit => any, deserialize_seq => any, deserialize_map => any,
        deserialize_i8 => integer, deserialize_i16 => integer, deserialize_i32 => integer, deserialize_i64 => integer,
        deserialize_u8 => integer, deserialize_u16 => integer, deserialize_u32 => integer, deserialize_u64 => integer,
        deserialize_f32 => float, deserialize_f64 => float, deserialize_string => any,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.cursor.token() {
            Token::String(text) if is_wrong_uuid(&text, &visitor) => {
                Err(TypeError::invalid_value(Unexpected::Str(&text), &visitor))
            }
            Token::String(text) => visit_text(text, visitor),
            other => Err(unexpected(&other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        // Checked text: what begins with n is null.
        if self.cursor.peek() == b'n' {
            self.cursor.skip_value();
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypeError> {
        self.any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TypeError> {
        self.any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.any(visitor)
    }

    /// Only objects; names without regard to case, of several the last, unknown ones skipped.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match self.cursor.token() {
            Token::Members => {}
            other => return Err(unexpected(&other, &visitor)),
        }
        // Places instead of values: of several members of one name only the last is read at all, so a mistake in an
        // overridden one does not count.
        let mut places: Vec<Option<Cursor<'de>>> = vec![None; fields.len()];
        if self.cursor.peek() == b'}' {
            self.cursor.goes_on();
        } else {
            loop {
                let name = self.cursor.name();
                match field_named(&name, fields) {
                    Some(field) => places[field] = Some(*self.cursor),
                    None => self.budget.pass_over(&name, self.at, fields),
                }
                self.cursor.skip_value();
                if !self.cursor.goes_on() {
                    break;
                }
            }
        }
        let mut members: Vec<_> =
            fields.iter().zip(places).filter_map(|(name, place)| place.map(|place| (*name, place))).collect();
        // In the text's order, so that the first mistake told is the first in the body.
        members.sort_unstable_by_key(|(_, place)| place.position());
        let fields = Fields { members: members.into_iter(), current: None, at: self.at, budget: self.budget };
        visitor.visit_map(fields)
    }

    /// Names of cases, without regard to letter case.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match self.cursor.token() {
            Token::String(text) => match field_named(&text, variants) {
                Some(variant) => visitor.visit_enum(variants[variant].into_deserializer()),
                None => Err(TypeError::unknown_variant(&text, variants)),
            },
            other => Err(unexpected(&other, &visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        self.any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        self.cursor.skip_value();
        visitor.visit_unit()
    }
}

fn field_named(name: &str, fields: &[&str]) -> Option<usize> {
    fields
        .iter()
        // Exactly first: nearly every name is written as the contract has it.
        .position(|field| *field == name)
        .or_else(|| fields.iter().position(|field| field.eq_ignore_ascii_case(name)))
}

/// The items of a list.
struct Items<'de, 'p> {
    cursor: &'p mut Cursor<'de>,
    at: At<'p>,
    budget: &'p Budget,
    next: usize,
    done: bool,
}

impl Items<'_, '_> {
    /// A visitor may stop early (a tuple); the rest is skipped.
    fn finish(&mut self) {
        while self.advance() {
            self.cursor.skip_value();
        }
    }

    /// To the next item, if there is one.
    fn advance(&mut self) -> bool {
        if self.done {
            return false;
        }
        let more = if self.next == 0 && self.cursor.peek() != b']' { true } else { self.cursor.goes_on() };
        self.done = !more;
        self.next += usize::from(more);
        more
    }
}

impl<'de> de::SeqAccess<'de> for &mut Items<'de, '_> {
    type Error = TypeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TypeError> {
        if !self.advance() {
            return Ok(None);
        }
        // Before the item is read, so that the bound holds while memory is taken and not after.
        let Some(left) = self.budget.get().checked_sub(size_of::<T::Value>()) else {
            return Err(TypeError::custom("The list holds too many items.").at(self.at));
        };
        self.budget.set(left);
        let at = self.at.item(self.next - 1);
        seed.deserialize(Value { cursor: &mut *self.cursor, at, budget: self.budget })
            .map(Some)
            .map_err(|error| error.at(at))
    }

    /// Most lists have one item or none; without a hint each would have room for four.
    fn size_hint(&self) -> Option<usize> {
        Some(usize::from(self.next == 0 && self.cursor.peek() != b']'))
    }
}

/// The members of an object that is read as a map.
struct Members<'de, 'p> {
    cursor: &'p mut Cursor<'de>,
    at: At<'p>,
    budget: &'p Budget,
    name: Cow<'de, str>,
    done: bool,
}

impl Members<'_, '_> {
    fn finish(&mut self) {
        while !self.done {
            if self.cursor.peek() == b'"' {
                self.name = self.cursor.name();
                self.cursor.skip_value();
            }
            self.done = !self.cursor.goes_on();
        }
    }
}

impl<'de> de::MapAccess<'de> for &mut Members<'de, '_> {
    type Error = TypeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypeError> {
        // Before the first name the cursor stands at it; after a value, at the comma or the closing brace.
        if self.done || self.cursor.peek() != b'"' && !self.cursor.goes_on() {
            self.done = true;
            return Ok(None);
        }
        self.name = self.cursor.name();
        let name: &str = &self.name;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, TypeError> {
        let at = self.at.field(&self.name);
        let Some(left) = self.budget.get().checked_sub(size_of::<T::Value>() + self.name.len() + MEMBER_BYTES) else {
            return Err(TypeError::custom("The object holds too many members.").at(self.at));
        };
        self.budget.set(left);
        seed.deserialize(Value { cursor: &mut *self.cursor, at, budget: self.budget }).map_err(|error| error.at(at))
    }
}

/// The known members of an object that is read as a struct, in the text's order.
struct Fields<'de, 'p> {
    members: std::vec::IntoIter<(&'static str, Cursor<'de>)>,
    current: Option<(&'static str, Cursor<'de>)>,
    at: At<'p>,
    budget: &'p Budget,
}

impl<'de> de::MapAccess<'de> for Fields<'de, '_> {
    type Error = TypeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypeError> {
        self.current = self.members.next();
        self.current.as_ref().map(|(name, _)| seed.deserialize((*name).into_deserializer())).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, TypeError> {
        let (name, mut cursor) = self.current.take().expect("a value is asked for after its key");
        let at = self.at.field(name);
        seed.deserialize(Value { cursor: &mut cursor, at, budget: self.budget }).map_err(|error| error.at(at))
    }
}
