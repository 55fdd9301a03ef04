//! Points in time and spans of it as text.

use std::fmt::Write as _;
use std::time::Duration;

use plimsoll_domain::Timestamp;

const DAY: i64 = 86_400;

/// RFC 3339 in UTC with whole seconds: `2026-11-23T12:00:00Z`.
pub fn format_time(at: Timestamp) -> String {
    let (year, month, day) = civil_date(at.seconds().div_euclid(DAY));
    let second = at.seconds().rem_euclid(DAY);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// As people write it: `24h`, `2m`, `1h30m`, `0s`; days only from two whole ones on (`7d`).
pub fn format_duration(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds >= 172_800 && seconds.is_multiple_of(86_400) {
        return format!("{}d", seconds / 86_400);
    }
    let mut text = String::new();
    for (count, unit) in [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')] {
        if count > 0 {
            write!(text, "{count}{unit}").ok();
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// The method is Howard Hinnant's `civil_from_days`: the year begins in March, so that the leap day
/// is the last of it, and 400-year eras of 146,097 days repeat.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, expect: &str) {
        assert_eq!(format_time(Timestamp::from_seconds(seconds)), expect);
    }

    #[test]
    fn times_are_civil_dates_in_utc() {
        check(0, "1970-01-01T00:00:00Z");
        check(-1, "1969-12-31T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
        check(1_795_435_200, "2026-11-23T12:00:00Z");
    }

    #[test]
    fn spans_read_as_people_write_them() {
        for (seconds, expect) in
            [(0, "0s"), (120, "2m"), (86_400, "24h"), (604_800, "7d"), (5_400, "1h30m")]
        {
            assert_eq!(format_duration(Duration::from_secs(seconds)), expect);
        }
    }
}
