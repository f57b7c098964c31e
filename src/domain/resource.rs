//! Names that the registry gives: of service resources, of their types, of their owners. The registry and service owners
//! write them in any letter case; they mean the same, and are kept and compared in lower case.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use serde::{Serialize, Serializer};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        // Shared: the same names stand in every dialog, cache key and list.
        pub struct $name(Arc<str>);

        impl $name {
            /// As somebody wrote it.
            pub fn new(written: &str) -> Self {
                Self(written.to_lowercase().into())
            }

            /// As it is held in memory or was stored: in lower case already.
            pub fn stored(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }
        }

        impl Default for $name {
            /// Nothing is stored under it: what stands in until a refusal is sent.
            fn default() -> Self {
                Self("".into())
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                **self == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                **self == **other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self)
            }
        }
    )*};
}

names! {
    /// URN of a service resource: `urn:altinn:resource:` and its identifier.
    ResourceUrn,
    /// The registry's type of a service resource, for example `genericaccessresource`.
    ResourceType,
    /// Short name of a service owner.
    OrgCode,
}
