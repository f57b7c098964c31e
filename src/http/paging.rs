//! Pages of lists on the wire: how orders and places in them are read and printed, limit, envelope. What an order is, is the
//! domain's; the keyset condition is the store's.

use serde::Serialize;
use uuid::Uuid;

use super::{Timestamp, lenient_uuid, query::Query, timestamp};
use crate::domain::{
    Instant,
    order::{Direction, Key, Order, Position},
    violations::{Code, Violations},
};

/// What the wire orders by: the keys of an order, and the id, which always ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Key(Key),
    Id,
}

impl Column {
    const ALL: [Self; 5] = [
        Self::Key(Key::CreatedAt),
        Self::Key(Key::UpdatedAt),
        Self::Key(Key::ContentUpdatedAt),
        Self::Key(Key::DueAt),
        Self::Id,
    ];

    /// As printed, in lower case.
    fn name(self) -> &'static str {
        match self {
            Self::Key(Key::CreatedAt) => "createdat",
            Self::Key(Key::UpdatedAt) => "updatedat",
            Self::Key(Key::ContentUpdatedAt) => "contentupdatedat",
            Self::Key(Key::DueAt) => "dueat",
            Self::Id => "id",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(text))
    }
}

/// The columns of an order, the id last.
fn columns(order: &Order) -> impl Iterator<Item = Column> {
    order.keys.iter().map(|(key, _)| Column::Key(*key)).chain([Column::Id])
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Asc => "asc",
        Direction::Desc => "desc",
    }
}

/// By name, or by the number that the reference's enum has.
fn parse_direction(text: &str) -> Option<Direction> {
    match text {
        "1" => Some(Direction::Asc),
        "2" => Some(Direction::Desc),
        _ => [Direction::Asc, Direction::Desc]
            .into_iter()
            .find(|direction| direction_name(*direction).eq_ignore_ascii_case(text)),
    }
}

/// Reads `key[_direction],…`: no key twice. Blank text is no order, commas alone are the default, and what is missing
/// (a key besides the id, the id's direction) is the default's.
pub fn parse_order(text: &str) -> Option<Order> {
    if text.trim().is_empty() {
        return None;
    }
    let mut keys: Vec<(Key, Direction)> = Vec::new();
    let mut id = None;
    for part in parts(text) {
        let (column, direction) = match part.split_once('_') {
            None => (Column::parse(part)?, Direction::Desc),
            Some((column, direction)) => (Column::parse(column)?, parse_direction(direction)?),
        };
        match column {
            Column::Key(key) if keys.iter().all(|(known, _)| *known != key) => keys.push((key, direction)),
            Column::Id if id.is_none() => id = Some(direction),
            // Twice in an order, the second could never decide anything.
            Column::Key(_) | Column::Id => return None,
        }
    }
    let default = Order::default();
    Some(Order { keys: if keys.is_empty() { default.keys } else { keys }, id: id.unwrap_or(default.id) })
}

/// The order as pages tell it, in full.
pub fn printed_order(order: &Order) -> String {
    let mut text = String::new();
    for (key, direction) in &order.keys {
        text.push_str(Column::Key(*key).name());
        text.push('_');
        text.push_str(direction_name(*direction));
        text.push(',');
    }
    text + "id_" + direction_name(order.id)
}

/// An item's value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// `None` is possible for `DueAt` only.
    Instant(Option<Instant>),
    Id(Uuid),
}

/// The place behind which a page starts, as clients hold it: the values of the last item seen, in any sequence and possibly
/// with more of them than the order asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinuationToken(Vec<(Column, Value)>);

impl ContinuationToken {
    /// The token of a place in `order`.
    pub fn of(order: &Order, position: &Position) -> Self {
        let keys = order.keys.iter().zip(&position.values);
        let values = keys.map(|((key, _), value)| (Column::Key(*key), Value::Instant(*value)));
        Self(values.chain([(Column::Id, Value::Id(position.id))]).collect())
    }

    /// Reads `key_value,…` in any order; keys that no order asks for do no harm.
    pub fn parse(text: &str) -> Option<Self> {
        let mut values: Vec<(Column, Value)> = Vec::new();
        for part in parts(text) {
            let (column, value) = part.split_once('_')?;
            let column = Column::parse(column)?;
            let value = match column {
                Column::Id => Value::Id(lenient_uuid(value)?),
                // Nothing behind the underscore stands for null, which only this key can be.
                Column::Key(Key::DueAt) if value.trim().is_empty() => Value::Instant(None),
                Column::Key(_) => Value::Instant(Some(timestamp::parse_lenient(value)?)),
            };
            // Given twice, the token was put together by hand.
            if values.iter().any(|(known, _)| *known == column) {
                return None;
            }
            values.push((column, value));
        }
        (!values.is_empty()).then_some(Self(values))
    }

    fn get(&self, column: Column) -> Option<Value> {
        self.0.iter().find(|(known, _)| *known == column).map(|(_, value)| *value)
    }

