//! Ids that clients choose: UUIDs of version 7 whose time part is not in the future.

use chrono::{DateTime, SecondsFormat};
use uuid::{Uuid, Variant};

use super::{At, RuleContext, Violations, code::Code, name_of};
use crate::domain::limits;

/// The last millisecond of the year 9999, beyond which the contract knows no dates.
const LAST_DATE: i64 = 253_402_300_799_999;

/// Version and variant first, then the time.
pub fn uuid7(id: Option<Uuid>, context: &RuleContext, at: At, found: &mut Violations) {
    let Some(id) = id else { return };
    let name = name_of(at);
    // An id in little-endian order fails here, since its version stands elsewhere (C-009).
    if id.get_version_num() != 7 || id.get_variant() != Variant::RFC4122 {
        let text = format!("Invalid {name}. Expected big endian UUIDv7 format. Got '{id}'.");
        found.add(
            at,
            Code::IdNotVersion7
                .says(text)
                .hint("Leave the id out and one is made, or make a UUID of version 7: its third group begins with 7."),
        );
    }
    let millis = i64::try_from(id.as_u128() >> 80).expect("48 bits fit");
    // Checked for every version: the reference reports both faults of a wrong id.
    if millis >= context.now.timestamp_millis() + limits::CLOCK_SKEW_SECONDS * 1000 {
        let text = format!(
            "Invalid {name}. Expected the unix timestamp portion of the UUIDv7 to be in the past. Extrapolated '{}' from '{id}'.",
            extrapolated(millis)
        );
        found.add(at, Code::IdFromTheFuture.says(text).hint(
            "Leave the id out and one is made, or make a UUID of version 7 with the present time in its first 48 bits.",
        ));
    }
}

fn extrapolated(millis: i64) -> String {
    Some(millis).filter(|millis| *millis <= LAST_DATE).and_then(DateTime::from_timestamp_millis).map_or_else(
        || "invalid date".to_owned(),
        |time| {
            let seconds = time.to_rfc3339_opts(SecondsFormat::Millis, true);
            format!("{}0000+00:00", seconds.trim_end_matches('Z'))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{context, texts},
        *,
    };

    fn faults(id: &str) -> Vec<String> {
        let id = id.parse().expect("a UUID");
        texts(|at, found| uuid7(Some(id), &context(), at, found))
    }

    fn at_millis(millis: i64) -> String {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        Uuid::from_bytes(bytes).to_string()
    }

    /// C-008
    #[test]
    fn the_time_part_may_run_less_than_fifteen_seconds_ahead() {
        let now = context().now.timestamp_millis();
        assert!(faults(&at_millis(0)).is_empty());
        assert!(faults(&at_millis(now + 14_999)).is_empty());
        let late = at_millis(now + 15_000);
        assert_eq!(
            faults(&late),
            [format!(
                "Invalid Value. Expected the unix timestamp portion of the UUIDv7 to be in the past. Extrapolated \
             '2031-04-05T06:07:23.0000000+00:00' from '{late}'."
            )]
        );
    }

    /// C-009, Y-015
    #[test]
    fn other_forms_are_refused() {
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(faults(nil), [format!("Invalid Value. Expected big endian UUIDv7 format. Got '{nil}'.")]);
        assert_eq!(faults("b2ca9301-c371-ab74-a87b-4ee1416b9655").len(), 2);
        let v4 = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f";
        assert!(faults(v4)[1].contains("Extrapolated 'invalid date' from"));
    }
}
