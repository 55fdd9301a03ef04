//! Least absolute deviations with a ridge towards a prior: the robust regression that every
//! location is fitted by.

use crate::order::higher;

/// How many times the weights are renewed. Each halves the distance within which a deviation counts
/// squared instead of as it is; after four, little moves (twice as many: no gain).
const STEPS: i32 = 4;
/// Rows that are worked on at once: 256 rows of 15 columns are 30 kB, a first-level cache.
const BLOCK: usize = 256;

/// Samples of a regression, by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Design {
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) target: Vec<f64>,
    /// What each sample counts; empty where all count 1.
    pub(crate) weights: Vec<f64>,
}

/// What a regression found.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) residuals: Vec<f64>,
}

/// Which deviations count how much: both sides alike, or as a quantile's pinball loss says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    /// The quantile; .5 for the median.
    pub(crate) quantile: f64,
    pub(crate) steps: i32,
    /// How the distance within which a deviation counts squared shrinks with each step.
    pub(crate) shrink: f64,
}

impl Loss {
    /// The median, in [`STEPS`] steps.
    pub(crate) const MEDIAN: Self = Self { quantile: 0.5, steps: STEPS, shrink: 0.5 };
}

impl Design {
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| Vec::with_capacity(rows)).collect(),
            target: Vec::with_capacity(rows),
            weights: Vec::new(),
        }
    }

    /// Takes samples: of each the numbers that are used, one for each column.
    pub(crate) fn take<const N: usize>(&mut self, rows: &[[f64; N]], used: &[usize]) {
        for (column, place) in self.columns.iter_mut().zip(used) {
            column.extend(rows.iter().map(|row| row[*place]));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.target.len()
    }

    /// The coefficients that minimise the weighted absolute deviations plus `ridge` (in samples)
    /// towards `prior`, by iteratively re-weighted least squares.
    pub(crate) fn fit(&self, prior: &[f64], ridge: f64, loss: Loss) -> Fitted {
        let mut coefficients = prior.to_vec();
        let mut residuals = self.residuals(&coefficients);
        let count = self.len() as f64;
        let target_size = self.target.iter().map(|y| y.abs()).sum::<f64>() / count;
        let sizes: Vec<f64> = self
            .columns
            .iter()
            .map(|column| dot(column, column) / count + 1e-6 * target_size * target_size)
            .collect();
        let mut near = 1.0;
        for _ in 0..loss.steps {
            let size = residuals.iter().map(|e| e.abs()).sum::<f64>() / count;
            let floor = near * size + 1e-12 * target_size;
            near *= loss.shrink;
            // Nothing is left to explain, or nothing can be told from rounding.
            if !(size > 1e-14 * target_size && floor > 0.0 && floor.is_finite()) {
                break;
            }
            let Normal { mut gram, mut right, weight } =
                self.normal(&residuals, floor, loss.quantile);
            for (k, size) in sizes.iter().enumerate() {
                let pull = ridge * (weight / count) * size;
                gram[k][k] += pull;
                right[k] += pull * prior[k];
            }
            let Some(solved) = solve(gram, right) else { break };
            residuals = self.residuals(&solved);
            coefficients = solved;
        }
        Fitted { coefficients, residuals }
    }

    fn residuals(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut residuals = self.target.clone();
        let (fours, rest) = self.columns.as_chunks::<4>();
        let (of_fours, of_rest) = coefficients.as_chunks::<4>();
        for ([a, b, c, d], of) in fours.iter().zip(of_fours) {
            let columns = a.iter().zip(b).zip(c.iter().zip(d));
            for (residual, ((a, b), (c, d))) in residuals.iter_mut().zip(columns) {
                *residual = *residual - of[0] * a - of[1] * b - of[2] * c - of[3] * d;
            }
        }
        for (column, of) in rest.iter().zip(of_rest) {
            for (residual, x) in residuals.iter_mut().zip(column) {
                *residual -= of * x;
            }
        }
        residuals
    }

    fn normal(&self, residuals: &[f64], floor: f64, quantile: f64) -> Normal {
        let side = |e: f64| if e > 0.0 { 2.0 * quantile } else { 2.0 - 2.0 * quantile };
        let k = self.columns.len();
        let mut gram: Vec<Vec<f64>> = (1..=k).map(|row| vec![0.0; row]).collect();
        let (mut right, mut weight) = (vec![0.0; k], 0.0);
        let [mut weights, mut weighted] = [Block([0.0; BLOCK]), Block([0.0; BLOCK])];
        for start in (0..self.len()).step_by(BLOCK) {
            let range = start..(start + BLOCK).min(self.len());
            for (weight, e) in weights.0.iter_mut().zip(&residuals[range.clone()]) {
                *weight = side(*e) / higher(floor, e.abs());
            }
            for (weight, own) in weights.0.iter_mut().zip(self.weights.iter().skip(start)) {
                *weight *= own;
            }
            weight = weights.0[..range.len()].iter().fold(weight, |sum, weight| sum + weight);
            for (i, (row, right)) in gram.iter_mut().zip(&mut right).enumerate() {
                let samples = self.columns[i][range.clone()].iter().zip(&weights.0);
                for (weighted, (x, weight)) in weighted.0.iter_mut().zip(samples) {
                    *weighted = x * weight;
                }
                for (sum, column) in row.iter_mut().zip(&self.columns) {
                    *sum += dot(&weighted.0[..range.len()], &column[range.clone()]);
                }
                *right += dot(&weighted.0[..range.len()], &self.target[range.clone()]);
            }
        }
        Normal { gram, right, weight }
    }
}