    /// The place in `order`; `None` if the token lacks a key, which the rules refuse.
    pub fn position(&self, order: &Order) -> Option<Position> {
        let instant = |key: Key| match self.get(Column::Key(key))? {
            Value::Instant(instant) => Some(instant),
            Value::Id(_) => None,
        };
        let Value::Id(id) = self.get(Column::Id)? else { return None };
        Some(Position { values: order.keys.iter().map(|(key, _)| instant(*key)).collect::<Option<_>>()?, id })
    }
}

impl std::fmt::Display for ContinuationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (column, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}_", column.name())?;
            match value {
                Value::Instant(Some(instant)) => write!(f, "{}", Timestamp(*instant))?,
                Value::Instant(None) => {}
                Value::Id(id) => write!(f, "{id}")?,
            }
        }
        Ok(())
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Which page of a list is wanted.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// As given; between 1 and 1000 once checked.
    pub limit: i32,
    pub order: Order,
    pub token: Option<ContinuationToken>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 100, order: Order::default(), token: None }
    }
}

impl PageRequest {
    /// From `limit`, `orderBy` and `continuationToken`; what cannot be read is reported by [`Query::finish`].
    pub fn of(query: &mut Query) -> Self {
        Self {
            order: query.scalar("orderBy", "OrderSet`2", parse_order).unwrap_or_default(),
            ..Self::in_fixed_order(query)
        }
    }

    /// For lists that have one order only: `orderBy` is ignored.
    pub fn in_fixed_order(query: &mut Query) -> Self {
        Self {
            limit: query.integer("limit").unwrap_or(100),
            order: Order::default(),
            token: query.scalar("continuationToken", "ContinuationTokenSet`2", ContinuationToken::parse),
        }
    }

    /// The rules for `limit` and `continuationToken`, in this order.
    pub fn check(&self, found: &mut Violations) {
        // Both bounds are the contract's (chapter 08 §3.4).
        if !(1..=1000).contains(&self.limit) {
            let text = format!("'Limit' must be between 1 and 1000. You entered {}.", self.limit);
            found.add("limit", Code::NumberOutOfRange.says(text).hint("Write a whole number from 1 to 1000."));
        }
        let Some(token) = &self.token else { return };
        let missing: Vec<_> =
            columns(&self.order).filter(|column| token.get(*column).is_none()).map(Column::name).collect();
        if !missing.is_empty() {
            let missing = missing.join(",");
            let text = format!("ContinuationToken does not match OrderBy. Missing token keys: [{missing}].");
            let hint = "Send the token with the same `orderBy` as the page it came with.";
            found.add("continuationToken", Code::ContinuationTokenMismatch.says(text).hint(hint));
        }
    }

    /// Rows to fetch: one more than shown, which tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where the page begins.
    pub fn after(&self) -> Option<Position> {
        self.token.as_ref().and_then(|token| token.position(&self.order))
    }

    /// The page that `rows` (at most [`PageRequest::rows`] of them) make; `position` is a row's place.
    pub fn page<T>(&self, mut rows: Vec<T>, position: impl Fn(&T) -> Position) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(position);
        self.answer(rows, has_next, last)
    }

    /// The page of these items; the next one begins behind `next`. An empty page gives back the token it was asked with,
    /// unless the search stopped further on.
    pub fn answer<T>(&self, items: Vec<T>, has_next_page: bool, next: Option<Position>) -> Page<T> {
        let next = next.map(|position| ContinuationToken::of(&self.order, &position));
        Page {
            items,
            has_next_page,
            continuation_token: next.or_else(|| self.token.clone()).map(|token| token.to_string()),
            order_by: printed_order(&self.order),
        }
    }
}

/// One page of a list. The last page has a token, too: `hasNextPage` says whether to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_next_page: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
    pub order_by: String,
}

