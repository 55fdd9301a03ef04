//! Fits a model to a series: at each of some horizons the location, by robust regression; how the
//! residuals lie around it; and how the last days would have had its spread.

use crate::constants::Constants;
use crate::correct::{self, Judged, Trust};
use crate::grid::{Between, DAY, KNOT, KNOTS};
use crate::lad::{Design, Loss};
use crate::order;
use crate::peak::{self, PeakFit};
use crate::regressors::{self, REGRESSORS, Target};
use crate::running::Running;
use crate::series::Series;
use crate::spread::{self, MEDIAN, QUANTILE, Residuals};

/// Cells between the samples of a horizon: near ones change fast and come in thousands, far ones
/// overlap and tell little new.
const STRIDE: [usize; KNOTS] = [2, 2, 2, 3, 3, 3, 4, 5, 6, 8, 10, 12, 14, 14, 16, 16];
/// The most samples of a horizon. With their strides that is at least 20 days.
const SAMPLES: [usize; KNOTS] =
    [3000, 3000, 3000, 2000, 2000, 2000, 1200, 1200, 1000, 1000, 600, 600, 600, 600, 600, 600];
/// Samples that are turned from rows into columns at once: 10 kB, of a first-level cache of 32 or more.
const ROWS: usize = 64;
/// Samples have this many cells before them, so that yesterday and the day before are known.
const BEHIND: usize = 2 * DAY;
/// Residuals count half when they are four days old.
const RESIDUAL_HALF_LIFE: f64 = 4.0 * DAY as f64;
/// With fewer samples a horizon is not fitted but continued from the one before.
const SAMPLES_MIN: usize = 8;
/// Samples by which a scale is corrected, at most, and the half-life of what they count: 3 days.
const JUDGED: usize = 300;
const JUDGED_HALF_LIFE: f64 = 3.0 * DAY as f64;

/// What was fitted to a series; about 4 kB. It forecasts until it is fitted anew, hourly at best.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) horizons: Vec<HorizonFit>,
    pub(crate) peaks: [PeakFit; 3],
}

/// What was fitted for one horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HorizonFit {
    pub(crate) location: [f64; REGRESSORS],
    pub(crate) residuals: Residuals,
    /// The correction of each quantile's scale; the median's stays 1.
    pub(crate) kappas: [f64; 4],
}

/// Fits a model; `None` of a series that has no value yet. From one value on there is a model, but
/// below three hours it knows little more than that value.
pub fn fit(series: &Series, constants: &Constants) -> Option<Model> {
    Model::of(&Running::whole(&series.values()), constants)
}

impl Model {
    pub(crate) fn of(running: &Running<'_>, constants: &Constants) -> Option<Self> {
        if running.y.is_empty() {
            return None;
        }
        let horizons = horizons(running, constants);
        let mut model = Self { horizons, peaks: [PeakFit::default(); 3] };
        model.peaks = peak::fit(running, constants, &model);
        Some(model)
    }

    /// The memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.horizons.capacity() * size_of::<HorizonFit>()
    }

    /// The numbers of a horizon, between those that were fitted.
    pub(crate) fn at(&self, at: Between) -> HorizonFit {
        let of = |knot: usize| &self.horizons[knot];
        HorizonFit {
            location: at.blend_all(|knot| of(knot).location),
            residuals: Residuals::of_numbers(at.blend_all(|knot| of(knot).residuals.numbers())),
            kappas: at.blend_all(|knot| of(knot).kappas),
        }
    }
}

impl HorizonFit {
    /// How far the location of a target lies off the latest value.
    pub(crate) fn location(&self, running: &Running<'_>, target: Target) -> f64 {
        let r = regressors::regressors(running, target);
        self.location.iter().zip(r).map(|(coefficient, r)| coefficient * r).sum()
    }

    /// The quantiles of a target.
    pub(crate) fn quantiles(
        &self,
        running: &Running<'_>,
        constants: &Constants,
        target: Target,
        at: Between,
    ) -> [f64; 4] {
        let location = running.y[target.origin - 1] + self.location(running, target);
        let terms = spread::terms(running, target, location, self.residuals);
        let scales = spread::scales(constants, at, &terms);
        let offsets = spread::offsets(constants, at, scales, self.kappas, self.residuals);
        spread::quantiles(location, offsets)
    }
}

/// Of every fitted horizon, nearest first: those that lack samples go on from the last that did not.
pub(crate) fn horizons(running: &Running<'_>, constants: &Constants) -> Vec<HorizonFit> {
    let mut all: Vec<HorizonFit> = Vec::with_capacity(KNOTS);
    let mut last = None;
    for (knot, horizon) in KNOT.iter().enumerate() {
        let fitted = located(running, constants, knot);
        if let Some(fitted) = &fitted {
            last = Some((fitted.residuals, *horizon));
        }
        let mut fit = fitted.unwrap_or_else(|| HorizonFit {
            location: constants.location[knot],
            residuals: continued(running, last, knot),
            kappas: [1.0; 4],
        });
        fit.kappas = kappas(running, constants, &fit, knot);
        all.push(fit);
    }
    all
}

/// The earliest origin of a sample in a history of `n` cells: two days behind it, or a third of what
/// there is.
pub(crate) fn first_origin(n: usize) -> usize {
    BEHIND.min(n / 3).max(4)
}

