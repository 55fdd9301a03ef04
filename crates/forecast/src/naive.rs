//! Naive forecasts, of cells and of the maximum of a window: what was comes again, and is missed as
//! often and as far as it was before.

use crate::forecast::{Maximum, Quantiles};
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

/// Forecasts the cells of the next day ([`DAY`] of them) by those of the day before; `None` of less than
/// two days.
pub fn repeat_day_cells(series: &Series) -> Option<Vec<Quantiles>> {
    let values = series.values();
    let naive = Naive::day_before(&values, 1)?;
    let [q90, q95] = naive.above;
    let of = |q50: &f64| Quantiles {
        q10: (q50 + naive.below).max(0.0),
        q50: *q50,
        q90: q50 + q90,
        q95: q50 + q95,
    };
    Some(values[values.len() - DAY..].iter().map(of).collect())
}

/// What repeats, and how usage missed it.
pub(crate) struct Naive {
    /// How long ago the window began that comes again.
    season: usize,
    window: usize,
    /// In one case of ten; 0 or less.
    below: f64,
    /// In nine cases of ten, and in nineteen of twenty; 0 or more.
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
        let mut naive = Self { season, window, below: 0.0, above: [0.0; 2] };
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
            residuals.get(at).or_else(|| residuals.last()).copied()
        };
        naive.below = quantile(2)?.min(0.0);
        naive.above = [quantile(18)?.max(0.0), quantile(19)?.max(0.0)];
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Amount;

    /// A day of 10, then days of which one cell in fourteen is 5 above, one in seven 2 above and one in seven 7 below.
    fn series(days: usize) -> Series {
        let mut series = Series::new();
        for cell in 0..days * DAY {
            let value = match (cell / DAY, cell % DAY) {
                (1.., 0..20) => 15.0,
                (1.., 20..60) => 12.0,
                (1.., 60..100) => 3.0,
                _ => 10.0,
            };
            series.observe(i64::try_from(cell).unwrap(), Amount::new(value).unwrap());
        }
        series
    }

    #[test]
    fn a_day_comes_again_and_is_missed_as_far_as_it_was() {
        let cells = repeat_day_cells(&series(2)).unwrap();
        assert_eq!(cells.len(), DAY);
        let of = |q50: f64| Quantiles {
            q10: f64::max(q50 - 7.0, 0.0),
            q50,
            q90: q50 + 2.0,
            q95: q50 + 5.0,
        };
        assert_eq!([cells[0], cells[20], cells[60], cells[287]], [15.0, 12.0, 3.0, 10.0].map(of));
    }

    #[test]
    fn its_cells_reach_as_high_as_its_maximum() {
        let usage = series(5);
        let cells = repeat_day_cells(&usage).unwrap();
        let greatest = cells.iter().map(|cell| cell.q50).fold(0.0, f64::max);
        let maximum = repeat_day(&usage, DAY).unwrap().q50;
        assert!((greatest - maximum).abs() < f64::EPSILON, "{greatest} {maximum}");
        assert_eq!(repeat_day_cells(&series(1)), None);
    }
}
