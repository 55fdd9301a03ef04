//! The loss of one forecast, over each window from its origin on.

use plimsoll_forecast::{Forecast, HORIZON};

use super::naive::{self, Plain};
use super::{QUANTILES, UPPER, WINDOWS};

/// A maximum is missed when it is above by more than this share: the rounding of numbers in text.
const TOLERANCE: f64 = 1e-7;

/// What a forecast lost over one window, or the mean of several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Loss {
    /// The pinball losses of all quantiles, summed over the cells.
    pub(super) pinball: f64,
    /// The absolute errors of the median, summed over the cells.
    pub(super) absolute: f64,
    /// The share of cells within the 10th and 90th percentile.
    pub(super) within_80: f64,
    /// The share of cells at or below the 95th.
    pub(super) below_95: f64,
    /// The pinball losses of the maximum's quantiles.
    pub(super) peak: f64,
    /// Whether the maximum was above its 95th, and its 90th percentile.
    pub(super) missed_95: f64,
    pub(super) missed_90: f64,
    /// The pinball loss of the maximum's 95th percentile.
    pub(super) peak_95: f64,
}

impl Loss {
    /// All of it, to be added up.
    fn parts(self) -> [f64; 8] {
        let Self { pinball, absolute, within_80, below_95, peak, missed_95, missed_90, peak_95 } =
            self;
        [pinball, absolute, within_80, below_95, peak, missed_95, missed_90, peak_95]
    }

    fn of_parts(parts: [f64; 8]) -> Self {
        let [pinball, absolute, within_80, below_95, peak, missed_95, missed_90, peak_95] = parts;
        Self { pinball, absolute, within_80, below_95, peak, missed_95, missed_90, peak_95 }
    }

    /// The mean of some, of which there is at least one.
    pub(super) fn mean(losses: &[Self]) -> Self {
        let count = losses.len() as f64;
        let mut sums = [0.0; 8];
        for loss in losses {
            for (sum, part) in sums.iter_mut().zip(loss.parts()) {
                *sum += part;
            }
        }
        Self::of_parts(sums.map(|sum| sum / count))
    }
}

impl Plain {
    /// Ours, as plain numbers.
    pub(super) fn of(forecast: &Forecast) -> Self {
        let cells = forecast.cells().iter().map(|cell| [cell.q10, cell.q50, cell.q90, cell.q95]);
        let maxima = WINDOWS.map(|window| {
            let maximum = forecast.maximum(window);
            [maximum.q50, maximum.q90, maximum.q95]
        });
        Self { cells: cells.collect(), maxima }
    }

    /// What it lost over each window; `actual` has the cells from the origin on.
    pub(super) fn losses(&self, actual: &[f64]) -> [Loss; 3] {
        std::array::from_fn(|w| self.loss(&actual[..HORIZON], w))
    }

    fn loss(&self, actual: &[f64], w: usize) -> Loss {
        let window = WINDOWS[w];
        let mut loss = Loss::default();
        for (y, cell) in actual[..window].iter().zip(&self.cells) {
            let losses = cell.iter().zip(QUANTILES).map(|(quantile, q)| pinball(y - quantile, q));
            loss.pinball += losses.sum::<f64>();
            loss.absolute += (y - cell[1]).abs();
            loss.within_80 += one_if(*y >= cell[0] && *y <= cell[2]) / window as f64;
            loss.below_95 += one_if(*y <= cell[3]) / window as f64;
        }
        let maximum = naive::peak(actual, 0, window);
        let [median, high, higher] = self.maxima[w];
        let losses = [median, high, higher].into_iter().zip(UPPER);
        loss.peak = losses.map(|(quantile, q)| pinball(maximum - quantile, q)).sum();
        loss.missed_95 = one_if(maximum > higher * (1.0 + TOLERANCE));
        loss.missed_90 = one_if(maximum > high * (1.0 + TOLERANCE));
        loss.peak_95 = pinball(maximum - higher, UPPER[2]);
        loss
    }
}

fn pinball(error: f64, q: f64) -> f64 {
    (q * error).max((q - 1.0) * error)
}

fn one_if(so: bool) -> f64 {
    f64::from(u8::from(so))
}
