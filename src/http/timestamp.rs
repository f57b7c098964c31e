//! Instants on the wire: strict in JSON, permissive in query strings, one printed form.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::Instant;

/// An instant in a DTO. Written in UTC with seven fraction digits and `Z`; read from ISO 8601 whose offset is mandatory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Timestamp(pub Instant);

impl From<Instant> for Timestamp {
    fn from(instant: Instant) -> Self {
        Self(instant)
    }
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

/// Length of `2031-04-05T06:07:08.1234560Z`.
const LENGTH: usize = 28;

impl Timestamp {
    /// As it is printed. Written digit by digit: a list of a hundred has a thousand of these, and a pattern that is read anew
    /// for each cost an eighth of the writing.
    fn digits(self) -> [u8; LENGTH] {
        let mut text = *b"0000-00-00T00:00:00.0000000Z";
        let mut put = |from: usize, digits: usize, mut value: u32| {
            for at in (from..from + digits).rev() {
                text[at] = b'0' + u8::try_from(value % 10).expect("a digit");
                value /= 10;
            }
        };
        let instant = self.0;
        // Years are 1 to 9999 on the way in, so four digits hold all.
        put(0, 4, u32::try_from(instant.year()).unwrap_or(0));
        put(5, 2, instant.month());
        put(8, 2, instant.day());
        put(11, 2, instant.hour());
        put(14, 2, instant.minute());
        put(17, 2, instant.second());
        // Stored instants have microseconds; the contract prints the 100 ns digit too.
        put(20, 6, instant.timestamp_subsec_micros() % 1_000_000);
        text
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).expect("digits"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.digits()).expect("digits"))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a date-time with an offset")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                parse_strict(text).map(Timestamp).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Why a text is no instant; `Display` is the contract's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    #[error(
        "The JSON value could not be converted to System.DateTimeOffset. Expected explicit offset postfix. \
         For example '+00:00', '-05:00', 'Z'. Got '{0}'."
    )]
    NoOffset(String),
    #[error("The JSON value could not be converted to System.DateTimeOffset.")]
    Malformed,
}

/// `YYYY-MM-DDThh:mm[:ss[.f…]]` with `Z` or `±hh:mm`; up to 16 fraction digits, of which six count.
pub fn parse_strict(text: &str) -> Result<Instant, InvalidTimestamp> {
    let (local, offset) = split_offset(text);
    let mut rest = Scan(local);
    let Some(date) = rest.iso_date() else { return Err(InvalidTimestamp::Malformed) };
    let no_offset = || InvalidTimestamp::NoOffset(text.to_owned());
    if rest.0.is_empty() {
        return Err(no_offset());
    }
    let time = rest.literal("T").and_then(|()| rest.time(16)).ok_or(InvalidTimestamp::Malformed)?;
    match (rest.0, offset) {
        ("", Some(offset)) => in_utc(date.and_time(time), offset).ok_or(InvalidTimestamp::Malformed),
        // Nothing at all, or an offset that lacks its minutes.
        (tail, None) if tail.is_empty() || tail.starts_with(['+', '-']) => Err(no_offset()),
        _ => Err(InvalidTimestamp::Malformed),
    }
}

/// The forms that query strings and tokens may have: ISO 8601 with or without time and offset (none means UTC), the
/// .NET invariant form `01/31/2026 10:00:00 +00:00`, and RFC 1123.
pub fn parse_lenient(text: &str) -> Option<Instant> {
    let text = text.trim();
    // RFC 1123 is the form that HTTP headers have; the parser of its successor reads it.
    if let Ok(instant) = DateTime::parse_from_rfc2822(text) {
        return Some(instant.with_timezone(&Utc));
    }
    let mut rest = Scan(text);
    let date = rest.iso_date().or_else(|| rest.invariant_date())?;
    if rest.0.is_empty() {
        return in_utc(date.and_time(NaiveTime::MIN), TimeDelta::zero());
    }
    rest.literal("T").or_else(|| rest.literal("t")).or_else(|| rest.literal(" "))?;
    let mut time = rest.time(16)?;
    if let Some(afternoon) = rest.half_of_day() {
        time = on_twelve_hour_clock(time, afternoon)?;
    }
    let offset = rest.0.trim_start();
    let offset = if offset.is_empty() { TimeDelta::zero() } else { lenient_offset(offset)? };
    in_utc(date.and_time(time), offset)
}

