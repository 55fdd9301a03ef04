//! Naive forecasts of the maximum of a window: what was comes again, and rises above it as often and
//! as far as it did before.

use crate::forecast::Maximum;
use crate::grid::{DAY, HORIZON};
use crate::order::greatest;
use crate::series::Series;

/// Forecasts the maximum of the next `window` cells (1 to [`HORIZON`]) by that of the same cells of the
/// day before; `None` of less than two days.
pub fn repeat_day(series: &Series, window: usize) -> Option<Maximum> {
    let values = series.values();
    let naive = Naive::day_before(&values, window.clamp(1, HORIZON))?;
    Some(naive.forecast(&values))
}

/// What repeats, and how usage rose above it.
pub(crate) struct Naive {
    /// How long ago the window began that comes again.
    season: usize,
    window: usize,
    /// In nine cases of ten, and in nineteen of twenty.
    above: [f64; 2],
}

impl Naive {
    /// The window of the day before comes again; `None` of less than two days.
    pub(crate) fn day_before(known: &[f64], window: usize) -> Option<Self> {
        if known.len() >= 2 * DAY { Self::of(known, window, DAY) } else { None }
    }

    /// The window just over comes again; `None` of less than two windows.
    pub(crate) fn just_over(known: &[f64], window: usize) -> Option<Self> {
        Self::of(known, window, window)
    }

    fn of(known: &[f64], window: usize, season: usize) -> Option<Self> {
        let mut naive = Self { season, window, above: [0.0; 2] };
        let last = known.len().checked_sub(window)?;
        let mut residuals: Vec<f64> = (season..=last)
            .step_by(window)
            .map(|origin| {
                greatest(&known[origin..origin + window]) - naive.median(&known[..origin])
            })
            .collect();
        residuals.sort_by(f64::total_cmp);
        let quantile = |twentieths: usize| {
            let at = residuals.len() * twentieths / 20;
            residuals.get(at).or_else(|| residuals.last()).map(|rise| rise.max(0.0))
        };
        naive.above = [quantile(18)?, quantile(19)?];
        Some(naive)
    }

    /// The forecast of the window after what is known, which is a season long at least.
    pub(crate) fn forecast(&self, known: &[f64]) -> Maximum {
        let q50 = self.median(known);
        let [q90, q95] = self.above.map(|above| q50 + above);
        Maximum { q50, q90, q95 }
    }

    fn median(&self, known: &[f64]) -> f64 {
        let begin = known.len().saturating_sub(self.season);
        let end = (begin + self.window).min(known.len());
        greatest(&known[begin..end])
    }
}
