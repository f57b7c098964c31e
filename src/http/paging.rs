//! Pages of lists: order, continuation token, limit, envelope. The keyset condition itself is the store's.

use serde::Serialize;
use uuid::Uuid;

use super::{Timestamp, lenient_uuid, query::Query, timestamp};
use crate::domain::{Instant, violations::Violations};

/// What dialogs may be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKey {
    CreatedAt,
    UpdatedAt,
    ContentUpdatedAt,
    DueAt,
    Id,
}

impl OrderKey {
    pub const ALL: [Self; 5] = [Self::CreatedAt, Self::UpdatedAt, Self::ContentUpdatedAt, Self::DueAt, Self::Id];

    /// As printed, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "createdat",
            Self::UpdatedAt => "updatedat",
            Self::ContentUpdatedAt => "contentupdatedat",
            Self::DueAt => "dueat",
            Self::Id => "id",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().eq_ignore_ascii_case(text))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Asc,
    Desc,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    /// By name, or by the number that the reference's enum has.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::Asc),
            "2" => Some(Self::Desc),
            _ => [Self::Asc, Self::Desc].into_iter().find(|direction| direction.name().eq_ignore_ascii_case(text)),
        }
    }
}

/// An order of dialogs: no key twice, at least one besides the id, and the id last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy(Vec<(OrderKey, Direction)>);

impl Default for OrderBy {
    fn default() -> Self {
        Self(vec![(OrderKey::ContentUpdatedAt, Direction::Desc), (OrderKey::Id, Direction::Desc)])
    }
}

impl OrderBy {
    /// An order by `keys`, completed by the id. `None` if a key comes twice.
    pub fn new(keys: impl IntoIterator<Item = (OrderKey, Direction)>) -> Option<Self> {
        let mut order: Vec<(OrderKey, Direction)> = Vec::new();
        for (key, direction) in keys {
            if order.iter().any(|(known, _)| *known == key) {
                return None;
            }
            order.push((key, direction));
        }
        let id = order.iter().position(|(key, _)| *key == OrderKey::Id).map(|at| order.remove(at));
        if order.is_empty() {
            order.push((OrderKey::ContentUpdatedAt, Direction::Desc));
        }
        order.push(id.unwrap_or((OrderKey::Id, Direction::Desc)));
        Some(Self(order))
    }

    /// Reads `key[_direction],…`; blank text is no order, commas alone are the default.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let keys = parts(text).map(|item| match item.split_once('_') {
            None => Some((OrderKey::parse(item)?, Direction::Desc)),
            Some((key, direction)) => Some((OrderKey::parse(key)?, Direction::parse(direction)?)),
        });
        Self::new(keys.collect::<Option<Vec<_>>>()?)
    }

    /// With the id last.
    pub fn keys(&self) -> &[(OrderKey, Direction)] {
        &self.0
    }
}

impl std::fmt::Display for OrderBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (key, direction)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}_{}", key.name(), direction.name())?;
        }
        Ok(())
    }
}

/// An item's value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenValue {
    /// `None` is possible for `DueAt` only.
    Instant(Option<Instant>),
    Id(Uuid),
}

impl From<Instant> for TokenValue {
    fn from(instant: Instant) -> Self {
        Self::Instant(Some(instant))
    }
}

/// The place behind which a page starts: the values of the last item seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinuationToken(Vec<(OrderKey, TokenValue)>);

impl ContinuationToken {
    /// The place of an item with these values in `order`.
    pub fn new(order: &OrderBy, value: impl Fn(OrderKey) -> TokenValue) -> Self {
        Self(order.keys().iter().map(|(key, _)| (*key, value(*key))).collect())
    }

    /// Reads `key_value,…` in any order; keys that no order asks for do no harm.
    pub fn parse(text: &str) -> Option<Self> {
        let mut values: Vec<(OrderKey, TokenValue)> = Vec::new();
        for part in parts(text) {
            let (key, value) = part.split_once('_')?;
            let key = OrderKey::parse(key)?;
            let value = match key {
                OrderKey::Id => TokenValue::Id(lenient_uuid(value)?),
                OrderKey::DueAt if value.trim().is_empty() => TokenValue::Instant(None),
                _ => TokenValue::Instant(Some(timestamp::parse_lenient(value)?)),
            };
            if values.iter().any(|(known, _)| *known == key) {
                return None;
            }
            values.push((key, value));
        }
        (!values.is_empty()).then_some(Self(values))
    }

    pub fn get(&self, key: OrderKey) -> Option<TokenValue> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The instant of a key: `Some(None)` says that the item had none.
    pub fn instant(&self, key: OrderKey) -> Option<Option<Instant>> {
        match self.get(key)? {
            TokenValue::Instant(instant) => Some(instant),
            TokenValue::Id(_) => None,
        }
    }

    pub fn id(&self) -> Option<Uuid> {
        match self.get(OrderKey::Id)? {
            TokenValue::Id(id) => Some(id),
            TokenValue::Instant(_) => None,
        }
    }
}

