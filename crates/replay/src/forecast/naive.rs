//! The forecast that ours is measured by: the same time yesterday, with the quantiles of what that
//! was off by in the last days.

use plimsoll_forecast::{DAY, HORIZON};

use super::{QUANTILES, UPPER, WINDOWS};

/// Horizons whose residuals are pooled.
const POOLS: [(usize, usize); 5] = [(0, 3), (3, 12), (12, 48), (48, 144), (144, 288)];
/// Cells between the origins that residuals are taken from, and how far back those lie.
const STEP: usize = 24;
const BACK: usize = 3 * DAY;
/// With fewer origins the residuals count as nothing.
const ORIGINS_MIN: usize = 5;

/// Quantiles by cell, and of the maximum of each window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plain {
    pub(super) cells: Vec<[f64; 4]>,
    pub(super) maxima: [[f64; 3]; 3],
}

/// The seasonal naive forecast after a history of two days or more.
pub(super) fn naive(y: &[f64]) -> Plain {
    let n = y.len();
    let place = |cell: usize| (n + cell).checked_sub(BACK + HORIZON);
    let origins = (0..BACK).step_by(STEP).filter_map(place).filter(|origin| *origin >= 2 * DAY);
    let origins: Vec<usize> = origins.collect();
    let yesterday = &y[n.saturating_sub(DAY)..];
    let mut cells = Vec::with_capacity(HORIZON);
    for (from, until) in POOLS {
        let off = |origin: &usize| {
            let cells = *origin + from..*origin + until;
            cells.map(|i| y[i] - y[i - DAY]).collect::<Vec<f64>>()
        };
        let mut residuals: Vec<f64> = origins.iter().flat_map(off).collect();
        let offsets = told(origins.len(), &mut residuals, &QUANTILES);
        for value in &yesterday[from..until] {
            let mut quantiles: [f64; 4] = std::array::from_fn(|q| (value + offsets[q]).max(0.0));
            quantiles[1] = value.max(0.0);
            cells.push(quantiles);
        }
    }
    let maxima = WINDOWS.map(|window| {
        let off =
            |origin: &usize| peak(y, *origin, window) - peak(y, origin.saturating_sub(DAY), window);
        let mut residuals: Vec<f64> = origins.iter().map(off).collect();
        let offsets = told(origins.len(), &mut residuals, &UPPER);
        let value = peak(yesterday, 0, window);
        let mut quantiles: [f64; 3] = std::array::from_fn(|q| (value + offsets[q]).max(0.0));
        quantiles[0] = value.max(0.0);
        quantiles
    });
    Plain { cells, maxima }
}

/// The maximum of a window.
pub(super) fn peak(y: &[f64], from: usize, window: usize) -> f64 {
    y[from..from + window].iter().copied().fold(0.0, f64::max)
}

fn told<const N: usize>(origins: usize, residuals: &mut [f64], quantiles: &[f64; N]) -> [f64; N] {
    if origins < ORIGINS_MIN {
        return [0.0; N];
    }
    residuals.sort_unstable_by(f64::total_cmp);
    quantiles.map(|q| super::summary::quantile(residuals, q))
}
