//! Learns the constants of the maximum, the last of all: it needs whole paths.

use super::Lesson;
use super::cuts::{self, Cut};
use super::pooled::Pool;
use crate::constants::Constants;
use crate::grid::PEAK;
use crate::peak::{self, Outlook, PEAK_TERMS};
use crate::running::Running;

/// The quantiles that the upper ones of a window are trained at. A day's maximum is trained less far
/// out than it is named: at its own quantiles it missed 6 % and lost 9 % more than this.
const TRAINED: [[f64; 2]; 3] = [[0.9, 0.95], [0.9, 0.95], [0.85, 0.92]];

/// A window after a cut: its terms, and how far its maximum was above the path's median.
struct Seen {
    terms: [f64; PEAK_TERMS],
    above: f64,
}

/// Learns the three windows. The upper quantiles are those of what the fitted median of each cut
/// leaves over: so a series counts by how well it is foreseen, as it does in a score of ratios.
pub(super) fn learn(cuts: &[Cut], lessons: &[Lesson], constants: &mut Constants) {
    for window in 0..PEAK.len() {
        learn_one(cuts, lessons, constants, window);
    }
}

fn learn_one(cuts: &[Cut], lessons: &[Lesson], constants: &mut Constants, window: usize) {
    let weights = cuts::weights(cuts);
    let (mut samples, mut seen) = (Vec::new(), Vec::new());
    for cut in cuts {
        let running = Running::whole(cut.past(lessons));
        samples.push(peak::samples(&running, constants, &cut.model, window));
        seen.push(look(cut, lessons, constants, window));
    }
    let fit = |cut: usize, constants: &Constants| {
        peak::fit_one(&samples[cut], constants, window, cuts[cut].end)
    };
    let mut medians = Pool::new(weights.len());
    for (cut, seen) in cuts.iter().zip(&seen) {
        for seen in seen {
            medians.add(cut.lesson, &seen.terms, seen.above);
        }
    }
    let median = medians.fit_weighted(0.5, &|_| true, &weights);
    constants.peak[window] = [median; 3];
    let mut rests = Pool::new(weights.len());
    for (number, cut) in cuts.iter().enumerate() {
        let fit = fit(number, constants);
        for seen in &seen[number] {
            rests.add(cut.lesson, &seen.terms, seen.above - fit.above(&seen.terms));
        }
    }
    for (upper, q) in TRAINED[window].into_iter().enumerate() {
        let scale = rests.fit_weighted(q, &|_| true, &weights);
        constants.peak[window][upper + 1] = std::array::from_fn(|term| median[term] + scale[term]);
    }
    let mut scales = [Pool::new(weights.len()), Pool::new(weights.len())];
    for (number, cut) in cuts.iter().enumerate() {
        let fit = fit(number, constants);
        for seen in &seen[number] {
            let rest = seen.above - fit.above(&seen.terms);
            for (upper, pool) in scales.iter_mut().enumerate() {
                let scale = fit.caution * peak::scale(constants, window, upper, &seen.terms);
                pool.add(cut.lesson, &[fit.kappas[upper] * scale, scale], rest);
            }
        }
    }
    constants.peak_calibration[window] = std::array::from_fn(|upper| {
        let q = TRAINED[window][upper];
        let shares: [f64; 2] = scales[upper].fit_weighted(q, &|_| true, &weights);
        let factor = scales[upper].factor(q, &shares, &weights);
        shares.map(|share| share * factor)
    });
}

fn look(cut: &Cut, lessons: &[Lesson], constants: &Constants, window: usize) -> Vec<Seen> {
    let length = PEAK[window];
    let running = Running::whole(cut.known(lessons));
    let of = |(origin, came): (usize, &[f64])| {
        let outlook = Outlook::at(&running, constants, &cut.model, (origin, length));
        let maximum = came[..length].iter().copied().fold(0.0, f64::max);
        Seen { terms: outlook.terms(&running), above: maximum - outlook.greatest[1] }
    };
    cut.after(lessons).map(of).collect()
}
