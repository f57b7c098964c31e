//! Types of the schema. They dress what REST's views show: what is shown, masked and left out was settled before.
#![expect(clippy::struct_field_names, reason = "the contract names them so")]

pub mod dialog;
pub mod enums;
pub mod event;
pub mod head;
pub mod label;
pub mod limits;
pub mod list;
pub mod lookup;
pub mod parties;
pub mod parts;
pub mod scalars;
pub mod service_resources;

/// Errors of payloads that say nothing but their message.
macro_rules! errors {
    ($($(#[$doc:meta])* $error:ident)*) => {$(
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject, Clone, Debug)]
        pub struct $error {
            pub message: String,
        }

        impl From<String> for $error {
            fn from(message: String) -> Self {
                Self { message }
            }
        }
    )*};
}
use errors;
