//! What the two lists of dialogs share: parameters and their rules, the way from an authorization to a scope, the page, and
//! the parts of list items. What differs stands in the surfaces.

mod item;
mod page;
mod parameters;
mod scope;

pub use item::LatestActivityView;
pub use page::{page_of, search_of};
pub use parameters::{DeletedFilter, Most, Parameters, at_most, interval};
pub use scope::{delegated, granted, owned};
