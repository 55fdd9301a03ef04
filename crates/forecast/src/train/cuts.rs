//! Cuts of series: a model fitted before each, and what came after it.

use super::Lesson;
use crate::constants::Constants;
use crate::fit::{self, Model};
use crate::grid::{ANCHOR, DAY, HORIZON, KNOT};
use crate::peak::PeakFit;
use crate::regressors::{self, REGRESSORS, Target};
use crate::running::Running;
use crate::spread::{self, TERMS};

/// How many times each series is cut.
const CUTS: usize = 8;
/// The pasts, cells, that a location's prior is learned with, in turn: it counts most where there is
/// little else.
const PASTS: [usize; 6] = [36, 72, 144, DAY, 2 * DAY, usize::MAX];
/// What came is looked at from origins every three cells in the two hours after a cut: as long as a
/// model may be in use.
const AFTER: usize = 24;
const EVERY: usize = 3;
/// Samples of a location that each series gives, by horizon.
const SAMPLES: usize = 120;

/// What was foreseen of a cell, and by how much it was off.
#[derive(Clone, Debug)]
pub(super) struct Sample<const N: usize> {
    pub(super) lesson: usize,
    pub(super) terms: [f64; N],
    pub(super) error: f64,
}

/// One cut of a series.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) lesson: usize,
    pub(super) weight: f64,
    /// The first cell after it.
    pub(super) end: usize,
    pub(super) model: Model,
    /// What came, by the horizons that the constants name.
    pub(super) seen: Vec<Vec<Sample<TERMS>>>,
}

impl Cut {
    /// The past before it.
    pub(super) fn past<'a>(&self, lessons: &'a [Lesson]) -> &'a [f64] {
        &lessons[self.lesson].values[..self.end]
    }

    /// The same with what is known up to the last origin after it.
    pub(super) fn known<'a>(&self, lessons: &'a [Lesson]) -> &'a [f64] {
        &lessons[self.lesson].values[..self.end + AFTER]
    }

    /// Origins after it, and the cells that came from there on.
    pub(super) fn after<'a>(
        &self,
        lessons: &'a [Lesson],
    ) -> impl Iterator<Item = (usize, &'a [f64])> {
        let values = &lessons[self.lesson].values;
        (self.end..self.end + AFTER).step_by(EVERY).map(move |origin| (origin, &values[origin..]))
    }
}

/// Where a series is cut: spread over its last two thirds at all times of the day.
fn ends(lesson: usize, n: usize) -> Vec<usize> {
    /// Steps that share no factor with a day, so that cuts meet different times of it.
    const LESSON_STEP: usize = 40_503;
    const CUT_STEP: usize = 61;
    let first = (n / 3).max(2 * DAY);
    let Some(room) = n.checked_sub(HORIZON + AFTER + first).filter(|room| *room > 0) else {
        return Vec::new();
    };
    let place = |k: usize| {
        let turn = (lesson + 1) * LESSON_STEP + k * room / CUTS + k * CUT_STEP;
        first + turn % room
    };
    (0..CUTS).map(place).collect()
}

/// Samples of each location over all series, with the target as the error.
pub(super) fn location_samples(lessons: &[Lesson]) -> Vec<Vec<Sample<REGRESSORS>>> {
    let mut all: Vec<Vec<Sample<REGRESSORS>>> = vec![Vec::new(); ANCHOR.len()];
    for (lesson, Lesson { values, .. }) in lessons.iter().enumerate() {
        let n = values.len();
        let whole = Running::whole(values);
        let step = (n.saturating_sub(2 * DAY) / SAMPLES).max(1) | 1;
        let origins = (2 * DAY..n.saturating_sub(HORIZON)).step_by(step);
        for (origin, past) in origins.zip(PASTS.into_iter().cycle()) {
            let from = origin.saturating_sub(past);
            let young = (from > 0).then(|| Running::whole(&values[from..origin]));
            let (running, shift) = young.as_ref().map_or((&whole, 0), |young| (young, from));
            for (samples, horizon) in all.iter_mut().zip(ANCHOR.map(|knot| KNOT[knot])) {
                let target = Target { origin: origin - shift, horizon };
                let terms = regressors::regressors(running, target);
                let error = values[origin + horizon - 1] - values[origin - 1];
                samples.push(Sample { lesson, terms, error });
            }
        }
    }
    all
}

/// Cuts every series, fits a location and its residuals before each cut, and looks at what came.
pub(super) fn cut(lessons: &[Lesson], constants: &Constants) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for (number, lesson) in lessons.iter().enumerate() {
        for end in ends(number, lesson.values.len()) {
            let running = Running::whole(&lesson.values[..end]);
            let horizons = fit::horizons(&running, constants);
            let model = Model { horizons, peaks: [PeakFit::default(); 3] };
            let (lesson, weight) = (number, lesson.weight);
            let mut cut = Cut { lesson, weight, end, model, seen: Vec::new() };
            let running = Running::whole(cut.known(lessons));
            cut.seen = ANCHOR.map(|knot| look(&cut, lessons, &running, knot)).into();
            cuts.push(cut);
        }
    }
    cuts
}

/// What came at one horizon.
fn look(cut: &Cut, lessons: &[Lesson], running: &Running<'_>, knot: usize) -> Vec<Sample<TERMS>> {
    let (fit, horizon) = (&cut.model.horizons[knot], KNOT[knot]);
    let of = |(origin, came): (usize, &[f64])| {
        let target = Target { origin, horizon };
        let location = running.y[origin - 1] + fit.location(running, target);
        let terms = spread::terms(running, target, location, fit.residuals);
        Sample { lesson: cut.lesson, terms, error: came[horizon - 1] - location }
    };
    cut.after(lessons).map(of).collect()
}

/// Lets the last days before each cut correct its scales.
pub(super) fn correct(cuts: &mut [Cut], lessons: &[Lesson], constants: &Constants) {
    for cut in cuts {
        let running = Running::whole(cut.past(lessons));
        for (knot, fit) in cut.model.horizons.iter_mut().enumerate() {
            fit.kappas = fit::kappas(&running, constants, fit, knot);
        }
    }
}

/// What came at one horizon after every cut.
pub(super) fn seen(cuts: &[Cut], place: usize) -> impl Iterator<Item = (&Cut, &Sample<TERMS>)> {
    cuts.iter().flat_map(move |cut| cut.seen[place].iter().map(move |seen| (cut, seen)))
}

/// How many series there are up to the last that was cut.
pub(super) fn lessons(cuts: &[Cut]) -> usize {
    cuts.last().map_or(0, |cut| cut.lesson + 1)
}

/// What each of them counts.
pub(super) fn weights(cuts: &[Cut]) -> Vec<f64> {
    let mut weights = vec![0.0; lessons(cuts)];
    for cut in cuts {
        weights[cut.lesson] = cut.weight;
    }
    weights
}
