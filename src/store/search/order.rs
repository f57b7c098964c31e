//! SQL for orders: what is sorted by, and the keyset conditions that continue from a position.

use chrono::{TimeZone, Utc};
use uuid::Uuid;

use crate::domain::{
    Instant,
    order::{Direction, Key, Order, Position},
};

impl Key {
    /// The column of `dialog`.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::ContentUpdatedAt => "content_updated_at",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::DueAt => "due_at",
        }
    }
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    /// The comparison that means "further on".
    fn beyond(self) -> &'static str {
        match self {
            Self::Asc => ">",
            Self::Desc => "<",
        }
    }

    /// A value before all others.
    fn first_instant(self) -> Instant {
        let year = match self {
            Self::Asc => -4000,
            Self::Desc => 200_000,
        };
        Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().expect("chrono and the database know these years")
    }

    /// A value after all others that a token can still print.
    fn last_instant(self) -> Instant {
        match self {
            Self::Asc => Utc.with_ymd_and_hms(9999, 12, 31, 23, 59, 59).single().expect("a valid instant"),
            Self::Desc => Utc.with_ymd_and_hms(1, 1, 1, 0, 0, 0).single().expect("a valid instant"),
        }
    }

    fn first_id(self) -> Uuid {
        match self {
            Self::Asc => Uuid::nil(),
            Self::Desc => Uuid::max(),
        }
    }

    fn last_id(self) -> Uuid {
        match self {
            Self::Asc => Uuid::max(),
            Self::Desc => Uuid::nil(),
        }
    }
}

impl Order {
    /// The pieces an index walk takes one after the other: an order that leads with `dueAt` is cut where the nulls begin or
    /// end, because no row comparison spans them.
    pub(super) fn segments(&self) -> &'static [Segment] {
        match self.leading() {
            (Key::DueAt, Direction::Desc) => &[Segment::DueIsNull, Segment::DueIsSet],
            (Key::DueAt, Direction::Asc) => &[Segment::DueIsSet, Segment::DueIsNull],
            _ => &[Segment::Whole],
        }
    }

    /// Which segment a position lies in, as an index into `segments`.
    pub(super) fn segment_of(&self, position: &Position) -> usize {
        let wanted = match (self.leading().0, position.values.first()) {
            (Key::DueAt, Some(None)) => Segment::DueIsNull,
            (Key::DueAt, _) => Segment::DueIsSet,
            _ => Segment::Whole,
        };
        self.segments().iter().position(|segment| *segment == wanted).unwrap_or(0)
    }

    /// The position after everything in a segment.
    pub(super) fn end_of(&self, segment: Segment) -> Position {
        let value = |&(key, direction): &(Key, Direction)| match (key, segment) {
            (Key::DueAt, Segment::DueIsNull) => None,
            (Key::DueAt, Segment::Whole) if direction == Direction::Asc => None,
            _ => Some(direction.last_instant()),
        };
        Position { values: self.keys.iter().map(value).collect(), id: self.id.last_id() }
    }

    /// The position after everything with this value of the first key, where that is never null.
    pub(super) fn end_at(&self, value: Instant) -> Position {
        let mut end = self.end_of(Segment::Whole);
        end.values[0] = Some(value);
        end
    }

    /// What the walk of a segment is ordered by.
    pub(super) fn keys_in(&self, segment: Segment) -> Vec<(Key, Direction)> {
        let constant = |key: Key| key == Key::DueAt && segment == Segment::DueIsNull;
        self.keys.iter().copied().filter(|(key, _)| !constant(*key)).collect()
    }

    /// The values a walk of a segment starts behind: those of `after`, or values before all others.
    pub(super) fn start_in(&self, segment: Segment, after: Option<&Position>) -> Position {
        let values =
            self.keys.iter().enumerate().filter(|(_, (key, _))| !(*key == Key::DueAt && segment == Segment::DueIsNull));
        let value = |(i, (key, direction)): (usize, &(Key, Direction))| match after {
            Some(position) => position.values.get(i).copied().flatten(),
            None if *key == Key::DueAt && *direction == Direction::Desc && segment == Segment::Whole => None,
            None => Some(direction.first_instant()),
        };
        let id = after.map_or_else(|| self.id.first_id(), |position| position.id);
        Position { values: values.map(value).collect(), id }
    }

    /// `order by` text over the columns of `table`, such that an index of the segment's first key serves it.
    pub(super) fn sql_in(&self, segment: Segment, table: &str) -> String {
        let keys = self.keys_in(segment);
        let id = self.id.word();
        let mut parts: Vec<String> =
            keys.iter().map(|(key, direction)| format!("{table}.{} {}", key.column(), direction.word())).collect();
        if keys.is_empty() {
            // Constant here, but named so that the (…, due_at, id) index is recognised as being in this order.
            parts.push(format!("{table}.due_at {id}"));
        }
        parts.push(format!("{table}.id {id}"));
        parts.join(", ")
    }

    /// The condition that a row of `d` lies beyond the cursor columns `s.c0`, `s.c1`, …, `s.cid`.
    ///
    /// Right for nulls and mixed directions. A single key in one direction with the id becomes a row comparison; otherwise
    /// a plain bound on the first key stands in front, so that the index is entered where the page begins.
    pub(super) fn keyset_in(&self, segment: Segment) -> String {
        let keys = self.keys_in(segment);
        match keys[..] {
            [(key, direction)] if direction == self.id && !(key == Key::DueAt && segment == Segment::Whole) => {
                format!("(d.{}, d.id) {} (s.c0, s.cid)", key.column(), direction.beyond())
            }
            _ => {
                let beyond = self.beyond(&keys, 0, segment);
                match keys.first() {
                    Some((key, direction)) if !(*key == Key::DueAt && segment == Segment::Whole) => {
                        format!("d.{} {}= s.c0 and {beyond}", key.column(), direction.beyond())
                    }
                    _ => beyond,
                }
            }
        }
    }

    fn beyond(&self, keys: &[(Key, Direction)], at: usize, segment: Segment) -> String {
        let Some((key, direction)) = keys.get(at) else { return format!("d.id {} s.cid", self.id.beyond()) };
        let rest = self.beyond(keys, at + 1, segment);
        let column = key.column();
        if *key == Key::DueAt && segment != Segment::DueIsSet {
            let further = match direction {
                Direction::Desc => {
                    format!("(case when s.c{at} is null then d.due_at is not null else d.due_at < s.c{at} end)")
                }
                Direction::Asc => format!("(s.c{at} is not null and (d.due_at is null or d.due_at > s.c{at}))"),
            };
            format!("({further} or (d.due_at is not distinct from s.c{at} and {rest}))")
        } else {
            format!("(d.{column} {} s.c{at} or (d.{column} = s.c{at} and {rest}))", direction.beyond())
        }
    }
}

