//! Values that have a spelling of their own, written and read so that nothing is lost.

use std::fmt::Write as _;
use std::time::Duration;

use plimsoll_domain::{Quantile, Ratio, Strategy, Target};

/// What predictions are called by in front of their strategy.
const FORECAST: &str = "forecast:";

/// What a percentile of all pods together is called by in front of it.
const POOLED: &str = "pooled:";

/// The strategies that have a name.
const STRATEGIES: [(&str, Strategy); 5] = [
    ("undershoot", Strategy::Undershoot),
    ("cost_optimized", Strategy::CostOptimized),
    ("balanced", Strategy::Balanced),
    ("assurance_optimized", Strategy::AssuranceOptimized),
    ("overshoot", Strategy::Overshoot),
];

/// As Go writes it, without zeros: `24h`, `1h30m`, `250ms`, `0s`.
pub(crate) fn duration(span: Duration) -> String {
    let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (u64::from(nanos / 1_000_000), "ms"),
        (u64::from(nanos / 1000 % 1000), "us"),
        (u64::from(nanos % 1000), "ns"),
    ];
    let mut text = String::new();
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        write!(text, "{count}{unit}").ok();
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Which usage counts.
pub(crate) fn target(target: Target) -> String {
    match target {
        Target::Quantile(quantile) => percentile(quantile),
        Target::Pooled(quantile) => format!("{POOLED}{}", percentile(quantile)),
        Target::Max => "max".to_owned(),
        Target::Auto => "auto".to_owned(),
        Target::Forecast(Strategy::Percentile(quantile)) => {
            format!("{FORECAST}{}", percentile(quantile))
        }
        Target::Forecast(strategy) => {
            let named = STRATEGIES.iter().find(|(_, named)| *named == strategy);
            format!("{FORECAST}{}", named.map_or("", |(name, _)| name))
        }
    }
}

/// The reverse of [`target`], in any case, up to this percentile of usage. Of what is predicted any may
/// be named, as in an AIScaleTarget.
pub(crate) fn parse_target(text: &str, most: f64) -> Option<Target> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "max" => return Some(Target::Max),
        "auto" => return Some(Target::Auto),
        _ => {}
    }
    if let Some(pooled) = text.strip_prefix(POOLED) {
        return parse_percentile(pooled.trim_start(), most / 100.0).map(Target::Pooled);
    }
    let Some(strategy) = text.strip_prefix(FORECAST) else {
        return parse_percentile(&text, most / 100.0).map(Target::Quantile);
    };
    let strategy = strategy.trim_start();
    let named = STRATEGIES.iter().find(|(name, _)| *name == strategy).map(|(_, named)| *named);
    named
        .or_else(|| parse_percentile(strategy, 1.0).map(Strategy::Percentile))
        .map(Target::Forecast)
}

fn percentile(quantile: Quantile) -> String {
    format!("p{}", percent(quantile.value()))
}

fn parse_percentile(text: &str, greatest: f64) -> Option<Quantile> {
    let quantile = parse_percent(text.strip_prefix('p')?)?;
    (quantile <= greatest).then(|| Quantile::new(quantile)).flatten()
}

/// A share as a percentage without its sign, moving the point in the text: multiplying by a hundred
/// would not give the same share back.
pub(crate) fn percent(share: f64) -> String {
    let text = share.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let padded = format!("{fraction:0<2}");
    let (moved, rest) = padded.split_at_checked(2).unwrap_or((&padded, ""));
    let number = format!("{whole}{moved}");
    let number = number.trim_start_matches('0');
    let number = if number.is_empty() { "0" } else { number };
    if rest.is_empty() { number.to_owned() } else { format!("{number}.{rest}") }
}

/// The share that a percentage without its sign stands for: digits with at most one point. A sign or
/// an exponent would read as a number too, and nobody means it.
pub(crate) fn parse_percent(text: &str) -> Option<f64> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    // Moving the point in the text is exact, dividing by 100 is not: 99.9 is 0.999.
    format!("{text}e-2").parse().ok()
}

/// A ratio from a percentage with or without its sign.
pub(crate) fn parse_percent_ratio(text: &str) -> Option<Ratio> {
    parse_percent(text.strip_suffix('%').unwrap_or(text).trim_end()).and_then(Ratio::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(parse_target(text, 99.9).map(target).as_deref(), expect, "{text:?}");
    }

    #[test]
    fn targets_have_one_spelling() {
        check("p80", Some("p80"));
        check("P99.9", Some("p99.9"));
        check("p0", Some("p0"));
        check("p07", Some("p7"));
        check("MAX", Some("max"));
        check("auto", Some("auto"));
        check("forecast:balanced", Some("forecast:balanced"));
        check("forecast: Cost_Optimized", Some("forecast:cost_optimized"));
        check("forecast:p95", Some("forecast:p95"));
        check("Pooled: p90", Some("pooled:p90"));
        for text in [
            "",
            "pooled:",
            "pooled:max",
            "p",
            "80",
            "p100",
            "p99.95",
            "p-1",
            "p8e1",
            "p1.2.3",
            "forecast",
            "forecast:",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_greatest_percentile_is_one_of_those_that_may_be_named() {
        let read = |text, most| parse_target(text, most).map(target);
        for text in ["p99.9", "p99.95", "p100"] {
            assert_eq!(read(text, 100.0).as_deref(), Some(text));
        }
        assert_eq!(read("p99.95", 99.9), None);
        assert_eq!(read("p100.1", 100.0), None);
    }

    #[test]
    fn a_share_is_written_as_a_percentage() {
        for (share, expect) in [
            (0.0, "0"),
            (0.5, "50"),
            (0.05, "5"),
            (1.5, "150"),
            (0.999, "99.9"),
            (0.001, "0.1"),
            (12.0, "1200"),
        ] {
            assert_eq!(percent(share), expect);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(share in 0.0_f64..100.0, nanos in any::<u32>(), seconds in 0_u64..100_000_000) {
            prop_assert_eq!(parse_percent(&percent(share)), Some(share));
            let span = Duration::new(seconds, nanos % 1_000_000_000);
            let read = crate::parse_duration(&duration(span)).unwrap();
            prop_assert_eq!(read.as_secs(), span.as_secs());
        }
    }
}
