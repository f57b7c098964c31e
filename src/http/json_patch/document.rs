//! The document under the operations, and the bounds that hold meanwhile: of its size in bytes, of its depth, and of how much
//! all operations together may move about. A short patch must not make a long document, nor keep a processor busy.

use bytes::Bytes;

use super::{
    MAX_DEPTH,
    node::{Kind, NODE_BYTES, Node, Size},
    same::same,
};
use crate::domain::limits::BODY_BYTES;

/// How much larger than it came the document may be while it is patched, with what its parts cost in memory. A patch that
/// brings all it adds stays far below.
const GROWTH: usize = 3 * BODY_BYTES;

/// How many bytes all operations together may move, copy, compare or take apart.
const EFFORT: usize = 10 * BODY_BYTES;

/// What reading and writing a document anew costs, compared with moving it.
const NORMALISING: usize = 4;

/// Members that hold an enum: removing one leaves the number zero, which the rules refuse.
const ENUM_MEMBERS: [&str; 6] = ["status", "priority", "httpmethod", "consumertype", "type", "actortype"];

const TOO_LARGE: &str = "The operations make the document too large.";
const TOO_MUCH: &str = "The operations move too many values.";

pub(super) struct Document {
    root: Node,
    bounds: Bounds,
    /// The length it may have in the end.
    longest: usize,
}

struct Bounds {
    /// The document's size at present.
    size: usize,
    most: usize,
    effort: usize,
}

impl Bounds {
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.effort = self.effort.checked_sub(bytes).ok_or(TOO_MUCH)?;
        Ok(())
    }

    /// Takes a value apart that a path leads into.
    fn open(&mut self, node: &mut Node) -> Result<(), String> {
        let Node::Text(text) = &*node else { return Ok(()) };
        if !matches!(node.kind(), Kind::Object | Kind::List) {
            return Ok(());
        }
        let length = text.len();
        self.spend(length)?;
        self.size -= length + NODE_BYTES;
        if !node.open(self.most.saturating_sub(self.size) / NODE_BYTES) {
            return Err(TOO_LARGE.into());
        }
        self.size += node.size().bytes;
        if self.size > self.most { Err(TOO_LARGE.into()) } else { Ok(()) }
    }

    /// Whether a value may come to lie at `path`.
    fn admit(&mut self, value: &Node, path: &str) -> Result<(), String> {
        let Size { bytes, depth } = value.size();
        // Copying a part into itself again and again would nest without end.
        if segments(path).len() + depth > MAX_DEPTH {
            return Err("The operations nest values too deep.".into());
        }
        self.spend(bytes)?;
        if self.size + bytes > self.most { Err(TOO_LARGE.into()) } else { Ok(()) }
    }

    fn put(&mut self, place: &mut Node, value: Node) -> Node {
        self.size += value.size().bytes;
        let before = std::mem::replace(place, value);
        self.size -= before.size().bytes;
        before
    }
}

impl Document {
    pub fn new(text: Bytes) -> Self {
        let longest = text.len() + BODY_BYTES;
        let root = Node::Text(text);
        let size = root.size().bytes;
        Self { root, bounds: Bounds { size, most: size + GROWTH, effort: EFFORT + size }, longest }
    }

    /// The whole as text, without members that are null.
    pub fn written(&self) -> Result<Bytes, String> {
        let mut text = Vec::new();
        self.root.write(&mut text);
        if text.len() > self.longest { Err(TOO_LARGE.into()) } else { Ok(text.into()) }
    }

    /// Replaces the whole by what `normalise` makes of its text.
    pub fn normalise(&mut self, normalise: impl Fn(Bytes) -> Result<Bytes, String>) -> Result<(), String> {
        self.bounds.spend(NORMALISING * self.bounds.size)?;
        let text = self.written()?;
        self.root = Node::Text(normalise(text)?);
        self.bounds.size = self.root.size().bytes;
        Ok(())
    }

    /// A copy of what is at `path`; its texts are shared.
    pub fn look_up(&mut self, path: &str) -> Result<Node, String> {
        Ok(reach(&mut self.root, &mut self.bounds, path)?.clone())
    }

    /// Whether what is at `from` may move to `path`; nothing is moved yet.
    pub fn fits(&mut self, from: &str, path: &str) -> Result<(), String> {
        let value = reach(&mut self.root, &mut self.bounds, from)?;
        self.bounds.admit(value, path)
    }

    pub fn add(&mut self, path: &str, value: Node) -> Result<(), String> {
        self.bounds.admit(&value, path)?;
        let bounds = &mut self.bounds;
        let (holder, last) = holder(&mut self.root, bounds, path)?;
        if let Node::Items(items) = holder {
            let at = if last == "-" { items.len() } else { index(items.len() + 1, &last)? };
            bounds.spend((items.len() - at) * size_of::<Node>())?;
            bounds.size += value.size().bytes;
            items.insert(at, value);
            return Ok(());
        }
        let place = child(holder, &last, bounds)?;
        bounds.put(place, value);
        Ok(())
    }

