//! Enums of the contract: a name on the wire, a number in the store, input by either.

use std::fmt;

/// An enum of the contract.
pub trait WireEnum: Copy + Eq + fmt::Debug + 'static {
    /// Every value with its name on the wire and its number.
    const VALUES: &'static [(Self, &'static str, i16)];

    fn name(self) -> &'static str {
        Self::VALUES.iter().find(|(value, ..)| *value == self).map(|(_, name, _)| *name).expect("every value is listed")
    }

    fn id(self) -> i16 {
        Self::VALUES.iter().find(|(value, ..)| *value == self).map(|(.., id)| *id).expect("every value is listed")
    }

    fn from_id(id: i64) -> Option<Self> {
        Self::VALUES.iter().find(|(.., known)| i64::from(*known) == id).map(|(value, ..)| *value)
    }

    /// Matched without regard to letter case, as all enum input is.
    fn from_name(name: &str) -> Option<Self> {
        Self::VALUES.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)).map(|(value, ..)| *value)
    }
}

/// Declares an enum of the contract: its values, names and numbers, its JSON form (the name) and its database form (the
/// number).
macro_rules! wire_enum {
    ($(#[$doc:meta])* $enum:ident { $($(#[$value_doc:meta])* $value:ident = $id:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $enum { $($(#[$value_doc])* $value),* }

        impl $crate::domain::wire_enum::WireEnum for $enum {
            const VALUES: &'static [(Self, &'static str, i16)] = &[$(($enum::$value, stringify!($value), $id)),*];
        }
    };
}
pub(crate) use wire_enum;

/// An enum value as a client gave it: by a known name or number, or by a number that means nothing (which the rules
/// refuse, not the parser). An unknown *name* never gets here: the parser refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<E> {
    Known(E),
    Undefined(i64),
}

/// Left out: the contract treats that as the number 0, which no enum that must be given has.
impl<E> Default for Given<E> {
    fn default() -> Self {
        Given::Undefined(0)
    }
}

impl<E: WireEnum> serde::Serialize for Given<E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Given::Known(value) => serializer.serialize_str(value.name()),
            Given::Undefined(number) => serializer.serialize_i64(*number),
        }
    }
}

impl<E: WireEnum> Given<E> {
    pub fn known(self) -> Option<E> {
        match self {
            Given::Known(value) => Some(value),
            Given::Undefined(_) => None,
        }
    }
}

impl<E: WireEnum> fmt::Display for Given<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Known(value) => f.write_str(value.name()),
            Given::Undefined(number) => number.fmt(f),
        }
    }
}

impl<'de, E: WireEnum> serde::Deserialize<'de> for Given<E> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<E>(std::marker::PhantomData<E>);
        impl<E: WireEnum> serde::de::Visitor<'_> for Visitor<E> {
            type Value = Given<E>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                let names: Vec<_> = E::VALUES.iter().map(|(_, name, _)| *name).collect();
                write!(f, "one of {}", names.join(", "))
            }

            fn visit_str<X: serde::de::Error>(self, name: &str) -> Result<Self::Value, X> {
                E::from_name(name)
                    .map(Given::Known)
                    .ok_or_else(|| X::invalid_value(serde::de::Unexpected::Str(name), &self))
            }

            fn visit_i64<X>(self, id: i64) -> Result<Self::Value, X> {
                Ok(E::from_id(id).map_or(Given::Undefined(id), Given::Known))
            }

            fn visit_u64<X: serde::de::Error>(self, id: u64) -> Result<Self::Value, X> {
                // Too large is undefined like any other unknown number, and the rules say so; it must not be a fault of
                // syntax.
                self.visit_i64(i64::try_from(id).unwrap_or(i64::MAX))
            }
        }
        // A number or a name: only a format that describes itself, as JSON does, gets here.
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}