impl std::fmt::Display for ContinuationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (key, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}_", key.name())?;
            match value {
                TokenValue::Instant(Some(instant)) => write!(f, "{}", Timestamp(*instant))?,
                TokenValue::Instant(None) => {}
                TokenValue::Id(id) => write!(f, "{id}")?,
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
    pub order: OrderBy,
    pub token: Option<ContinuationToken>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 100, order: OrderBy::default(), token: None }
    }
}

impl PageRequest {
    /// From `limit`, `orderBy` and `continuationToken`; what cannot be read is reported by [`Query::finish`].
    pub fn of(query: &mut Query) -> Self {
        Self {
            order: query.scalar("orderBy", "OrderSet`2", OrderBy::parse).unwrap_or_default(),
            ..Self::in_fixed_order(query)
        }
    }

    /// For lists that have one order only: `orderBy` is ignored.
    pub fn in_fixed_order(query: &mut Query) -> Self {
        Self {
            limit: query.integer("limit").unwrap_or(100),
            order: OrderBy::default(),
            token: query.scalar("continuationToken", "ContinuationTokenSet`2", ContinuationToken::parse),
        }
    }

    /// The rules for `limit` and `continuationToken`, in this order.
    pub fn check(&self, found: &mut Violations) {
        if !(1..=1000).contains(&self.limit) {
            found.add("limit", format!("'Limit' must be between 1 and 1000. You entered {}.", self.limit));
        }
        let Some(token) = &self.token else { return };
        let keys = self.order.keys().iter().map(|(key, _)| *key);
        let missing: Vec<_> = keys.filter(|key| token.get(*key).is_none()).map(OrderKey::name).collect();
        if !missing.is_empty() {
            let missing = missing.join(",");
            found.add(
                "continuationToken",
                format!("ContinuationToken does not match OrderBy. Missing token keys: [{missing}]."),
            );
        }
    }

    /// Rows to fetch: one more than shown, which tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page that `rows` (at most [`PageRequest::rows`] of them) make; `value` is a row's value of a key.
    pub fn page<T>(&self, mut rows: Vec<T>, value: impl Fn(&T, OrderKey) -> TokenValue) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let has_next_page = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|last| ContinuationToken::new(&self.order, |key| value(last, key)));
        Page {
            items: rows,
            has_next_page,
            // An empty page gives back the place it was asked for.
            continuation_token: last.or_else(|| self.token.clone()).map(|token| token.to_string()),
            order_by: self.order.to_string(),
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
            assert_eq!(OrderBy::parse(text).map(|order| order.to_string()).as_deref(), Some(printed), "{text}");
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
            assert_eq!(OrderBy::parse(text), None, "{text}");
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
        let request = PageRequest { limit: 2, order: OrderBy::parse("dueAt").expect("an order"), token: None };
        let id = |n: &u128| TokenValue::Id(Uuid::from_u128(*n));
        let page =
            request.page(vec![1, 2, 3], |n, key| if key == OrderKey::Id { id(n) } else { TokenValue::Instant(None) });
        assert_eq!((page.items.as_slice(), page.has_next_page), (&[1, 2][..], true));
        assert_eq!(page.continuation_token.as_deref(), Some("dueat_,id_00000000-0000-0000-0000-000000000002"));
        let token = ContinuationToken::parse("dueat_,id_00000000-0000-0000-0000-000000000002");
        let empty = PageRequest { token, ..request }.page(Vec::<u128>::new(), |n, _| id(n));
        assert!(!empty.has_next_page);
        assert_eq!(empty.continuation_token.as_deref(), Some("dueat_,id_00000000-0000-0000-0000-000000000002"));
        assert_eq!(PageRequest::default().page(Vec::<u128>::new(), |n, _| id(n)).continuation_token, None);
    }

    fn orders() -> impl Strategy<Value = OrderBy> {
        let direction = prop_oneof![Just(Direction::Asc), Just(Direction::Desc)];
        (Just(OrderKey::ALL.to_vec()).prop_shuffle(), prop::collection::vec(direction, 0..=5))
            .prop_map(|(keys, directions)| OrderBy::new(keys.into_iter().zip(directions)).expect("no key twice"))
    }

    proptest! {
        /// What is printed is read back, and the token of an order satisfies it.
        #[test]
        fn orders_and_tokens_are_read_back(order in orders(), micros in 0..4_000_000_000_000_000_i64, id in any::<u128>(), none in any::<bool>()) {
            let instant = DateTime::from_timestamp_micros(micros).expect("within range");
            let token = ContinuationToken::new(&order, |key| match key {
                OrderKey::Id => TokenValue::Id(Uuid::from_u128(id)),
                OrderKey::DueAt if none => TokenValue::Instant(None),
                _ => instant.into(),
            });
            prop_assert_eq!(OrderBy::parse(&order.to_string()), Some(order.clone()));
            prop_assert_eq!(ContinuationToken::parse(&token.to_string()), Some(token.clone()));
            let mut found = Violations::new();
            PageRequest { limit: 1, order, token: Some(token) }.check(&mut found);
            prop_assert!(found.is_empty());
        }

        #[test]
        fn no_text_breaks_the_readers(text in any::<String>()) {
            let _ = (OrderBy::parse(&text), ContinuationToken::parse(&text));
        }
    }
}
