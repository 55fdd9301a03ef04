//! The maximum of a window, with quantiles of its own: the maximum of a path's quantiles is broken
//! by every second window.

use crate::constants::Constants;
use crate::correct::{self, Judged, Trust};
use crate::fit::{self, Model};
use crate::grid::{Between, DAY, KNOT, PEAK};
use crate::lad::{Design, Loss};
use crate::order;
use crate::profile::Windows;
use crate::regressors::Target;
use crate::running::Running;

/// How many terms the maximum is regressed on.
pub(crate) const PEAK_TERMS: usize = 12;
/// Their names, in the file of constants.
pub(crate) const PEAK_TERM: [&str; PEAK_TERMS] = [
    "path_q90",
    "path_q95",
    "day_q95",
    "day_max",
    "window_yesterday",
    "window_mean",
    "window_max",
    "jitter_slow",
    "jitter_fast",
    "path_median",
    "residual_size",
    "last",
];
/// Samples of a window, cells between them, and the half-life of what they count, by window.
const SAMPLES: [usize; 3] = [300, 300, 336];
const STEP: [usize; 3] = [3, 3, 24];
const HALF_LIFE: [f64; 3] = [6.0 * DAY as f64, 6.0 * DAY as f64, 9.0 * DAY as f64];
/// With fewer samples the prior is all there is.
const SAMPLES_MIN: usize = 8;
/// What the prior counts, in samples.
const RIDGE: f64 = 20.0;
/// Independent samples that no correction counts as much as.
const CORRECTION_PRIOR: f64 = 5.0;
/// The quantiles above the median.
const UPPER: [f64; 2] = [0.9, 0.95];

/// What was fitted for one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PeakFit {
    pub(crate) location: [f64; PEAK_TERMS],
    /// The corrections of the scales of the 90th and 95th percentile.
    pub(crate) kappas: [f64; 2],
    /// Upper quantiles are taken this much further off in the first days.
    pub(crate) caution: f64,
}

impl Default for PeakFit {
    fn default() -> Self {
        Self { location: [0.0; PEAK_TERMS], kappas: [1.0; 2], caution: 1.0 }
    }
}

/// What is foreseen of the cells of a window, and what was of the same window before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook {
    pub(crate) origin: usize,
    /// The greatest of each quantile at the fitted horizons within the window.
    pub(crate) greatest: [f64; 4],
    /// The mean size of the residuals at its end.
    pub(crate) residual_size: f64,
    pub(crate) windows: Windows,
}

/// Fits each window of [`PEAK`]; the model's horizons are fitted already.
pub(crate) fn fit(running: &Running<'_>, constants: &Constants, model: &Model) -> [PeakFit; 3] {
    std::array::from_fn(|window| {
        let samples = samples(running, constants, model, window);
        fit_one(&samples, constants, window, running.y.len())
    })
}

/// One past window: its terms, by how much its maximum was above the path's median, and its age.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    terms: [f64; PEAK_TERMS],
    above: f64,
    age: usize,
}

/// Past windows, latest first.
pub(crate) fn samples(
    running: &Running<'_>,
    constants: &Constants,
    model: &Model,
    window: usize,
) -> Vec<Sample> {
    let (y, length) = (running.y, PEAK[window]);
    let of = |origin: usize| {
        let outlook = Outlook::at(running, constants, model, (origin, length));
        let maximum = order::greatest(&y[origin..origin + length]);
        Sample {
            terms: outlook.terms(running),
            above: maximum - outlook.greatest[1],
            age: y.len() - length - origin,
        }
    };
    fit::origins(y.len(), length, STEP[window]).take(SAMPLES[window]).map(of).collect()
}

/// Fits one window to samples of a history of `n` cells.
pub(crate) fn fit_one(
    samples: &[Sample],
    constants: &Constants,
    window: usize,
    n: usize,
) -> PeakFit {
    let prior = constants.peak[window][0];
    let mut fit = PeakFit { location: prior, ..PeakFit::default() };
    fit.caution = 1.0 + 2.0 * (-(n as f64) / DAY as f64).exp();
    if samples.len() < SAMPLES_MIN {
        return fit;
    }
    let mut design = Design::new(PEAK_TERMS, samples.len());
    for sample in samples {
        for (column, term) in design.columns.iter_mut().zip(sample.terms) {
            column.push(term);
        }
        design.target.push(sample.above);
        design.weights.push(correct::decayed(sample.age, HALF_LIFE[window]));
    }
    let fitted = design.fit(&prior, RIDGE, Loss::MEDIAN);
    for (location, coefficient) in fit.location.iter_mut().zip(&fitted.coefficients) {
        *location = *coefficient;
    }
    let trust = Trust {
        step: STEP[window],
        overlap: (PEAK[window] as f64).max(6.0),
        prior: CORRECTION_PRIOR,
    };
    fit.kappas = std::array::from_fn(|upper| {
        let of = |((sample, residual), weight): ((&Sample, &f64), &f64)| Judged {
            residual: *residual,
            scale: scale(constants, window, upper, &sample.terms),
            weight: *weight,
        };
        let judged: Vec<Judged> =
            samples.iter().zip(&fitted.residuals).zip(&design.weights).map(of).collect();
        correct::correction(&judged, UPPER[upper], trust)
    });
    fit
}

