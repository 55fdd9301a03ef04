//! The forecast of a day: the quantiles of each of its cells, and of the maximum up to each.

use crate::constants::Constants;
use crate::fit::Model;
use crate::grid::{Between, HORIZON, KNOT, PEAK};
use crate::peak::{Outlook, PeakFit};
use crate::regressors::Target;
use crate::running::Running;
use crate::series::Series;

/// Quantiles are opened by this share of themselves: values are kept in single precision, and what
/// that rounds away (half of this) must not push a steady usage out of its own interval.
pub const ROUNDING: f64 = f32::EPSILON as f64;

/// A forecast from its origin on, five minutes a cell, in the unit of the series.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    origin: i64,
    cells: Vec<Quantiles>,
    maxima: Vec<Maximum>,
}

/// What one cell is forecast to be: 0 or more, and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// One in ten is below.
    pub q10: f64,
    /// The median.
    pub q50: f64,
    /// One in ten is above.
    pub q90: f64,
    /// One in twenty is above.
    pub q95: f64,
}

/// What the maximum of a window is forecast to be: 0 or more, and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Maximum {
    /// The median.
    pub q50: f64,
    /// One in ten is above.
    pub q90: f64,
    /// One in twenty is above.
    pub q95: f64,
}

/// Forecasts the day after what a series knows, by a model that was fitted to it then or a little
/// earlier; `None` of a series that has no value yet.
pub fn predict(model: &Model, series: &Series, constants: &Constants) -> Option<Forecast> {
    let values = series.values();
    if values.is_empty() {
        return None;
    }
    let running = Running::latest(&values);
    let (cells, maxima) = ahead(model, &running, constants, HORIZON);
    Some(Forecast { origin: series.origin(), cells, maxima })
}

/// The quantiles of each of the next cells, and of the maximum up to each.
pub(crate) fn ahead(
    model: &Model,
    running: &Running<'_>,
    constants: &Constants,
    length: usize,
) -> (Vec<Quantiles>, Vec<Maximum>) {
    let known = running.y.len();
    let mut outlook = Outlook::before(known);
    let of = |horizon: usize| {
        let at = Between::of(horizon, &KNOT);
        let fit = model.at(at);
        let target = Target { origin: known, horizon };
        let quantiles = fit.quantiles(running, constants, target, at);
        if KNOT.contains(&horizon) {
            outlook.see(quantiles);
        }
        outlook.residual_size = fit.residuals.size;
        outlook.windows.grow(running, horizon);
        let at = Between::of(horizon, &PEAK);
        let fit = PeakFit::between(&model.peaks, at);
        let terms = outlook.terms(running);
        let maximum = fit.quantiles(constants, at, &outlook, &terms);
        (Quantiles::opened(quantiles), Maximum::opened(maximum))
    };
    (1..=length).map(of).unzip()
}

impl Forecast {
    /// The first cell that is forecast: its start in seconds since the epoch / 300.
    pub fn origin(&self) -> i64 {
        self.origin
    }

    /// The cells from the origin on, [`HORIZON`] of them.
    pub fn cells(&self) -> &[Quantiles] {
        &self.cells
    }

    /// The maximum of the first `length` cells, from 1 to [`HORIZON`]; shorter and longer windows
    /// are taken as these.
    pub fn maximum(&self, length: usize) -> Maximum {
        let last = self.maxima.len().saturating_sub(1);
        self.maxima.get(length.saturating_sub(1).min(last)).copied().unwrap_or_default()
    }
}

impl Quantiles {
    fn opened([q10, q50, q90, q95]: [f64; 4]) -> Self {
        let up = |q: f64| q * (1.0 + ROUNDING);
        Self { q10: q10 * (1.0 - ROUNDING), q50, q90: up(q90), q95: up(q95) }
    }
}

impl Maximum {
    fn opened([q50, q90, q95]: [f64; 3]) -> Self {
        let up = |q: f64| q * (1.0 + ROUNDING);
        Self { q50, q90: up(q90), q95: up(q95) }
    }
}
