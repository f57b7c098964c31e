//! Orders of dialogs and places in them. Paging parses and prints them, search writes SQL for them.

use std::cmp::Ordering;

use uuid::Uuid;

use super::Instant;

/// What a list can be ordered by; the id always comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    ContentUpdatedAt,
    CreatedAt,
    UpdatedAt,
    /// Null for many dialogs: those come first descending, last ascending.
    DueAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Asc,
    Desc,
}

/// An order of dialogs, total because the id ends it. No key stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub keys: Vec<(Key, Direction)>,
    // Times are shared by many dialogs (imports, a future `visibleFrom`); without the id a page could lose some of
    // them.
    pub id: Direction,
}

/// A place in an order: one value per key, in the order's sequence, and the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub values: Vec<Option<Instant>>,
    pub id: Uuid,
}

impl Direction {
    fn apply(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Asc => ordering,
            Self::Desc => ordering.reverse(),
        }
    }
}

impl Default for Order {
    /// Newest content first.
    fn default() -> Self {
        Self { keys: vec![(Key::ContentUpdatedAt, Direction::Desc)], id: Direction::Desc }
    }
}

impl Order {
    /// The key that comes first: whose index is walked.
    pub fn leading(&self) -> (Key, Direction) {
        *self.keys.first().expect("an order has at least one key before the id")
    }

    /// Whether nothing but the time of the content counts, and the id: the default order and its likes.
    pub fn is_by_content_alone(&self) -> bool {
        matches!(self.keys[..], [(Key::ContentUpdatedAt, _)])
    }

    /// The sequence of two positions of this order. A null counts as later than any date, as the database counts it.
    pub fn compare(&self, a: &Position, b: &Position) -> Ordering {
        // `Option` alone sorts `None` first.
        let nulls_last = |value: &Option<Instant>| (value.is_none(), *value);
        self.keys
            .iter()
            .zip(a.values.iter().zip(&b.values))
            .map(|((_, direction), (a, b))| direction.apply(nulls_last(a).cmp(&nulls_last(b))))
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| self.id.apply(a.id.cmp(&b.id)))
    }
}