/// The normal equations of weighted samples.
struct Normal {
    /// X'WX, its lower half.
    gram: Vec<Vec<f64>>,
    /// X'WY.
    right: Vec<f64>,
    /// The sum of all weights.
    weight: f64,
}

/// Numbers of a block of rows, aligned for instructions that take several from memory.
#[repr(align(16))]
struct Block([f64; BLOCK]);

/// In eight lanes, so that it can be done several at a time in a fixed order.
#[inline]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a_eights, a_rest), (b_eights, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let mut lanes = [0.0; 8];
    for (a, b) in a_eights.iter().zip(b_eights) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Solves a symmetric positive definite system, of which the lower half is given, by Cholesky's
/// decomposition; `None` where it is not definite.
fn solve(mut lower: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = lower[i].iter().zip(&lower[j][..j]).map(|(a, b)| a * b).sum();
            let left = lower[i][j] - known;
            if i == j {
                if !(left > 0.0 && left.is_finite()) {
                    return None;
                }
                lower[i][i] = left.sqrt();
            } else {
                lower[i][j] = left / lower[j][j];
            }
        }
        let known: f64 = lower[i].iter().zip(&right[..i]).map(|(a, b)| a * b).sum();
        right[i] = (right[i] - known) / lower[i][i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / lower[i][i];
    }
    right.iter().all(|x| x.is_finite()).then_some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y = 2 a - b` but for every seventh sample, which is far off.
    fn design() -> Design {
        let mut design = Design::new(2, 100);
        for i in 0..100_u32 {
            let (a, b) = (f64::from(i % 11), f64::from(i * i % 13));
            design.columns[0].push(a);
            design.columns[1].push(b);
            let off = if i % 7 == 0 { 500.0 } else { 0.0 };
            design.target.push(2.0 * a - b + off);
        }
        design
    }

    #[test]
    fn outliers_move_it_little() {
        let loss = Loss { steps: 30, ..Loss::MEDIAN };
        let fitted = design().fit(&[0.0, 0.0], 1e-3, loss);
        assert!((fitted.coefficients[0] - 2.0).abs() < 0.01, "{:?}", fitted.coefficients);
        assert!((fitted.coefficients[1] + 1.0).abs() < 0.01, "{:?}", fitted.coefficients);
    }

    #[test]
    fn a_strong_prior_stays() {
        let fitted = design().fit(&[1.0, 3.0], 1e9, Loss::MEDIAN);
        assert!((fitted.coefficients[0] - 1.0).abs() < 1e-3, "{:?}", fitted.coefficients);
        assert!((fitted.coefficients[1] - 3.0).abs() < 1e-3, "{:?}", fitted.coefficients);
    }
}
