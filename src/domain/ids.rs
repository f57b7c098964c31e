//! Ids: one type each, so that none is taken for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Instant;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A dialog. Version 7.
    DialogId,
    /// A transmission. Version 7.
    TransmissionId,
    /// An activity. Version 7.
    ActivityId,
    /// The state of a dialog, of its end-user context or of its service-owner context; the ETag. Version 4.
    Revision,
}

impl Revision {
    /// A fresh random revision.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4())
    }
}

/// A UUID version 7 whose time part is `now`: ids follow the application's clock, not the system's. Ids generated in one
/// process ascend, also within one millisecond.
pub fn v7_at(now: Instant) -> Uuid {
    use std::sync::Mutex;
    /// (milliseconds, counter) of the newest id: the counter fills the 12 bits after the time and 14 bits of the rest.
    static LAST: Mutex<(i64, u32)> = Mutex::new((0, 0));
    let millis = now.timestamp_millis();
    let counter = {
        // A thread that panicked here left two numbers that are right all the same.
        let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Starts at nought with each millisecond: 26 bits are 67 million ids, more than a process makes in that time.
        last.1 = if last.0 == millis { last.1.wrapping_add(1) & 0x03ff_ffff } else { 0 };
        last.0 = millis;
        last.1
    };
    let mut bytes = *Uuid::new_v4().as_bytes();
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    let high = u16::try_from(counter >> 14).expect("12 bits fit");
    let low = u16::try_from(counter & 0x3fff).expect("14 bits fit");
    bytes[6..8].copy_from_slice(&(0x7000 | high).to_be_bytes());
    bytes[8..10].copy_from_slice(&(0x8000 | low).to_be_bytes());
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_are_version_7_and_ascend() {
        let now = Instant::from_timestamp_millis(1_900_000_000_123).expect("a valid instant");
        let ids: Vec<_> = (0..40_000).map(|_| v7_at(now)).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
    }
}
