//! Whether two values are equal, as the `test` operation sees it: members in any order, numbers by value.

use std::{borrow::Cow, collections::HashMap};

use super::node::{Kind, Node, cursor};
use crate::http::json::text::Token;

/// `None` if finding out takes more than there is `left` to spend, in bytes that are looked at.
pub(super) fn same(a: &Node, b: &Node, left: &mut usize) -> Option<bool> {
    if a.kind() != b.kind() {
        return Some(false);
    }
    if matches!(a.kind(), Kind::Flag | Kind::Other) {
        return Some(same_scalars(a, b));
    }
    let (a, b) = (opened(a, left)?, opened(b, left)?);
    match (&*a, &*b) {
        (Node::Items(a), Node::Items(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all(a.iter().zip(b), left)
        }
        (Node::Members(a), Node::Members(b)) => {
            // A map, since objects may have hundreds of thousands of members.
            let known: HashMap<&str, &Node> = b.iter().map(|(name, member)| (name.as_str(), member)).collect();
            let pairs: Option<Vec<_>> =
                a.iter().map(|(name, member)| Some((member, *known.get(name.as_str())?))).collect();
            match pairs {
                Some(pairs) if a.len() == b.len() => all(pairs.into_iter(), left),
                _ => Some(false),
            }
        }
        _ => Some(false),
    }
}

fn all<'n>(mut pairs: impl Iterator<Item = (&'n Node, &'n Node)>, left: &mut usize) -> Option<bool> {
    pairs.try_fold(true, |equal, (a, b)| if equal { same(a, b, left) } else { Some(false) })
}

/// One level apart, without a change to the document.
fn opened<'n>(node: &'n Node, left: &mut usize) -> Option<Cow<'n, Node>> {
    let Node::Text(text) = node else { return Some(Cow::Borrowed(node)) };
    *left = left.checked_sub(text.len())?;
    let mut open = node.clone();
    // Each part has at least one byte and its comma.
    open.open(text.len()).then_some(Cow::Owned(open))
}

fn same_scalars(a: &Node, b: &Node) -> bool {
    let (Node::Text(a), Node::Text(b)) = (a, b) else { return false };
    match (cursor(a).token(), cursor(b).token()) {
        // As text first: long whole numbers lose digits as floats.
        (Token::Number(a), Token::Number(b)) => a == b || same_numbers(a, b),
        (Token::String(a), Token::String(b)) => a == b,
        (Token::Bool(a), Token::Bool(b)) => a == b,
        (Token::Null, Token::Null) => true,
        _ => false,
    }
}

fn same_numbers(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { return false };
    a.total_cmp(&b).is_eq()
}
