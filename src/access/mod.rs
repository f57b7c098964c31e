//! Who may see what. The platform's answers come from [`crate::altinn`]; what follows from them is decided here and nowhere
//! else.
//!
//! | Module | Owns |
//! |---|---|
//! | [`dialog`] | end users and one dialog, or a part of it: the only way in |
//! | [`lists`] | end users and lists: whose dialogs on which resources, and single delegated ones |
//! | [`level`] | the authentication level that a resource demands |
//! | [`owner`] | service owners: which dialogs are their own |

pub mod dialog;
pub mod level;
pub mod lists;
pub mod owner;

pub use dialog::{Opened, child, children, opened};
pub use lists::{AuthorizedResources, ListAuthorization, Lists, Pruning, ResourceSet};

use crate::domain::{ids::DialogId, refusal::Refusal};

fn deleted(id: DialogId) -> Refusal {
    Refusal::Gone { entity: "DialogEntity", key: id.to_string() }
}