fn in_utc(local: NaiveDateTime, offset: TimeDelta) -> Option<Instant> {
    let utc = local.checked_sub_signed(offset)?.and_utc();
    // What .NET can hold, after the offset was taken away: beyond it clients could not read the answer.
    (1..=9999).contains(&utc.year()).then_some(utc)
}

/// Cuts a `Z` or `±hh:mm` from the end; the offset is `None` if neither stands there.
fn split_offset(text: &str) -> (&str, Option<TimeDelta>) {
    if let Some(local) = text.strip_suffix('Z') {
        return (local, Some(TimeDelta::zero()));
    }
    let parsed = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)).and_then(|(local, offset)| {
        // A time's own colon must not be taken for the offset's: the sign decides.
        hours_and_minutes(offset).map(|offset| (local, Some(offset)))
    });
    parsed.unwrap_or((text, None))
}

/// `±hh:mm`, at most 14 hours.
fn hours_and_minutes(text: &str) -> Option<TimeDelta> {
    let mut rest = Scan(text);
    let sign = rest.sign()?;
    let hours = rest.digits(2, 2)?;
    rest.literal(":")?;
    let minutes = rest.digits(2, 2)?;
    rest.0.is_empty().then_some(())?;
    offset_of(sign, hours, minutes)
}

fn lenient_offset(text: &str) -> Option<TimeDelta> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("gmt") {
        return Some(TimeDelta::zero());
    }
    let mut rest = Scan(text);
    let sign = rest.sign()?;
    let hours = rest.digits(1, 2)?;
    let minutes = if rest.0.is_empty() {
        0
    } else {
        // The colon between hours and minutes may be missing.
        let _ = rest.literal(":");
        rest.digits(2, 2)?
    };
    rest.0.is_empty().then_some(())?;
    offset_of(sign, hours, minutes)
}

fn offset_of(sign: i32, hours: u32, minutes: u32) -> Option<TimeDelta> {
    let total = hours * 60 + minutes;
    // No zone is further from UTC than 14 hours; .NET refuses more.
    (minutes < 60 && total <= 14 * 60).then(|| TimeDelta::minutes(i64::from(total)) * sign)
}

fn on_twelve_hour_clock(time: NaiveTime, afternoon: bool) -> Option<NaiveTime> {
    use chrono::Timelike;
    let hour = time.hour();
    (1..=12).contains(&hour).then_some(())?;
    // Twelve is nought on that clock.
    time.with_hour(hour % 12 + if afternoon { 12 } else { 0 })
}

/// What is left of a text that is read from its start.
struct Scan<'a>(&'a str);

