//! Durations as people write them: `5m`, `1h30m`, `0s`, `1.5h`, `7d`.

use std::time::Duration;

/// The longest text that is read as a duration; the longest sensible one, all units given, has
/// half of it.
const LENGTH_MAX: usize = 40;

/// Units and their seconds; where one begins like another, the longer comes first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
];

/// A text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read {text:?} as a duration: expected numbers with units, such as 30s, 5m, 1h30m or 7d")]
pub struct DurationError {
    text: String,
}

/// Reads a duration in the form of Go's `time.ParseDuration`, without negative ones and with `d`
/// for days of 24 hours. A number without a unit is refused, except 0.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    parse(text.trim())
        .ok_or_else(|| DurationError { text: text.chars().take(LENGTH_MAX).collect() })
}

fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    if text.is_empty() || text.len() > LENGTH_MAX {
        return None;
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let (part, after) = first_part(rest)?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total)
}

/// The number and unit a text begins with, and what follows.
fn first_part(text: &str) -> Option<(Duration, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let (after, seconds) =
        UNITS.iter().find_map(|(unit, seconds)| Some((rest.strip_prefix(unit)?, *seconds)))?;
    Some((Duration::try_from_secs_f64(number * seconds).ok()?, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect_ms: Option<u64>) {
        let expect = expect_ms.map(Duration::from_millis);
        assert_eq!(parse_duration(text).ok(), expect, "{text:?}");
    }

    #[test]
    fn reads_every_form_people_write() {
        check("5m", Some(300_000));
        check("25h", Some(90_000_000));
        check("1h30m", Some(5_400_000));
        check("0s", Some(0));
        check("0m", Some(0));
        check("0", Some(0));
        check("1.5h", Some(5_400_000));
        check(".5s", Some(500));
        check("7d", Some(604_800_000));
        check("1d12h", Some(129_600_000));
        check("250ms", Some(250));
        check("1m1ms", Some(60_001));
        check(" 2m ", Some(120_000));
    }

    #[test]
    fn refuses_what_has_no_unit_or_no_number() {
        for text in ["", "5", "m", "-5m", "5 m", "5m3", "1.2.3s", ".", "5x", "5mm3", "1e3s", "soon"]
        {
            check(text, None);
        }
        check(&"1h".repeat(50), None);
        check("99999999999999999999999999d", None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_an_error(text in ".*") {
            parse_duration(&text).ok();
        }
    }
}
