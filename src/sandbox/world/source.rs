//! A scenario's text as a tree that remembers its lines.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::Fault;

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
        let raw: Spanned<Raw> = serde_saphyr::from_str(text).map_err(|error| fault_of(&error))?;
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

/// The reader's error without its excerpt, its own words for the line, and its advice to programmers.
fn fault_of(error: &serde_saphyr::Error) -> Fault {
    let location = error.location();
    let shown = error.without_snippet().to_string();
    let text = shown.lines().next().unwrap_or_default();
    let place = location.map(|at| format!(" at line {}, column {}", at.line(), at.column()));
    let text = place.and_then(|place| text.strip_suffix(place.as_str())).unwrap_or(text);
    let text = text.split(", set ").next().unwrap_or(text).to_owned();
    Fault { path: String::new(), line: location.as_ref().and_then(line), text }
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