/// Origins of samples, latest first: the last whose target is known, then every `step`.
pub(crate) fn origins(n: usize, horizon: usize, step: usize) -> impl Iterator<Item = usize> {
    let latest = n.checked_sub(horizon);
    (0..).map_while(move |k: usize| latest?.checked_sub(k * step).filter(|s| *s >= first_origin(n)))
}

/// The robust regression of one horizon; `None` with too few samples.
fn located(running: &Running<'_>, constants: &Constants, knot: usize) -> Option<HorizonFit> {
    let (y, horizon) = (running.y, KNOT[knot]);
    let used: Vec<usize> =
        (0..REGRESSORS).filter(|regressor| regressors::is_used(*regressor, horizon)).collect();
    let origins: Vec<usize> = origins(y.len(), horizon, STRIDE[knot]).take(SAMPLES[knot]).collect();
    if origins.len() < SAMPLES_MIN {
        return None;
    }
    let mut design = Design::new(used.len(), origins.len());
    let mut rows = Vec::with_capacity(ROWS);
    for origins in origins.chunks(ROWS) {
        let target = |origin: &usize| Target { origin: *origin, horizon };
        rows.extend(origins.iter().map(|origin| regressors::regressors(running, target(origin))));
        design.take(&rows, &used);
        rows.clear();
    }
    design.target.extend(origins.iter().map(|origin| y[origin + horizon - 1] - y[origin - 1]));
    let prior: Vec<f64> = used.iter().map(|r| constants.location[knot][*r]).collect();
    let fitted = design.fit(&prior, ridge(horizon, y.len()), Loss::MEDIAN);
    let mut location = [0.0; REGRESSORS];
    for (regressor, coefficient) in used.iter().zip(&fitted.coefficients) {
        location[*regressor] = *coefficient;
    }
    let weight = |origin: &usize| correct::decayed(y.len() - horizon - origin, RESIDUAL_HALF_LIFE);
    let weights = origins.iter().map(weight);
    let residuals = summarise(&order::sorted(fitted.residuals.iter().copied().zip(weights)));
    Some(HorizonFit { location, residuals, kappas: [1.0; 4] })
}

/// How much the prior counts, in samples: more where samples overlap, and much more on the first
/// day.
fn ridge(horizon: usize, n: usize) -> f64 {
    let day = DAY as f64;
    1.0 + 20.0 * horizon as f64 / day + 100.0 * (-(n as f64) / day).exp()
}

/// Of residuals with their weights, in order.
fn summarise(residuals: &[(f64, f64)]) -> Residuals {
    let weight: f64 = residuals.iter().map(|pair| pair.1).sum();
    let size = residuals.iter().map(|(e, w)| e.abs() * w).sum::<f64>() / weight;
    Residuals { quantiles: order::weighted_of_sorted(residuals, QUANTILE), size }
}

/// Residuals of a horizon beyond what the history can tell: those of the last one that was `fitted`,
/// grown as slowly as errors usually do, and half of them of a usual shape.
fn continued(running: &Running<'_>, fitted: Option<(Residuals, usize)>, knot: usize) -> Residuals {
    const GROWTH: f64 = 0.35;
    const MARGIN: f64 = 1.3;
    const SHAPE: [f64; 4] = [-1.2, 0.0, 1.3, 2.1];
    let (last, horizon) = fitted.unwrap_or_else(|| {
        let steps: f64 = running.y.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let size = steps / running.y.len().saturating_sub(1).max(1) as f64;
        (Residuals { quantiles: SHAPE.map(|part| part * size), size }, 1)
    });
    let growth = MARGIN * (KNOT[knot] as f64 / horizon as f64).powf(GROWTH);
    let size = last.size * growth;
    let shape = |q: usize| f64::midpoint(last.quantiles[q] * growth, SHAPE[q] * size);
    Residuals { quantiles: std::array::from_fn(shape), size }
}

/// How the last days would have had each scale.
pub(crate) fn kappas(
    running: &Running<'_>,
    constants: &Constants,
    fit: &HorizonFit,
    knot: usize,
) -> [f64; 4] {
    let (y, horizon) = (running.y, KNOT[knot]);
    let step = STRIDE[knot].max(3);
    let at = Between::at(knot);
    let mut judged: [Vec<Judged>; 4] = std::array::from_fn(|_| Vec::with_capacity(JUDGED));
    for origin in origins(y.len(), horizon, step).take(JUDGED) {
        let target = Target { origin, horizon };
        let location = y[origin - 1] + fit.location(running, target);
        let terms = spread::terms(running, target, location, fit.residuals);
        let weight = correct::decayed(y.len() - horizon - origin, JUDGED_HALF_LIFE);
        let residual = y[target.cell()] - location;
        for (judged, scale) in judged.iter_mut().zip(spread::scales(constants, at, &terms)) {
            judged.push(Judged { residual, scale, weight });
        }
    }
    let trust = Trust { step, overlap: (horizon as f64 / 3.0).max(6.0), prior: 20.0 };
    std::array::from_fn(|q| match q {
        MEDIAN => 1.0,
        _ => correct::correction(&judged[q], QUANTILE[q], trust),
    })
}
