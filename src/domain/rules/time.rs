//! Instants that clients supply.

use chrono::{DateTime, TimeDelta};

use super::{At, RuleContext, Violations, code::Code, name_of};
use crate::domain::{Instant, limits};

/// `0001-01-01T00:00:00Z`, which counts as not supplied for `createdAt` and `updatedAt`.
pub fn is_zero(value: Instant) -> bool {
    value == ZERO
}

const ZERO: Instant = DateTime::from_timestamp_secs(-62_135_596_800).expect("year 1 is a valid year");

/// The value, unless it is missing or zero.
pub fn supplied(value: Option<Instant>) -> Option<Instant> {
    value.filter(|value| !is_zero(*value))
}

/// Not later than now, give or take the clients' clocks.
pub fn past(value: Option<Instant>, context: &RuleContext, at: At, found: &mut Violations) {
    // Inclusive, while ids must be strictly earlier than the same bound (§2.1, §2.4).
    if value.is_some_and(|value| value > context.now + TimeDelta::seconds(limits::CLOCK_SKEW_SECONDS)) {
        let text = format!("'{}' must be in the past.", name_of(at));
        let hint = format!("Here it is {}; clocks may run fifteen seconds ahead.", context.now.format("%FT%TZ"));
        found.add(at, Code::TimeNotPast.says(text).hint(hint));
    }
}

/// Not earlier than now.
pub fn future(value: Option<Instant>, context: &RuleContext, at: At, found: &mut Violations) {
    // No allowance for clocks here: the contract has none, and now itself passes.
    if value.is_some_and(|value| value < context.now) {
        let text = format!("'{}' must be in the future.", name_of(at));
        found.add(at, Code::TimeNotFuture.says(text).hint(after(context.now)));
    }
}

/// Not before another time (equal passes, although the text says "after").
pub fn not_before(value: Option<Instant>, other: Option<Instant>, other_name: &str, at: At, found: &mut Violations) {
    if let (Some(value), Some(other)) = (value, other)
        && value < other
    {
        let text = format!("'{}' must be after '{other_name}'.", name_of(at));
        found.add(
            at,
            Code::TimesReversed.says(text).hint(format!("Equal to `{}` or later will do.", camel(other_name))),
        );
    }
}

/// The hint of a time that is over.
pub fn after(now: Instant) -> String {
    format!("Write a time after {}, or leave it out.", now.format("%FT%TZ"))
}

/// `DueAt` as the wire writes it.
fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{context, texts},
        *,
    };

    /// C-010, Y-016: fifteen seconds ahead still count as past.
    #[test]
    fn clocks_may_run_fifteen_seconds_ahead() {
        let past_texts = |seconds| {
            let value = context().now + TimeDelta::seconds(seconds);
            texts(|at, found| past(Some(value), &context(), at, found))
        };
        assert!(past_texts(15).is_empty());
        assert_eq!(past_texts(16), ["'Value' must be in the past."]);
    }

    #[test]
    fn now_is_not_past_the_future() {
        let now = context().now;
        assert!(texts(|at, found| future(Some(now), &context(), at, found)).is_empty());
        let before = now - TimeDelta::microseconds(1);
        assert_eq!(texts(|at, found| future(Some(before), &context(), at, found)), ["'Value' must be in the future."]);
        assert!(texts(|at, found| not_before(Some(now), Some(now), "DueAt", at, found)).is_empty());
        assert_eq!(
            texts(|at, found| not_before(Some(before), Some(now), "DueAt", at, found)),
            ["'Value' must be after 'DueAt'."]
        );
    }

    /// C-016
    #[test]
    fn year_one_counts_as_absent() {
        let zero = "0001-01-01T00:00:00Z".parse().expect("an instant");
        assert!(is_zero(zero));
        assert_eq!(supplied(Some(zero)), None);
    }
}