/// How far an upper quantile is above the median, by the constants alone.
pub(crate) fn scale(
    constants: &Constants,
    window: usize,
    upper: usize,
    terms: &[f64; PEAK_TERMS],
) -> f64 {
    let of = |q: usize| product(&constants.peak[window][q], terms);
    (of(upper + 1) - of(0)).max(0.0)
}

impl Outlook {
    /// Of the window of `length` cells, one of [`PEAK`], from `origin` on.
    pub(crate) fn at(
        running: &Running<'_>,
        constants: &Constants,
        model: &Model,
        (origin, length): (usize, usize),
    ) -> Self {
        let mut outlook = Self::before(origin);
        for (knot, horizon) in KNOT.iter().copied().enumerate() {
            if horizon > length {
                break;
            }
            let fit = &model.horizons[knot];
            let at = Between::at(knot);
            let target = Target { origin, horizon };
            outlook.see(fit.quantiles(running, constants, target, at));
            outlook.residual_size = fit.residuals.size;
        }
        outlook.windows.grow(running, length);
        outlook
    }

    /// Nothing foreseen yet.
    pub(crate) fn before(origin: usize) -> Self {
        let windows = Windows::before(origin);
        Self { origin, greatest: [0.0; 4], residual_size: 0.0, windows }
    }

    pub(crate) fn see(&mut self, quantiles: [f64; 4]) {
        for (greatest, quantile) in self.greatest.iter_mut().zip(quantiles) {
            *greatest = greatest.max(quantile);
        }
    }

    /// The terms, in the order of [`PEAK_TERM`]: how far each value is above the path's median, but
    /// for four that are taken as they are. The last 24 hours stand for a yesterday that never was.
    pub(crate) fn terms(&self, running: &Running<'_>) -> [f64; PEAK_TERMS] {
        let now = self.origin - 1;
        let [_, median, high, higher] = self.greatest;
        let day_max = running.day_max[now];
        let [fast, slow] = running.level.at(now).steps;
        let [yesterday, mean, max] = self.windows.summary().unwrap_or([day_max; 3]);
        [
            high - median,
            higher - median,
            running.recent(now).q95 - median,
            day_max - median,
            yesterday - median,
            mean - median,
            max - median,
            slow,
            fast,
            median,
            self.residual_size,
            running.y[now] - median,
        ]
    }
}

impl PeakFit {
    /// How far the maximum's median is above the path's.
    pub(crate) fn above(&self, terms: &[f64; PEAK_TERMS]) -> f64 {
        product(&self.location, terms)
    }

    /// The median, 90th and 95th percentile of the maximum: 0 or more, and in order.
    pub(crate) fn quantiles(
        &self,
        constants: &Constants,
        at: Between,
        outlook: &Outlook,
        terms: &[f64; PEAK_TERMS],
    ) -> [f64; 3] {
        let median = (outlook.greatest[1] + self.above(terms)).max(0.0);
        let above = |upper: usize| {
            let scale = at.blend(|window| scale(constants, window, upper, terms));
            let [corrected, plain] =
                at.blend_all(|window| constants.peak_calibration[window][upper]);
            let offset = corrected * self.kappas[upper] * scale + plain * scale;
            median + self.caution * offset.max(0.0)
        };
        let high = above(0);
        [median, high, above(1).max(high)]
    }

    /// The numbers of a window, between those that were fitted.
    pub(crate) fn between(fits: &[Self; 3], at: Between) -> Self {
        Self {
            location: at.blend_all(|window| fits[window].location),
            kappas: at.blend_all(|window| fits[window].kappas),
            caution: at.blend(|window| fits[window].caution),
        }
    }
}

fn product(coefficients: &[f64; PEAK_TERMS], terms: &[f64; PEAK_TERMS]) -> f64 {
    coefficients.iter().zip(terms).map(|(coefficient, term)| coefficient * term).sum()
}
