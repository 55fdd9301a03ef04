//! How much wider or narrower than its scale the last days would have had a quantile.

use crate::order;

/// A scale is corrected to nothing at least and four times itself at most.
const CORRECTION_MAX: f64 = 4.0;

/// A residual, the scale that was foreseen for it, and what it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) residual: f64,
    pub(crate) scale: f64,
    pub(crate) weight: f64,
}

/// How samples of one horizon become a correction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust {
    /// Cells between samples.
    pub(crate) step: usize,
    /// Cells over which two samples tell the same: they overlap.
    pub(crate) overlap: f64,
    /// Independent samples that no correction counts as much as.
    pub(crate) prior: f64,
}

/// The factor by which a scale would have had to be taken so that the quantile `q` was met, drawn
/// towards 1 as far as few independent samples speak for it.
pub(crate) fn correction(judged: &[Judged], q: f64, trust: Trust) -> f64 {
    // Below the location both residual and scale are negative: their ratio is the other way round.
    let q = q.max(1.0 - q);
    let told = || judged.iter().filter(|sample| sample.scale.abs() > 0.0);
    let weight: f64 = told().map(|sample| sample.weight).sum();
    let samples = weight * trust.step as f64 / trust.overlap;
    let ratios = told().map(|sample| (sample.residual / sample.scale, sample.weight));
    let factor = order::weighted(ratios, q).clamp(0.0, CORRECTION_MAX);
    (samples * factor + trust.prior) / (samples + trust.prior)
}

/// The weight of a sample that lies `age` cells back.
pub(crate) fn decayed(age: usize, half_life: f64) -> f64 {
    (-(age as f64) / half_life).exp2()
}
