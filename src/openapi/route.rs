//! One route: what is asked, where, and who answers.
//!
//! It is written once, beside its handler. The router, the documents and the spelling of paths all take it from there, so
//! they cannot differ.

use axum::{handler::Handler, routing::MethodRouter};

use super::{Operation, Tag};
use crate::app::App;

/// A verb and a path with their handler. Part of the API, it becomes an [`Operation`]: shown or hidden.
#[derive(Clone, Debug)]
pub struct Route {
    /// In lower case; `any` for every verb.
    pub method: &'static str,
    /// As routed, with `{…}` for its parameters.
    pub path: &'static str,
    pub handler: MethodRouter<App>,
}

macro_rules! verbs {
    ($($verb:ident)*) => {$(
        #[doc = concat!("`", stringify!($verb), "` requests for `path` are answered by `handler`.")]
        pub fn $verb<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
            Self { method: stringify!($verb), path, handler: axum::routing::$verb(handler) }
        }
    )*};
}

impl Route {
    verbs! { get post put patch delete any }

    /// An operation that the documents show, under `id` in the document of its audience and `combined_id` in the combined
    /// one. For whom it is and what its path names follow from the path.
    pub fn named(self, id: &'static str, combined_id: &'static str) -> Operation {
        Operation::new(self, id, combined_id)
    }

    /// An operation of the API that the documents do not show.
    pub fn hidden(self) -> Operation {
        Operation { hidden: true, ..Operation::new(self, "", "") }
    }

    /// For whom an operation below this path is.
    pub(super) fn tag(&self) -> Tag {
        match self.path.split('/').nth(3) {
            Some("enduser") => Tag::Enduser,
            Some("serviceowner") => Tag::Serviceowner,
            Some("metadata") => Tag::Metadata,
            Some(".well-known") => Tag::WellKnown,
            _ => panic!("{} is not below a surface of the API", self.path),
        }
    }
}