    pub fn replace(&mut self, path: &str, value: Node) -> Result<(), String> {
        self.bounds.admit(&value, path)?;
        let bounds = &mut self.bounds;
        let (holder, last) = holder(&mut self.root, bounds, path)?;
        let last = match &*holder {
            // For replacing and removing, `-` means the last item in the reference, though RFC 6901 has it name none.
            Node::Items(items) if last == "-" && !items.is_empty() => (items.len() - 1).to_string(),
            _ => last,
        };
        let place = child(holder, &last, bounds)?;
        bounds.put(place, value);
        Ok(())
    }

    /// Takes an item out of its list; empties a member, which gives back what it held.
    pub fn remove(&mut self, path: &str) -> Result<Node, String> {
        let bounds = &mut self.bounds;
        let (holder, last) = holder(&mut self.root, bounds, path)?;
        if let Node::Items(items) = holder {
            let at = if last == "-" && !items.is_empty() { items.len() - 1 } else { index(items.len(), &last)? };
            bounds.spend((items.len() - at) * size_of::<Node>())?;
            let removed = items.remove(at);
            bounds.size -= removed.size().bytes;
            return Ok(removed);
        }
        let is_enum = ENUM_MEMBERS.contains(&last.to_ascii_lowercase().as_str());
        let place = child(holder, &last, bounds)?;
        let emptied = match place.kind() {
            Kind::List => "[]",
            Kind::Flag => "false",
            // Null would be absent and so the default; the reference's zero is a value that the rules refuse.
            Kind::Object | Kind::Other if is_enum => "0",
            Kind::Object | Kind::Other => "null",
        };
        Ok(bounds.put(place, Node::fixed(emptied)))
    }

    /// Whether what is at `path` equals `value`.
    pub fn test(&mut self, path: &str, value: &Node) -> Result<(), String> {
        let current = reach(&mut self.root, &mut self.bounds, path)?;
        match same(current, value, &mut self.bounds.effort) {
            Some(true) => Ok(()),
            Some(false) => {
                let (current, value) = (shown(current), shown(value));
                Err(format!("The current value '{current}' at path '{path}' is not equal to the test value '{value}'."))
            }
            None => Err(TOO_MUCH.into()),
        }
    }
}

/// What a refusal repeats of a value.
fn shown(node: &Node) -> String {
    const SHOWN: usize = 200;
    let mut text = Vec::new();
    node.write(&mut text);
    let text = match serde_json::from_slice::<serde_json::Value>(&text) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) => String::new(),
        _ => String::from_utf8_lossy(&text).into_owned(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    // In this order, or `~01` would become a slash (RFC 6901 §4).
    path.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

fn index(len: usize, segment: &str) -> Result<usize, String> {
    let at: usize =
        segment.parse().map_err(|_| format!("The path segment '{segment}' is invalid for an array index."))?;
    if at < len {
        return Ok(at);
    }
    Err(format!("The index value provided by path segment '{segment}' is out of bounds of the array size."))
}

/// Members are found in any letter case.
fn child<'a>(node: &'a mut Node, segment: &str, bounds: &mut Bounds) -> Result<&'a mut Node, String> {
    let missing = || format!("The target location specified by path segment '{segment}' was not found.");
    bounds.open(node)?;
    match node {
        Node::Members(members) => {
            let mut at = members.get_index_of(segment);
            // Letter by letter only if the exact name is missing, since this walks over all names.
            if at.is_none() {
                bounds.spend(members.len() * NODE_BYTES)?;
                at = members.keys().position(|name| name.eq_ignore_ascii_case(segment));
            }
            let (_, member) = at.and_then(|at| members.get_index_mut(at)).ok_or_else(missing)?;
            Ok(member)
        }
        Node::Items(items) => {
            let at = index(items.len(), segment)?;
            items.get_mut(at).ok_or_else(missing)
        }
        Node::Text(_) => Err(missing()),
    }
}

fn reach<'a>(root: &'a mut Node, bounds: &mut Bounds, path: &str) -> Result<&'a mut Node, String> {
    segments(path).iter().try_fold(root, |node, segment| child(node, segment, bounds))
}

/// What holds the path's last segment, taken apart, and that segment.
fn holder<'a>(root: &'a mut Node, bounds: &mut Bounds, path: &str) -> Result<(&'a mut Node, String), String> {
    let mut segments = segments(path);
    let last = segments.pop().unwrap_or_default();
    let node = segments.iter().try_fold(root, |node, segment| child(node, segment, bounds))?;
    bounds.open(node)?;
    Ok((node, last))
}