/// A piece of an order that one index walk covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Whole,
    DueIsNull,
    DueIsSet,
}

impl Segment {
    /// The condition on `d` that makes the segment, if there is one.
    pub(super) fn condition(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::DueIsNull => Some("d.due_at is null"),
            Self::DueIsSet => Some("d.due_at is not null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::domain::order::{Direction::*, Key::*};

    fn order(keys: &[(Key, Direction)], id: Direction) -> Order {
        Order { keys: keys.to_vec(), id }
    }

    #[test]
    fn one_key_in_the_id_s_direction_is_a_row_comparison() {
        assert_eq!(Order::default().keyset_in(Segment::Whole), "(d.content_updated_at, d.id) < (s.c0, s.cid)");
        let mixed = order(&[(CreatedAt, Asc)], Desc).keyset_in(Segment::Whole);
        assert_eq!(mixed, "d.created_at >= s.c0 and (d.created_at > s.c0 or (d.created_at = s.c0 and d.id < s.cid))");
    }

    #[test]
    fn nulls_come_first_descending_and_last_ascending() {
        let at = |due: Option<i64>| Position {
            values: vec![due.map(|s| Instant::from_timestamp(s, 0).expect("valid"))],
            id: Uuid::nil(),
        };
        let desc = order(&[(DueAt, Desc)], Desc);
        assert_eq!(desc.compare(&at(None), &at(Some(9))), Ordering::Less);
        assert_eq!(desc.compare(&at(Some(9)), &at(Some(8))), Ordering::Less);
        let asc = order(&[(DueAt, Asc)], Desc);
        assert_eq!(asc.compare(&at(None), &at(Some(9))), Ordering::Greater);
        assert_eq!((asc.segment_of(&at(None)), desc.segment_of(&at(None))), (1, 0));
    }

    #[test]
    fn a_segment_ends_behind_all_its_rows() {
        let desc = order(&[(DueAt, Desc), (UpdatedAt, Desc)], Desc);
        let now = Instant::from_timestamp(1_800_000_000, 0).expect("valid");
        let inside = Position { values: vec![None, Some(now)], id: Uuid::max() };
        let behind = Position { values: vec![Some(now), Some(now)], id: Uuid::max() };
        let end = desc.end_of(Segment::DueIsNull);
        assert_eq!((desc.compare(&inside, &end), desc.compare(&end, &behind)), (Ordering::Less, Ordering::Less));
    }
}
