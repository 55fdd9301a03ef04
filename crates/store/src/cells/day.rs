//! Days of UTC, by number since the epoch, and the names of their files.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use plimsoll_domain::Timestamp;

const DAY_SECONDS: i64 = 86_400;
const EXTENSION: &str = ".cells";

/// The day of a moment.
pub(super) fn day_of(at: Timestamp) -> i64 {
    at.seconds().div_euclid(DAY_SECONDS)
}

/// How many seconds of its day have passed at a moment.
pub(super) fn second_of_day(at: Timestamp) -> i64 {
    at.seconds().rem_euclid(DAY_SECONDS)
}

/// When a day begins.
pub(super) fn start_of(day: i64) -> Timestamp {
    Timestamp::from_seconds(day.saturating_mul(DAY_SECONDS))
}

/// The name of a day's file; `None` for days of years that have no four digits.
pub(super) fn name_of(day: i64) -> Option<String> {
    let start = jiff::Timestamp::from_second(start_of(day).seconds()).ok()?;
    let date = start.to_zoned(TimeZone::UTC).date();
    (0..=9999).contains(&date.year()).then(|| format!("{date}{EXTENSION}"))
}

/// The day of a file; `None` for files that are none of ours.
pub(super) fn day_named(name: &str) -> Option<i64> {
    let date: Date = name.strip_suffix(EXTENSION)?.parse().ok()?;
    let start = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let day = start.as_second().div_euclid(DAY_SECONDS);
    (name_of(day).as_deref() == Some(name)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_names_and_back() {
        let day = day_of(Timestamp::from_seconds(1_772_323_199));
        assert_eq!(name_of(day).as_deref(), Some("2026-02-28.cells"));
        assert_eq!(name_of(day + 1).as_deref(), Some("2026-03-01.cells"));
        for day in (-1000..30_000).step_by(7) {
            assert_eq!(day_named(&name_of(day).unwrap()), Some(day));
        }
        for odd in ["", "2026-02-30.cells", "2026-2-28.cells", "2026-02-28", "notes.cells"] {
            assert_eq!(day_named(odd), None, "{odd}");
        }
        assert_eq!(name_of(i64::MAX), None);
    }
}