impl<T> Page<T> {
    /// The same page of other items.
    pub fn map<U>(self, shown: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(shown).collect(),
            has_next_page: self.has_next_page,
            continuation_token: self.continuation_token,
            order_by: self.order_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_are_printed_in_full() {
        for (text, printed) in [
            (",", "contentupdatedat_desc,id_desc"),
            ("createdAt", "createdat_desc,id_desc"),
            ("dueAt_asc, ,UPDATEDAT_Desc", "dueat_asc,updatedat_desc,id_desc"),
            ("id_asc,createdAt_1", "createdat_asc,id_asc"),
            ("ID", "contentupdatedat_desc,id_desc"),
            ("id_2,dueat", "dueat_desc,id_desc"),
        ] {
            assert_eq!(parse_order(text).as_ref().map(printed_order).as_deref(), Some(printed), "{text}");
        }
        for text in [
            "",
            "  ",
            "title",
            "createdAt_",
            "createdAt_up",
            "createdAt_asc_x",
            "_asc",
            "createdAt,CREATEDAT_asc",
            "id,ID",
            "dueAt_3",
        ] {
            assert_eq!(parse_order(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_are_refused_for_the_contracts_reasons() {
        let id = "0196c0de-0000-7000-8000-000000000001";
        for text in [
            format!("contentupdatedat_2031-04-05T06:07:08.1234560Z,id_{id}"),
            format!(" ID_{{{id}}} , DueAt_ ,,"),
            "createdat_2031-04-05".to_owned(),
        ] {
            assert!(ContinuationToken::parse(&text).is_some(), "{text}");
        }
        for text in [
            "",
            ",",
            "createdat",
            "createdat_",
            "createdat_x",
            "id_",
            "id_x",
            "title_x",
            "dueat_,dueat_",
            "id_a_b",
            "dueat_2031-04-05_1",
        ] {
            assert_eq!(ContinuationToken::parse(text), None, "{text}");
        }
    }

    #[test]
    fn token_and_order_must_agree() {
        let mut query =
            Query::parse("limit=1001&orderBy=createdAt,dueAt&continuationToken=contentupdatedat_2031-04-05");
        let page = PageRequest::of(&mut query);
        query.finish().expect("all of it can be read");
        let mut found = Violations::new();
        page.check(&mut found);
        insta::assert_json_snapshot!(found, @r#"
        {
          "limit": [
            "'Limit' must be between 1 and 1000. You entered 1001."
          ],
          "continuationToken": [
            "ContinuationToken does not match OrderBy. Missing token keys: [createdat,dueat,id]."
          ]
        }
        "#);
    }

    #[test]
    fn the_last_item_shown_makes_the_token() {
        let request = PageRequest { limit: 2, order: parse_order("dueAt").expect("an order"), token: None };
        let at = |n: &u128| Position { values: vec![None], id: Uuid::from_u128(*n) };
        let page = request.page(vec![1, 2, 3], at);
        assert_eq!((page.items.as_slice(), page.has_next_page), (&[1, 2][..], true));
        assert_eq!(page.continuation_token.as_deref(), Some("dueat_,id_00000000-0000-0000-0000-000000000002"));
        let token = ContinuationToken::parse("dueat_,id_00000000-0000-0000-0000-000000000002");
        let empty = PageRequest { token, ..request }.page(Vec::<u128>::new(), at);
        assert!(!empty.has_next_page);
        assert_eq!(empty.continuation_token.as_deref(), Some("dueat_,id_00000000-0000-0000-0000-000000000002"));
        assert_eq!(PageRequest::default().page(Vec::<u128>::new(), at).continuation_token, None);
    }

    /// S-033, S-038
    #[test]
    fn tokens_are_positions() {
        let order = parse_order("dueAt,createdAt_asc").expect("an order");
        let text = "dueat_,createdat_2031-04-05T06:07:08.1234560Z,id_0196c0de-0000-7000-8000-000000000001";
        let position = ContinuationToken::parse(text).and_then(|token| token.position(&order)).expect("every key");
        assert_eq!(ContinuationToken::of(&order, &position).to_string(), text);
        let swapped =
            "id_0196c0de-0000-7000-8000-000000000001,updatedat_2031-04-05,createdat_2031-04-05T06:07:08.123456Z,dueat_";
        assert_eq!(ContinuationToken::parse(swapped).expect("a token").position(&order), Some(position));
    }

    fn orders() -> impl Strategy<Value = Order> {
        let direction = || prop_oneof![Just(Direction::Asc), Just(Direction::Desc)];
        let keys = vec![Key::CreatedAt, Key::UpdatedAt, Key::ContentUpdatedAt, Key::DueAt];
        (Just(keys).prop_shuffle(), prop::collection::vec(direction(), 1..=4), direction())
            .prop_map(|(keys, directions, id)| Order { keys: keys.into_iter().zip(directions).collect(), id })
    }

    proptest! {
        /// What is printed is read back, and the token of an order satisfies it.
        #[test]
        fn orders_and_tokens_are_read_back(order in orders(), micros in 0..4_000_000_000_000_000_i64, id in any::<u128>(), none in any::<bool>()) {
            let instant = DateTime::from_timestamp_micros(micros).expect("within range");
            let value = |(key, _): &(Key, Direction)| if *key == Key::DueAt && none { None } else { Some(instant) };
            let position = Position { values: order.keys.iter().map(value).collect(), id: Uuid::from_u128(id) };
            let token = ContinuationToken::of(&order, &position);
            prop_assert_eq!(parse_order(&printed_order(&order)), Some(order.clone()));
            prop_assert_eq!(ContinuationToken::parse(&token.to_string()), Some(token.clone()));
            let mut found = Violations::new();
            let request = PageRequest { limit: 1, order, token: Some(token) };
            request.check(&mut found);
            prop_assert!(found.is_empty());
            prop_assert_eq!(request.after(), Some(position));
        }

        #[test]
        fn no_text_breaks_the_readers(text in any::<String>()) {
            let _ = (parse_order(&text), ContinuationToken::parse(&text));
        }
    }
}
