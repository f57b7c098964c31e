//! A scenario's text as a tree that remembers its lines, and the reading of typed members from it.
//!
//! Reading goes on after a fault: every unknown member and, per list item, the first ill-typed one is noted.

use std::cell::RefCell;

use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::Fault;
use crate::domain::violations::At;

/// A value of the document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Unknown for values that did not come from a text.
    pub line: Option<usize>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Null,
    Bool(bool),
    /// A number and how it was written: numbers of people may begin with a zero.
    Number(Number, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub line: Option<usize>,
    pub node: Node,
}

impl Node {
    /// Reads YAML or JSON.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        // A byte order mark is no part of the document.
        let text = text.trim_start_matches('\u{feff}');
        let raw: Spanned<Raw> = serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().and_then(|at| usize::try_from(at.line()).ok());
            let text = error.to_string();
            Fault { path: String::new(), line, text: text.lines().next().unwrap_or_default().to_owned() }
        })?;
        Ok(Self::from_raw(raw, text))
    }

    fn from_raw(raw: Spanned<Raw>, source: &str) -> Self {
        let line = line(&raw.referenced);
        let content = match raw.value {
            Raw::Null => Content::Null,
            Raw::Bool(value) => Content::Bool(value),
            Raw::Number(number) => {
                let span = raw.referenced.span();
                let written = span.byte_offset().zip(span.byte_len()).and_then(|(from, len)| {
                    let from = usize::try_from(from).ok()?;
                    source.get(from..from + usize::try_from(len).ok()?)
                });
                let text = written.map_or_else(|| number.to_string(), |text| text.trim().to_owned());
                Content::Number(number, text)
            }
            Raw::Text(text) => Content::Text(text),
            Raw::List(items) => Content::List(items.into_iter().map(|item| Self::from_raw(item, source)).collect()),
            Raw::Map(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|(key, node)| Entry {
                        line: self::line(&key.referenced),
                        key: key.value,
                        node: Self::from_raw(node, source),
                    })
                    .collect(),
            ),
        };
        Self { line, content }
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn member(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == name).map(|entry| &entry.node)
    }

    /// Removes a member and hands it over.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        let place = entries.iter().position(|entry| entry.key == name)?;
        Some(entries.remove(place).node)
    }

    pub fn member_mut(&mut self, name: &str) -> Option<&mut Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        entries.iter_mut().find(|entry| entry.key == name).map(|entry| &mut entry.node)
    }

    pub fn items_mut(&mut self) -> &mut [Node] {
        match &mut self.content {
            Content::List(items) => items,
            _ => &mut [],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// A text, or a number as it was written.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) | Content::Number(_, text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number, _) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_value).collect(),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect())
            }
        }
    }

    /// The same without lines, for values whose text is not the reader's.
    pub fn without_lines(mut self) -> Self {
        self.line = None;
        self.content = match self.content {
            Content::List(items) => Content::List(items.into_iter().map(Self::without_lines).collect()),
            Content::Map(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|entry| Entry { line: None, node: entry.node.without_lines(), ..entry })
                    .collect(),
            ),
            other => other,
        };
        self
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => Content::Number(number.clone(), number.to_string()),
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => Content::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => Content::Map(
                members
                    .iter()
                    .map(|(key, value)| Entry { key: key.clone(), line: None, node: Self::from(value) })
                    .collect(),
            ),
        };
        Self { line: None, content }
    }
}

fn line(at: &serde_saphyr::Location) -> Option<usize> {
    usize::try_from(at.line()).ok().filter(|line| *line > 0)
}

/// What the YAML reader hands over, before numbers get back their spelling.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Raw, D::Error> {
                from.deserialize_any(self)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Number(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Number(value.into()))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Raw, E> {
                Number::from_f64(value).map(Raw::Number).ok_or_else(|| E::custom("not a finite number"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }
        from.deserialize_any(Any)
    }
}

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
        assert_eq!(Node::parse("a: 1\nb: [1, 2\n").map_err(|fault| fault.line.is_some()).map(|_| ()), Err(true));
        assert_eq!(Node::parse("a: 1\na: 2\n").map_err(|fault| fault.line).map(|_| ()), Err(Some(2)));
    }
}
