//! When forecasts are due.

use croner::Cron;
use jiff::tz::TimeZone;
use plimsoll_domain::{Cadence, Timestamp};

/// When the next forecast is due after one at `last`; `None` where the schedule names no further
/// minute, or cannot be read, which its reader has refused already.
pub(super) fn next(cadence: &Cadence, last: Timestamp) -> Option<Timestamp> {
    match cadence {
        Cadence::Every(span) => {
            let span = i64::try_from(span.as_secs()).unwrap_or(i64::MAX).max(1);
            let number = last.seconds().div_euclid(span).saturating_add(1);
            Some(Timestamp::from_seconds(number.saturating_mul(span)))
        }
        Cadence::Cron(text) => {
            let cron: Cron = text.parse().ok()?;
            let last = jiff::Timestamp::from_second(last.seconds()).ok()?.to_zoned(TimeZone::UTC);
            let next = cron.find_next_occurrence(&last, false).ok()?;
            Some(Timestamp::from_seconds(next.timestamp().as_second()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(cadence: &Cadence, last: i64, expect: Option<i64>) {
        let expect = expect.map(Timestamp::from_seconds);
        assert_eq!(next(cadence, Timestamp::from_seconds(last)), expect, "{cadence:?} {last}");
    }

    #[test]
    fn intervals_count_from_the_epoch() {
        let quarter = Cadence::Every(Duration::from_mins(15));
        check(&quarter, 0, Some(900));
        check(&quarter, 899, Some(900));
        check(&quarter, 900, Some(1_800));
        check(&Cadence::Every(Duration::ZERO), 7, Some(8));
        check(&Cadence::Every(Duration::MAX), 7, Some(i64::MAX));
    }

    #[test]
    fn cron_is_read_in_utc() {
        let cron = |text: &str| Cadence::Cron(text.to_owned());
        check(&cron("*/15 * * * *"), 0, Some(900));
        check(&cron("*/15 * * * *"), 900, Some(1_800));
        // 1970-01-01 was a Thursday; 02:30 of the Monday after.
        check(&cron("30 2 * * 1"), 0, Some((4 * 24 * 60 + 150) * 60));
        check(&cron("nonsense"), 0, None);
        // No year has this day.
        check(&cron("0 0 30 2 *"), 0, None);
    }
}
