//! A JSON document of which only that is taken apart which a path led into. All else stays the text it came as: a value that
//! is added whole costs nothing but its own bytes, and copies of it share them.

use bytes::Bytes;
use indexmap::IndexMap;

use crate::http::json::text::{Checked, Cursor, Token};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// As it was written: correct JSON.
    Text(Bytes),
    // Boxed, so that a node in a list of a million is not as large as a table.
    Members(Box<IndexMap<String, Node>>),
    Items(Vec<Node>),
}

/// What a node costs beside its text: its place in the parent, and an object's name and table.
pub(super) const NODE_BYTES: usize = 100;

/// What a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Of text and nodes.
    pub bytes: usize,
    /// Of the parts that were taken apart; a text counts as one.
    pub depth: usize,
}

/// What the first byte of a value says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    List,
    Flag,
    Other,
}

impl Node {
    pub fn fixed(text: &'static str) -> Self {
        Self::Text(Bytes::from_static(text.as_bytes()))
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Members(_) => Kind::Object,
            Self::Items(_) => Kind::List,
            Self::Text(text) => match text.first() {
                Some(b'{') => Kind::Object,
                Some(b'[') => Kind::List,
                Some(b't' | b'f') => Kind::Flag,
                _ => Kind::Other,
            },
        }
    }

    pub fn size(&self) -> Size {
        let leaf = |bytes| Size { bytes: bytes + NODE_BYTES, depth: 1 };
        let around =
            |size: Size, child: Size| Size { bytes: size.bytes + child.bytes, depth: size.depth.max(child.depth + 1) };
        match self {
            Self::Text(text) => leaf(text.len()),
            Self::Members(members) => members.iter().fold(leaf(0), |size, (name, member)| {
                let Size { bytes, depth } = member.size();
                around(size, Size { bytes: bytes + name.len(), depth })
            }),
            Self::Items(items) => items.iter().map(Self::size).fold(leaf(0), around),
        }
    }

    /// Takes an object or a list apart, one level; of several members of one name the last counts. Says whether there was
    /// room for its parts.
    pub fn open(&mut self, most: usize) -> bool {
        let Self::Text(text) = self else { return true };
        let text = text.clone();
        let mut cursor = cursor(&text);
        let part = |cursor: &mut Cursor<'_>| Self::Text(text.slice_ref(cursor.value().as_bytes()));
        let opened = match cursor.token() {
            Token::Members => {
                let mut members = IndexMap::new();
                let mut more = cursor.first(b'}');
                // One more than allowed is enough to know that there are too many.
                while more && members.len() <= most {
                    let name = cursor.name().into_owned();
                    members.insert(name, part(&mut cursor));
                    more = cursor.goes_on();
                }
                Self::Members(Box::new(members))
            }
            Token::Items => {
                let mut items = Vec::new();
                let mut more = cursor.first(b']');
                while more && items.len() <= most {
                    items.push(part(&mut cursor));
                    more = cursor.goes_on();
                }
                Self::Items(items)
            }
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::String(_) => return true,
        };
        if opened.parts() > most {
            return false;
        }
        *self = opened;
        true
    }

    /// Of an object or a list that was taken apart.
    pub fn parts(&self) -> usize {
        match self {
            Self::Text(_) => 0,
            Self::Members(members) => members.len(),
            Self::Items(items) => items.len(),
        }
    }

    /// As JSON. Members that are null are left out: to the rules they are absent.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_text(&mut cursor(text), out),
            Self::Members(members) => {
                let members = members.iter().filter(|(_, member)| !member.is_null());
                out.push(b'{');
                for (i, (name, member)) in members.enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    member.write(out);
                }
                out.push(b'}');
            }
            Self::Items(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Text(text) if text.first() == Some(&b'n'))
    }
}

/// At the value of a text that was checked when it came in.
pub(super) fn cursor(text: &Bytes) -> Cursor<'_> {
    Checked::before(std::str::from_utf8(text).unwrap_or_default()).cursor()
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text can be written to memory");
}

// Walked and not copied: nulls inside it have to go as well.
fn write_text(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) {
    let (open, close) = match cursor.peek() {
        b'{' => (b'{', b'}'),
        b'[' => (b'[', b']'),
        _ => return out.extend_from_slice(cursor.value().as_bytes()),
    };
    cursor.token();
    out.push(open);
    let (mut more, mut written) = (cursor.first(close), false);
    while more {
        let name = (open == b'{').then(|| cursor.name());
        if name.is_some() && cursor.peek() == b'n' {
            cursor.skip_value();
        } else {
            if std::mem::replace(&mut written, true) {
                out.push(b',');
            }
            if let Some(name) = name {
                write_string(&name, out);
                out.push(b':');
            }
            write_text(cursor, out);
        }
        more = cursor.goes_on();
    }
    out.push(close);
}
