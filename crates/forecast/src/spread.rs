//! How far the quantiles of a forecast lie from its location: a scale that is linear in what was
//! seen of the residuals, of the usage's jitter, and of where the day's values lie.

use crate::constants::Constants;
use crate::grid::Between;
use crate::profile;
use crate::regressors::Target;
use crate::running::Running;

/// How many terms a scale has.
pub(crate) const TERMS: usize = 23;
/// Their names, in the file of constants. Residual terms are of the location's own fit; the others
/// are how far a value lies above (or below, for what is low) the location.
pub(crate) const TERM: [&str; TERMS] = [
    "residual_q10",
    "residual_q50",
    "residual_q90",
    "residual_q95",
    "residual_size",
    "jitter_fast",
    "jitter_slow",
    "off_mean_slow",
    "season_doubt",
    "yesterday_above",
    "yesterday_below",
    "day_q90",
    "day_q10",
    "location",
    "season_q90",
    "season_q95",
    "season_q10",
    "day_q95",
    "off_mean",
    "profile_median",
    "day_median",
    "week_median",
    "last",
];

/// The quantiles of a forecast.
pub(crate) const QUANTILE: [f64; 4] = [0.1, 0.5, 0.9, 0.95];
/// Which of them is the median.
pub(crate) const MEDIAN: usize = 1;

/// What was fitted for one horizon, or lies between two that were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Residuals {
    /// The quantiles of the residuals, at [`QUANTILE`].
    pub(crate) quantiles: [f64; 4],
    /// Their mean size.
    pub(crate) size: f64,
}

impl Residuals {
    pub(crate) fn numbers(self) -> [f64; 5] {
        let [a, b, c, d] = self.quantiles;
        [a, b, c, d, self.size]
    }

    pub(crate) fn of_numbers([a, b, c, d, size]: [f64; 5]) -> Self {
        Self { quantiles: [a, b, c, d], size }
    }
}

/// The terms of the scale of a target with its location, in the order of [`TERM`].
pub(crate) fn terms(
    running: &Running<'_>,
    target: Target,
    location: f64,
    residuals: Residuals,
) -> [f64; TERMS] {
    let now = target.origin - 1;
    let last = running.y[now];
    let recent = running.recent(now);
    let level = running.level.at(now);
    let mut t = [0.0; TERMS];
    t[..4].copy_from_slice(&residuals.quantiles);
    t[4] = residuals.size;
    t[5] = level.steps[0];
    t[6] = level.steps[1];
    t[7] = (last - level.means[2]).abs();
    t[11] = recent.q90 - location;
    t[12] = location - recent.q10;
    t[13] = location;
    t[17] = recent.q95 - location;
    t[18] = (last - level.means[1]).abs();
    t[20] = recent.q50 - location;
    t[21] = recent.week - location;
    t[22] = last - location;
    if let Some(cell) = target.profile_cell() {
        let [low, high, higher] = running.season.at(cell);
        let [above, below] = profile::extremes(running.y, cell);
        let median = running.profile_median.at(cell);
        t[8] = (median - running.smooth[cell]).abs();
        t[9] = (above - location).max(0.0);
        t[10] = (location - below).max(0.0);
        t[14] = high - location;
        t[15] = higher - location;
        t[16] = location - low;
        t[19] = median - location;
    } else {
        // Without a yesterday the hours so far stand for the season.
        t[14] = t[11];
        t[15] = t[17];
        t[16] = t[12];
        t[19] = level.day_mean - location;
    }
    t
}

/// The scale of each quantile: below the location for the 10th percentile, above it for the 90th and
/// 95th; the median's is how far the location is off.
pub(crate) fn scales(constants: &Constants, at: Between, terms: &[f64; TERMS]) -> [f64; 4] {
    let [low, median, high, higher] = at.blend_all(|knot| products(&constants.spread[knot], terms));
    [low.min(0.0), median, high.max(0.0), higher.max(0.0)]
}

/// The offset of each quantile from the location: its scale as it is and as the last days corrected
/// it, and the residuals, in shares that make the pooled coverage exact.
pub(crate) fn offsets(
    constants: &Constants,
    at: Between,
    scales: [f64; 4],
    kappas: [f64; 4],
    residuals: Residuals,
) -> [f64; 4] {
    std::array::from_fn(|q| {
        let [corrected, residual, plain] = at.blend_all(|knot| constants.calibration[knot][q]);
        let offset = corrected * kappas[q] * scales[q]
            + residual * residuals.quantiles[q]
            + plain * scales[q];
        match q {
            0 => offset.min(0.0),
            MEDIAN => offset,
            _ => offset.max(0.0),
        }
    })
}

/// The quantiles of a cell: 0 or more, and in order.
pub(crate) fn quantiles(location: f64, offsets: [f64; 4]) -> [f64; 4] {
    let mut quantiles = offsets.map(|offset| (location + offset).max(0.0));
    quantiles.sort_unstable_by(f64::total_cmp);
    quantiles
}

/// The products of the terms with the weights of each quantile; in four lanes.
fn products(weights: &[[f64; TERMS]; 4], terms: &[f64; TERMS]) -> [f64; 4] {
    weights.each_ref().map(|weights| {
        let mut lanes = [0.0; 4];
        for term in 0..TERMS {
            lanes[term % 4] += weights[term] * terms[term];
        }
        lanes.iter().sum()
    })
}