impl Scan<'_> {
    fn literal(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn sign(&mut self) -> Option<i32> {
        self.literal("+").map(|()| 1).or_else(|| self.literal("-").map(|()| -1))
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        (count >= least).then_some(())?;
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse().ok()
    }

    fn iso_date(&mut self) -> Option<NaiveDate> {
        // Given back where it stood: another form is tried next.
        let before = self.0;
        let mut read = || {
            let year = self.digits(4, 4)?;
            self.literal("-")?;
            let month = self.digits(2, 2)?;
            self.literal("-")?;
            date(year, month, self.digits(2, 2)?)
        };
        let found = read();
        if found.is_none() {
            self.0 = before;
        }
        found
    }

    /// Month first.
    fn invariant_date(&mut self) -> Option<NaiveDate> {
        let month = self.digits(1, 2)?;
        self.literal("/")?;
        let day = self.digits(1, 2)?;
        self.literal("/")?;
        date(self.digits(4, 4)?, month, day)
    }

    /// `hh:mm[:ss[.f…]]`; the fraction is cut to microseconds.
    fn time(&mut self, most_digits: usize) -> Option<NaiveTime> {
        let hour = self.digits(1, 2)?;
        self.literal(":")?;
        let minute = self.digits(2, 2)?;
        if self.literal(":").is_none() {
            return NaiveTime::from_hms_opt(hour, minute, 0);
        }
        let second = self.digits(2, 2)?;
        let mut micros = 0;
        if self.literal(".").is_some() {
            let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
            (1..=most_digits).contains(&count).then_some(())?;
            let (fraction, rest) = self.0.split_at(count);
            self.0 = rest;
            micros =
                fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, d| n * 10 + u32::from(d - b'0'));
        }
        NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
    }

    /// ` AM` or ` PM`.
    fn half_of_day(&mut self) -> Option<bool> {
        let rest = self.0.trim_start();
        let half = rest.get(..2)?;
        let afternoon = half.eq_ignore_ascii_case("pm");
        (afternoon || half.eq_ignore_ascii_case("am")).then(|| {
            self.0 = &rest[2..];
            afternoon
        })
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|_| year > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strict(text: &str) -> Result<String, InvalidTimestamp> {
        parse_strict(text).map(|instant| Timestamp(instant).to_string())
    }

    #[test]
    fn json_instants_need_an_offset() {
        for (text, printed) in [
            ("2031-04-05T06:07:08.123456Z", "2031-04-05T06:07:08.1234560Z"),
            ("2031-04-05T06:07:08Z", "2031-04-05T06:07:08.0000000Z"),
            ("2031-04-05T06:07Z", "2031-04-05T06:07:00.0000000Z"),
            ("2031-04-05T06:07:08.1234567890123456+02:00", "2031-04-05T04:07:08.1234560Z"),
            ("2031-04-05T06:07:08.9999999-05:30", "2031-04-05T11:37:08.9999990Z"),
        ] {
            assert_eq!(strict(text).as_deref(), Ok(printed), "{text}");
        }
        for text in [
            "2031-04-05",
            "2031-04-05T06:07:08",
            "2031-04-05T06:07:08.1",
            "2031-04-05T06:07:08+01",
            "2031-04-05T06:07:08+15:00",
            "2031-04-05T06:07:08+01:60",
        ] {
            assert_eq!(strict(text), Err(InvalidTimestamp::NoOffset(text.to_owned())), "{text}");
        }
        for text in [
            "",
            "Z",
            "now",
            "2031-13-05T06:07:08Z",
            "2031-04-05T24:00:00Z",
            "2031-04-05T06:07:60Z",
            "2031-04-05T06:07:08.12345678901234567Z",
            "2031-04-05T06:07:08.Z",
            "2031-04-05 06:07:08Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "æøåæøåæøå",
        ] {
            assert_eq!(strict(text), Err(InvalidTimestamp::Malformed), "{text}");
        }
    }

    #[test]
    fn query_instants_take_many_forms() {
        for (text, printed) in [
            ("2026-01-31", "2026-01-31T00:00:00.0000000Z"),
            ("2026-01-31T10:00:00", "2026-01-31T10:00:00.0000000Z"),
            ("2026-01-31 10:00", "2026-01-31T10:00:00.0000000Z"),
            ("2026-01-31T10:00:00z", "2026-01-31T10:00:00.0000000Z"),
            ("2026-01-31T10:00:00+01", "2026-01-31T09:00:00.0000000Z"),
            ("2026-01-31T10:00:00+0130", "2026-01-31T08:30:00.0000000Z"),
            ("2026-01-31T10:00:00.1234567 +01:00", "2026-01-31T09:00:00.1234560Z"),
            ("01/31/2026 10:00:00 +00:00", "2026-01-31T10:00:00.0000000Z"),
            ("1/2/2026", "2026-01-02T00:00:00.0000000Z"),
            ("01/31/2026 10:00:00 PM -02:00", "2026-02-01T00:00:00.0000000Z"),
            ("01/31/2026 12:05 am", "2026-01-31T00:05:00.0000000Z"),
            ("Sat, 31 Jan 2026 10:00:00 GMT", "2026-01-31T10:00:00.0000000Z"),
        ] {
            assert_eq!(parse_lenient(text).map(|i| Timestamp(i).to_string()).as_deref(), Some(printed), "{text}");
        }
        for text in ["", "today", "2026", "2026-1", "31/01/2026", "2026-01-31T10:00:00 01:00", "2026-01-31T", "13:00"] {
            assert_eq!(parse_lenient(text), None, "{text}");
        }
    }

    proptest! {
        /// What we print is read back, strictly and leniently, to the microsecond.
        #[test]
        fn printed_instants_are_read_back(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let instant = DateTime::from_timestamp_micros(micros).expect("within the years of the range");
            let text = Timestamp(instant).to_string();
            prop_assert_eq!(parse_strict(&text), Ok(instant));
            prop_assert_eq!(parse_lenient(&text), Some(instant));
        }

        #[test]
        fn no_text_breaks_the_readers(text in any::<String>()) {
            let _ = (parse_strict(&text), parse_lenient(&text));
        }
    }
}
