//! Typed values out of a document's tree.
//!
//! Reading goes on after a fault: every unknown member and, per list item, the first ill-typed one is noted.

use std::cell::RefCell;

use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Fault;
use super::source::{Content, Entry, Node};
use crate::domain::violations::At;

/// Reads a value from `node`. Unknown members are noted and left out; a fault of type is noted and gives `None`.
pub fn read<T: for<'de> Deserialize<'de>>(node: &Node, at: At<'_>, faults: &mut Vec<Fault>) -> Option<T> {
    let unknown = RefCell::new(Vec::new());
    let result = T::deserialize(Reader { node, line: node.line, at, unknown: &unknown });
    faults.append(&mut unknown.into_inner());
    result.map_err(|broken| faults.push(broken.0)).ok()
}

/// A position in the tree as a source of typed values.
#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
    /// Of the member's name, where the value is one.
    line: Option<usize>,
    at: At<'a>,
    unknown: &'a RefCell<Vec<Fault>>,
}

/// A fault on its way out; it gets its place from the innermost value it leaves.
#[derive(Debug)]
struct Broken(Fault);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Broken {}

impl de::Error for Broken {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self(Fault { path: String::new(), line: None, text: text.to_string() })
    }
}

impl Reader<'_> {
    fn placed<T>(self, result: Result<T, Broken>) -> Result<T, Broken> {
        result.map_err(|Broken(fault)| {
            if fault.path.is_empty() {
                Broken(Fault { path: self.at.to_string(), line: self.line.or(self.node.line), ..fault })
            } else {
                Broken(fault)
            }
        })
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        self.placed(match &self.node.content {
            Content::Null => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(*value),
            Content::Number(number, _) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Content::Text(text) => visitor.visit_str(text),
            Content::List(items) => visitor.visit_seq(Items { reader: self, items: items.iter().enumerate() }),
            Content::Map(entries) => visitor.visit_map(Members { reader: self, entries: entries.iter(), next: None }),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        match &self.node.content {
            // An identifier without quotes is taken as it was written.
            Content::Number(_, written) => self.placed(visitor.visit_str(written)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        self.placed(match &self.node.content {
            Content::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(de::Error::custom("expected one of the known words")),
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_newtype_struct(self)
    }

    /// What a derived reader asks for at members it does not know.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        self.unknown.borrow_mut().push(Fault {
            path: self.at.to_string(),
            line: self.line.or(self.node.line),
            text: "there is no such member".to_owned(),
        });
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier
    }
}

struct Items<'a> {
    reader: Reader<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Broken;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Broken> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let reader = Reader { node, line: node.line, at: self.reader.at.item(index), unknown: self.reader.unknown };
        reader.placed(seed.deserialize(reader)).map(Some)
    }
}

struct Members<'a> {
    reader: Reader<'a>,
    entries: std::slice::Iter<'a, Entry>,
    next: Option<&'a Entry>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Broken;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Broken> {
        self.next = self.entries.next();
        self.next.map(|entry| seed.deserialize(entry.key.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Broken> {
        let Some(Entry { key, line, node }) = self.next.take() else {
            return Err(de::Error::custom("a member without a name"));
        };
        let reader = Reader { node, line: *line, at: self.reader.at.field(key), unknown: self.reader.unknown };
        reader.placed(seed.deserialize(reader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Item {
        id: String,
        #[serde(default)]
        count: u32,
    }

    fn faults<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let node = Node::parse(text).expect("well-formed");
        read::<T>(&node, At::Root(""), &mut faults);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn identifiers_need_no_quotes() {
        let node = Node::parse("id: 08844397713 # a comment\ncount: 3").expect("well-formed");
        let item: Item = read(&node, At::Root(""), &mut Vec::new()).expect("readable");
        assert_eq!((item.id.as_str(), item.count), ("08844397713", 3));
    }

    #[test]
    fn faults_have_path_and_line_in_yaml_and_json() {
        let yaml = "- id: a\n  extra: {x: 1}\n  other: 2\n- id: b\n  count: many\n";
        assert_eq!(
            faults::<Vec<Item>>(yaml),
            [
                "line 2: [0].extra: there is no such member",
                "line 3: [0].other: there is no such member",
                "line 5: [1].count: invalid type: string \"many\", expected u32",
            ]
        );
        let json = "[\n {\"id\": \"a\",\n  \"extra\": 1},\n {}\n]";
        assert_eq!(
            faults::<Vec<Item>>(json),
            ["line 3: [0].extra: there is no such member", "line 4: [1]: missing field `id`"]
        );
    }

    #[test]
    fn a_broken_text_has_a_line() {
        let fault = |text| Node::parse(text).map_or_else(|fault| fault.to_string(), |_| String::new());
        assert_eq!(fault("a: 1\nb: [1, 2\n"), "line 2: unclosed bracket '['");
        assert_eq!(fault("a: 1\na: 2\n"), "line 2: duplicate mapping key: a");
        assert_eq!(fault("{\"a\": 1,\n \"b\" 2}").get(..8), Some("line 2: "));
    }
}
