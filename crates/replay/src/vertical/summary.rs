//! Scores of many series put together, by group of sources.

use std::fmt::Write as _;

use plimsoll_domain::Resource;

use super::VerticalReport;
use super::score::SeriesScore;

/// Footprints are taken within these before their geometric mean.
const FOOTPRINT_MIN: f64 = 1e-3;
const FOOTPRINT_MAX: f64 = 1e3;
/// A series with more time above its request than this is counted.
const MUCH_UNDER: f64 = 0.02;

/// Series that are summed up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// All of them.
    All,
    /// All but bitbrains, whose memory figure is no working set.
    NoBitbrains,
    /// Virtual machines of a hosting company.
    Bitbrains,
    /// Tasks of a Google cluster.
    Gcd11,
    /// The rest.
    Other,
}

/// The figures of one group of series, over ticks after the warm-up that have a sample. With U the
/// usage and R the request in force:
///
/// - `n`, `missing`, `late`: series; those without a decision; those whose first came late
/// - `footprint_gm`, `footprint_gm1`, `footprint_med`: sum R / sum U by series; its geometric mean,
///   the same with footprints below 1 counted as 1, its median
/// - `limit_gm`: the geometric mean of the sum of limits (requests where there is none) / sum U
/// - `fleet_footprint`: R over U of all series together
/// - `under_time`, `under_time_p90`, `under_time_max`, `share_over_2pct`: the share of ticks with
///   U > R; its mean, 90th percentile and maximum over series, and the share of series above 2 %
/// - `under_volume`: the mean of sum max(U - R, 0) / sum U
/// - `changes_per_day`: decisions after a series' first, a day
/// - `oom_per_100d`, `series_with_oom`: ticks above the limit in 100 days; series with any
/// - `cost_med`: the median of (sum max(R - U, 0) + risk) / sum U, where risk is ten times the sum
///   of max(U - R, 0) for CPU, and 12 h of the median request for each kill for memory
///
/// A series without a decision counts as above its request all the time at a footprint of 100;
/// before a late first decision every tick counts as above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Each figure with its name, in the order they are shown.
    pub figures: Vec<(&'static str, f64)>,
}

impl Group {
    /// The groups that are told apart for a resource, in the order they are shown.
    pub(super) fn for_resource(resource: Resource) -> Vec<Self> {
        match resource {
            Resource::Cpu => vec![Self::All, Self::Bitbrains, Self::Gcd11, Self::Other],
            Resource::Memory => {
                vec![Self::All, Self::NoBitbrains, Self::Bitbrains, Self::Gcd11, Self::Other]
            }
        }
    }

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NoBitbrains => "no-bitbrains",
            Self::Bitbrains => "bitbrains",
            Self::Gcd11 => "gcd11",
            Self::Other => "other",
        }
    }

    pub(super) fn holds(self, source: &str) -> bool {
        let named = |group: Self| group.name() == source;
        match self {
            Self::All => true,
            Self::NoBitbrains => !named(Self::Bitbrains),
            Self::Bitbrains | Self::Gcd11 => named(self),
            Self::Other => !named(Self::Bitbrains) && !named(Self::Gcd11),
        }
    }
}

impl Summary {
    /// The figures of some series, of which there is at least one.
    pub(super) fn of(series: &[&SeriesScore]) -> Self {
        let all = |of: fn(&SeriesScore) -> f64| -> Vec<f64> {
            series.iter().map(|score| of(score)).collect()
        };
        let share = |of: fn(&SeriesScore) -> bool| -> f64 { mean(&all_of(series, of)) };
        let footprints = all(|score| score.footprint);
        let under_times = all(|score| score.under_time);
        let floored: Vec<f64> = footprints.iter().map(|footprint| footprint.max(1.0)).collect();
        let requested: f64 = all(|score| score.requested).iter().sum();
        let used: f64 = all(|score| score.used).iter().sum();
        let n = series.len() as f64;
        let figures = vec![
            ("n", n),
            ("missing", share(|score| score.missing) * n),
            ("late", share(|score| score.late) * n),
            ("footprint_gm", geometric_mean(&footprints)),
            ("footprint_gm1", geometric_mean(&floored)),
            ("footprint_med", quantile(footprints, 0.5)),
            ("limit_gm", geometric_mean(&all(|score| score.limit_footprint))),
            ("fleet_footprint", requested / used),
            ("under_time", mean(&under_times)),
            ("under_time_p90", quantile(under_times.clone(), 0.9)),
            ("under_time_max", quantile(under_times, 1.0)),
            ("share_over_2pct", share(|score| score.under_time > MUCH_UNDER)),
            ("under_volume", mean(&all(|score| score.under_volume))),
            ("changes_per_day", mean(&all(|score| score.changes_per_day))),
            ("oom_per_100d", mean(&all(|score| score.oom_per_100d))),
            ("series_with_oom", share(|score| score.oom_per_100d > 0.0)),
            ("cost_med", quantile(all(|score| score.cost), 0.5)),
        ];
        Self { figures }
    }

    /// One figure by its name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(figure, _)| *figure == name).map(|(_, value)| *value)
    }
}

/// The score as JSON: `groups` by name, each with its figures, and the series that are missing.
pub(super) fn json(resource: Resource, report: &VerticalReport) -> String {
    let metric = match resource {
        Resource::Cpu => "cpu",
        Resource::Memory => "mem",
    };
    let mut text = format!("{{\n \"metric\": \"{metric}\",\n \"groups\": {{");
    for (i, (group, summary)) in report.groups.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(text, "{comma}\n  \"{}\": {{", group.name()).ok();
        for (j, (name, value)) in summary.figures.iter().enumerate() {
            let comma = if j == 0 { "" } else { "," };
            write!(text, "{comma}\n   \"{name}\": {}", number(*value)).ok();
        }
        text.push_str("\n  }");
    }
    text.push_str("\n },\n \"missing\": [");
    for (i, series) in report.missing.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(text, "{comma}\"{}\"", escaped(series)).ok();
    }
    text.push_str("]\n}\n");
    text
}

/// JSON has no word for what is no number.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { "null".to_owned() }
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

fn all_of(series: &[&SeriesScore], of: fn(&SeriesScore) -> bool) -> Vec<f64> {
    series.iter().map(|score| f64::from(u8::from(of(score)))).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn geometric_mean(values: &[f64]) -> f64 {
    let logarithms = values.iter().map(|value| value.clamp(FOOTPRINT_MIN, FOOTPRINT_MAX).ln());
    (logarithms.sum::<f64>() / values.len() as f64).exp()
}

/// The quantile between the two nearest values, in proportion; NaN of nothing.
pub(super) fn quantile(mut values: Vec<f64>, quantile: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = quantile * values.len().saturating_sub(1) as f64;
    let at = |place: f64| values.get(index(place)).copied().unwrap_or(f64::NAN);
    let (below, above) = (at(place.floor()), at(place.ceil()));
    below + (above - below) * place.fract()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within the values, 0 or more"
)]
fn index(place: f64) -> usize {
    place as usize
}
