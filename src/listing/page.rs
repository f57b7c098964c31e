//! Between the wire's pages and the store's.

use crate::{
    http::{ContinuationToken, Direction, OrderBy, OrderKey, Page, PageRequest, TokenValue},
    store::search::{
        self, Effort, ListRow, Search,
        filter::Filter,
        order::{Key, Order, Position},
        scope::{Delegated, Scope},
    },
};

/// The store's form of a request; `page` was checked.
pub fn search_of(page: &PageRequest, scope: Scope, delegated: Delegated, filter: Filter) -> Search {
    Search {
        scope,
        delegated,
        filter,
        order: order_of(&page.order),
        after: page.token.as_ref().and_then(|token| position_of(&page.order, token)),
        limit: usize::try_from(page.limit).unwrap_or(1),
        effort: Effort::default(),
    }
}

/// The wire's form of a page. An empty one gives back the token it was asked with, unless the search stopped further on.
pub fn page_of<T>(request: &PageRequest, found: search::Page, show: impl FnMut(ListRow) -> T) -> Page<T> {
    let next = found.next.map(|position| token_of(&request.order, &position));
    Page {
        items: found.rows.into_iter().map(show).collect(),
        has_next_page: found.has_next,
        continuation_token: next.or_else(|| request.token.clone()).map(|token| token.to_string()),
        order_by: request.order.to_string(),
    }
}

fn order_of(order: &OrderBy) -> Order {
    let direction = |direction: Direction| match direction {
        Direction::Asc => search::order::Direction::Asc,
        Direction::Desc => search::order::Direction::Desc,
    };
    let mut found = Order { keys: Vec::new(), ..Order::default() };
    for (key, way) in order.keys() {
        match key_of(*key) {
            Some(key) => found.keys.push((key, direction(*way))),
            None => found.id = direction(*way),
        }
    }
    found
}

/// `None` for the id.
fn key_of(key: OrderKey) -> Option<Key> {
    match key {
        OrderKey::CreatedAt => Some(Key::CreatedAt),
        OrderKey::UpdatedAt => Some(Key::UpdatedAt),
        OrderKey::ContentUpdatedAt => Some(Key::ContentUpdatedAt),
        OrderKey::DueAt => Some(Key::DueAt),
        OrderKey::Id => None,
    }
}

/// `None` if the token lacks a key, which the rules refuse.
fn position_of(order: &OrderBy, token: &ContinuationToken) -> Option<Position> {
    let keys = order.keys().iter().map(|(key, _)| *key).filter(|key| *key != OrderKey::Id);
    Some(Position { values: keys.map(|key| token.instant(key)).collect::<Option<_>>()?, id: token.id()? })
}

fn token_of(order: &OrderBy, position: &Position) -> ContinuationToken {
    let keys: Vec<_> = order.keys().iter().map(|(key, _)| *key).filter(|key| *key != OrderKey::Id).collect();
    ContinuationToken::new(order, |key| match keys.iter().position(|known| *known == key) {
        Some(at) => TokenValue::Instant(position.values[at]),
        None => TokenValue::Id(position.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-033, S-038
    #[test]
    fn tokens_are_positions() {
        let order = OrderBy::parse("dueAt,createdAt_asc").expect("an order");
        let text = "dueat_,createdat_2031-04-05T06:07:08.1234560Z,id_0196c0de-0000-7000-8000-000000000001";
        let token = ContinuationToken::parse(text).expect("a token");
        let position = position_of(&order, &token).expect("every key is there");
        assert_eq!(token_of(&order, &position).to_string(), text);
        let swapped =
            "id_0196c0de-0000-7000-8000-000000000001,updatedat_2031-04-05,createdat_2031-04-05T06:07:08.123456Z,dueat_";
        assert_eq!(position_of(&order, &ContinuationToken::parse(swapped).expect("a token")), Some(position));
    }
}
