//! Quantile regressions over samples of many series, in which every series counts by its weight and
//! not by its size or its errors.

use super::Lesson;
use crate::lad::{Design, Loss};

/// How often the weights of a pooled regression are renewed, and how the distance within which
/// errors count squared shrinks: to a thousandth of the mean error.
const STEPS: i32 = 32;
const SHRINK: f64 = 0.8;
/// The ridge towards 0, in samples of tens of thousands.
const RIDGE: f64 = 3.0;

/// Samples with their series.
#[derive(Clone, Debug)]
pub(super) struct Pool<const N: usize> {
    rows: Vec<([f64; N], f64)>,
    lessons: Vec<usize>,
    /// Of each series: the sum of absolute targets, and how many there are.
    sizes: Vec<(f64, u32)>,
}

impl<const N: usize> Pool<N> {
    pub(super) fn new(lessons: usize) -> Self {
        Self { rows: Vec::new(), lessons: Vec::new(), sizes: vec![(0.0, 0); lessons] }
    }

    /// A sample of a series.
    pub(super) fn add(&mut self, lesson: usize, terms: &[f64; N], target: f64) {
        self.rows.push((*terms, target));
        self.lessons.push(lesson);
        let size = &mut self.sizes[lesson];
        *size = (size.0 + target.abs(), size.1 + 1);
    }

    pub(super) fn fit(&self, q: f64, used: &dyn Fn(usize) -> bool, lessons: &[Lesson]) -> [f64; N] {
        let weights: Vec<f64> = lessons.iter().map(|lesson| lesson.weight).collect();
        self.fit_weighted(q, used, &weights)
    }

    /// The coefficients of the `q` quantile on the terms that are used; the others' are 0.
    pub(super) fn fit_weighted(
        &self,
        q: f64,
        used: &dyn Fn(usize) -> bool,
        weights: &[f64],
    ) -> [f64; N] {
        let columns: Vec<usize> = (0..N).filter(|term| used(*term)).collect();
        let mut design = Design::new(columns.len(), self.rows.len());
        for ((terms, target), lesson) in self.rows.iter().zip(&self.lessons) {
            let Some((scale, weight)) = self.scale(*lesson, weights) else { continue };
            for (column, term) in design.columns.iter_mut().zip(&columns) {
                column.push(terms[*term] / scale);
            }
            design.target.push(target / scale);
            design.weights.push(weight);
        }
        let loss = Loss { quantile: q, steps: STEPS, shrink: SHRINK };
        let fitted = design.fit(&vec![0.0; columns.len()], RIDGE, loss);
        let mut all = [0.0; N];
        for (term, coefficient) in columns.iter().zip(fitted.coefficients) {
            all[*term] = coefficient;
        }
        all
    }

    /// The factor of these coefficients with which a share `q` of the weight lies at or below the
    /// product.
    pub(super) fn factor(&self, q: f64, coefficients: &[f64; N], weights: &[f64]) -> f64 {
        let ratio = |((terms, target), lesson): (&([f64; N], f64), &usize)| {
            let (_, weight) = self.scale(*lesson, weights)?;
            let product: f64 = terms.iter().zip(coefficients).map(|(x, c)| x * c).sum();
            (product.abs() > 0.0).then(|| (target / product, weight))
        };
        let ratios = self.rows.iter().zip(&self.lessons).filter_map(ratio);
        crate::order::weighted(ratios, q.max(1.0 - q)).clamp(0.25, 4.0)
    }

    /// What a series' samples are divided by, and what each counts; `None` of a series in which
    /// nothing happens.
    fn scale(&self, lesson: usize, weights: &[f64]) -> Option<(f64, f64)> {
        let (sum, count) = self.sizes[lesson];
        let scale = sum / f64::from(count);
        (scale > 0.0).then(|| (scale, weights[lesson] / f64::from(count)))
    }
}
