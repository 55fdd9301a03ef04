//! The losses of many series put together, by kind and over all.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::score::Loss;
use super::{ForecastReport, WINDOW_NAME};
use crate::trace::Metric;

/// A series' loss over the naive one's is taken within these.
const RATIO_MIN: f64 = 0.02;
const RATIO_MAX: f64 = 50.0;

/// Series that are summed up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All of them, each kind by its weight.
    All,
    /// CPU: weight 1/2.
    Cpu,
    /// Memory: weight 1/4.
    Memory,
    /// Requests and other demand: weight 1/4.
    Demand,
}

impl Kind {
    const PARTS: [Self; 3] = [Self::Cpu, Self::Memory, Self::Demand];

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Cpu => "cpu",
            Self::Memory => "mem",
            Self::Demand => "demand",
        }
    }

    fn of(metric: Metric) -> Self {
        match metric {
            Metric::Cpu => Self::Cpu,
            Metric::Memory => Self::Memory,
            Metric::Requests | Metric::Load => Self::Demand,
        }
    }

    fn weight(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Cpu => 0.5,
            Self::Memory | Self::Demand => 0.25,
        }
    }
}

/// The figures of one kind over one window. `rel_*` are losses over those of the same time
/// yesterday (the seasonal naive forecast) with its own residuals, as the geometric mean over
/// series; a series counts 1/sqrt(series of its source in its metric):
///
/// - `n`: series
/// - `rel_wql`, `rel_mae`: of all quantiles, and of the median alone
/// - `win`: the share of series whose `rel_wql` is below 1
/// - `cov80`, `cov95`, `cov80_p10`: the share of cells within the 10th and 90th percentile, at or
///   below the 95th; the former's 10th percentile over series
/// - `peak_miss`, `peak_miss90`: the share of windows whose maximum was above its 95th, its 90th
///   percentile
/// - `rel_max`, `rel_max_pin95`: of the quantiles of the maximum, and of its 95th alone
/// - `rel_wql_unweighted`: `rel_wql` with all series alike
/// - `snaive_*`: the same of the naive forecast
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastSummary {
    /// Each figure with its name, in the order they are shown.
    pub figures: Vec<(&'static str, f64)>,
}

impl ForecastSummary {
    /// One figure by its name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(figure, _)| *figure == name).map(|(_, value)| *value)
    }
}

/// The mean losses of one series over one window, ours and the naive forecast's.
#[derive(Clone, Debug)]
pub(super) struct SeriesLoss {
    pub(super) metric: Metric,
    pub(super) source: String,
    pub(super) ours: Loss,
    pub(super) naive: Loss,
}

/// Summaries by kind, all first; kinds without series are left out.
pub(super) fn summarise(series: &[SeriesLoss]) -> Vec<(Kind, ForecastSummary)> {
    let mut counts: BTreeMap<(Metric, &str), f64> = BTreeMap::new();
    for loss in series {
        *counts.entry((loss.metric, loss.source.as_str())).or_default() += 1.0;
    }
    let weight = |loss: &SeriesLoss| {
        let count = counts.get(&(loss.metric, loss.source.as_str()));
        count.copied().unwrap_or(1.0).sqrt().recip()
    };
    let mut all = Vec::new();
    for kind in Kind::PARTS {
        let of = series.iter().filter(|loss| Kind::of(loss.metric) == kind);
        let weighed: Vec<(&SeriesLoss, f64)> = of.map(|loss| (loss, weight(loss))).collect();
        if !weighed.is_empty() {
            all.push((kind, one(&weighed)));
        }
    }
    if !all.is_empty() {
        let unweighted: Vec<f64> = series.iter().filter_map(|loss| ratio(loss, PINBALL)).collect();
        all.insert(0, (Kind::All, together(&all, &unweighted)));
    }
    all
}

type Part = fn(&Loss) -> f64;
const PINBALL: Part = |loss| loss.pinball;

/// A loss over the naive one's; `None` where that is nothing.
fn ratio(loss: &SeriesLoss, part: Part) -> Option<f64> {
    let (ours, naive) = (part(&loss.ours), part(&loss.naive));
    (naive > 0.0).then(|| (ours / naive).clamp(RATIO_MIN, RATIO_MAX))
}

