//! Between the wire's pages and the store's.

use crate::{
    http::{Page, PageRequest},
    store::search::{
        self, Effort, ListRow, Request,
        conditions::Conditions,
        scope::{Delegated, Scope},
    },
};

/// The store's form of a request; `page` was checked.
pub fn search_of(page: &PageRequest, scope: Scope, delegated: Delegated, conditions: Conditions) -> Request {
    Request {
        scope,
        delegated,
        conditions,
        order: page.order.clone(),
        after: page.after(),
        limit: usize::try_from(page.limit).unwrap_or(1),
        effort: Effort::default(),
    }
}

/// The wire's form of a page.
pub fn page_of<T>(request: &PageRequest, found: search::Page, show: impl FnMut(ListRow) -> T) -> Page<T> {
    request.answer(found.rows.into_iter().map(show).collect(), found.has_next, found.next)
}
