//! Learns the constants from many series: what the locations are drawn to, the shares of the
//! spread, and the calibration that makes coverage exact.
//!
//! At several cuts of each series a model is fitted to what was before the cut and judged by what
//! came in the two hours after it: all pooled regressions are on such residuals, which no fit has
//! seen. The order of the series is the order of all sums: the same lessons give the same numbers.

mod cuts;
mod peaks;
mod pooled;

use crate::constants::{Constants, Fold};
use crate::grid::{ANCHOR, Between, KNOT};
use crate::regressors;
use crate::spread::{self, MEDIAN, QUANTILE, TERMS};
use cuts::Cut;
use pooled::Pool;

/// The usage of one series, and what it counts.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// A value for each cell of five minutes.
    pub values: Vec<f64>,
    /// What the series counts among all.
    pub weight: f64,
}

/// How far training has come: steps done, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Steps done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

const STEPS: usize = 5;

/// Learns from some lessons; `fold` says which half of the groups they are, if not all.
pub fn train(lessons: &[Lesson], fold: Option<Fold>, progress: &mut dyn FnMut(Step)) -> Constants {
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(Step { done, of: STEPS });
    };
    let mut constants = Constants::zero();
    constants.fold = fold;
    locations(lessons, &mut constants);
    step();
    let mut cuts = cuts::cut(lessons, &constants);
    step();
    spreads(&cuts, &mut constants);
    step();
    cuts::correct(&mut cuts, lessons, &constants);
    calibrations(&cuts, &mut constants);
    step();
    peaks::learn(&cuts, lessons, &mut constants);
    step();
    constants.rounded()
}

/// What each location is drawn to: one regression over samples of all series.
fn locations(lessons: &[Lesson], constants: &mut Constants) {
    let samples = cuts::location_samples(lessons);
    for (knot, samples) in ANCHOR.into_iter().zip(&samples) {
        let used = |regressor: usize| regressors::is_used(regressor, KNOT[knot]);
        let mut pool = Pool::new(lessons.len());
        for sample in samples {
            pool.add(sample.lesson, &sample.terms, sample.error);
        }
        constants.location[knot] = pool.fit(0.5, &used, lessons);
    }
    constants.fill();
}

/// Which terms the scale of a quantile has.
fn has_term(quantile: usize, term: usize) -> bool {
    match quantile {
        0 => SPREAD_LOW.contains(&term),
        MEDIAN => SPREAD_MEDIAN.contains(&term),
        _ => SPREAD_HIGH.contains(&term),
    }
}

/// Below: the residuals' own quantile, their size, jitter, and how far the day's low values are.
const SPREAD_LOW: [usize; 15] = [0, 4, 5, 6, 7, 8, 10, 12, 13, 16, 18, 19, 20, 21, 22];
/// The median: where the residuals' median and the season's values are.
const SPREAD_MEDIAN: [usize; 7] = [1, 14, 16, 19, 20, 21, 22];
/// Above: the same of the high ones.
const SPREAD_HIGH: [usize; 18] = [2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 17, 18, 19, 20, 21, 22];

/// The scale of each quantile: a quantile regression over what came after all cuts.
fn spreads(cuts: &[Cut], constants: &mut Constants) {
    for (place, knot) in ANCHOR.into_iter().enumerate() {
        let mut pool = Pool::new(cuts::lessons(cuts));
        for (cut, seen) in cuts::seen(cuts, place) {
            pool.add(cut.lesson, &seen.terms, seen.error);
        }
        for (q, quantile) in QUANTILE.into_iter().enumerate() {
            let used = |term: usize| has_term(q, term);
            let weights = cuts::weights(cuts);
            constants.spread[knot][q] = pool.fit_weighted(quantile, &used, &weights);
        }
    }
    constants.fill();
}

/// The shares of the corrected scale, the residuals and the plain scale; then all by one factor, so
/// that the pooled share of cells below a quantile is that quantile.
fn calibrations(cuts: &[Cut], constants: &mut Constants) {
    let weights = cuts::weights(cuts);
    for (place, knot) in ANCHOR.into_iter().enumerate() {
        for (q, quantile) in QUANTILE.into_iter().enumerate() {
            if q == MEDIAN {
                constants.calibration[knot][q] = [0.0, 0.0, 1.0];
                continue;
            }
            let mut pool = Pool::new(weights.len());
            for (cut, seen) in cuts::seen(cuts, place) {
                let parts = parts(constants, cut, knot, (q, &seen.terms));
                pool.add(cut.lesson, &parts, seen.error);
            }
            let shares: [f64; 3] = pool.fit_weighted(quantile, &|_| true, &weights);
            let factor = pool.factor(quantile, &shares, &weights);
            constants.calibration[knot][q] = shares.map(|share| share * factor);
        }
    }
    constants.fill();
}

fn parts(
    constants: &Constants,
    cut: &Cut,
    knot: usize,
    (q, terms): (usize, &[f64; TERMS]),
) -> [f64; 3] {
    let at = Between::at(knot);
    let scale = spread::scales(constants, at, terms)[q];
    let fit = &cut.model.horizons[knot];
    [fit.kappas[q] * scale, fit.residuals.quantiles[q], scale]
}