fn one(weighed: &[(&SeriesLoss, f64)]) -> ForecastSummary {
    let geometric = |part: Part| {
        let logs = weighed.iter().filter_map(|(loss, w)| Some((ratio(loss, part)?.ln(), *w)));
        mean(logs).exp()
    };
    let ours = |part: Part| mean(weighed.iter().map(|(loss, w)| (part(&loss.ours), *w)));
    let naive = |part: Part| mean(weighed.iter().map(|(loss, w)| (part(&loss.naive), *w)));
    let wins = weighed.iter().filter_map(|(loss, w)| Some((ratio(loss, PINBALL)?, *w)));
    let win = mean(wins.map(|(ratio, w)| (f64::from(u8::from(ratio < 1.0)), w)));
    let mut within: Vec<f64> = weighed.iter().map(|(loss, _)| loss.ours.within_80).collect();
    within.sort_unstable_by(f64::total_cmp);
    let plain = weighed.iter().filter_map(|(loss, _)| Some((ratio(loss, PINBALL)?.ln(), 1.0)));
    let figures = vec![
        ("n", weighed.len() as f64),
        ("rel_wql", geometric(PINBALL)),
        ("rel_mae", geometric(|loss| loss.absolute)),
        ("win", win),
        ("cov80", ours(|loss| loss.within_80)),
        ("cov95", ours(|loss| loss.below_95)),
        ("cov80_p10", quantile(&within, 0.1)),
        ("peak_miss", ours(|loss| loss.missed_95)),
        ("peak_miss90", ours(|loss| loss.missed_90)),
        ("rel_max", geometric(|loss| loss.peak)),
        ("rel_max_pin95", geometric(|loss| loss.peak_95)),
        ("rel_wql_unweighted", mean(plain).exp()),
        ("snaive_cov80", naive(|loss| loss.within_80)),
        ("snaive_cov95", naive(|loss| loss.below_95)),
        ("snaive_peak_miss", naive(|loss| loss.missed_95)),
    ];
    ForecastSummary { figures }
}

/// Kinds by their weights: ratios by their geometric mean, the rest by the plain one.
fn together(parts: &[(Kind, ForecastSummary)], unweighted: &[f64]) -> ForecastSummary {
    let names = parts.iter().take(1).flat_map(|(_, summary)| &summary.figures);
    let figure = |name: &'static str| {
        let of = |(kind, summary): &(Kind, ForecastSummary)| {
            (summary.figure(name).unwrap_or(f64::NAN), kind.weight())
        };
        let value = match name {
            "n" => parts.iter().map(|part| of(part).0).sum(),
            "rel_wql_unweighted" => mean(unweighted.iter().map(|ratio| (ratio.ln(), 1.0))).exp(),
            _ if name.starts_with("rel_") => {
                mean(parts.iter().map(of).map(|(value, w)| (value.ln(), w))).exp()
            }
            _ => mean(parts.iter().map(of)),
        };
        (name, value)
    };
    ForecastSummary { figures: names.map(|(name, _)| figure(name)).collect() }
}

/// The score as JSON: by window and kind, each with its figures.
pub(super) fn json(report: &ForecastReport) -> String {
    let mut text = format!(
        "{{\n \"series\": {},\n \"expected\": {},\n \"horizons\": {{",
        report.series, report.forecasts
    );
    for (w, (kinds, name)) in report.windows.iter().zip(WINDOW_NAME).enumerate() {
        let comma = if w == 0 { "" } else { "," };
        write!(text, "{comma}\n  \"{name}\": {{").ok();
        for (k, (kind, summary)) in kinds.iter().enumerate() {
            let comma = if k == 0 { "" } else { "," };
            write!(text, "{comma}\n   \"{}\": {{", kind.name()).ok();
            for (f, (figure, value)) in summary.figures.iter().enumerate() {
                let comma = if f == 0 { "" } else { "," };
                // JSON has no word for what is no number.
                let value = if value.is_finite() { value.to_string() } else { "null".to_owned() };
                write!(text, "{comma}\n    \"{figure}\": {value}").ok();
            }
            text.push_str("\n   }");
        }
        text.push_str("\n  }");
    }
    text.push_str("\n }\n}\n");
    text
}

fn mean(weighed: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weight) =
        weighed.fold((0.0, 0.0), |(sum, all), (value, w)| (sum + value * w, all + w));
    sum / weight
}

/// The quantile of sorted values, between the two nearest in proportion; NaN of nothing.
pub(super) fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let place = quantile * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| sorted.get(index(place)).copied().unwrap_or(f64::NAN);
    let (below, above) = (at(place.floor()), at(place.ceil()));
    let share = place.fract();
    // From the nearer one, as numpy does: where the two are equal nothing is rounded.
    if share < 0.5 {
        below + (above - below) * share
    } else {
        above - (above - below) * (1.0 - share)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within the values, 0 or more"
)]
fn index(place: f64) -> usize {
    place as usize
}
