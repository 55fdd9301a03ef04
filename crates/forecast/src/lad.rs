//! Least absolute deviations with a ridge towards a prior: the robust regression that every
//! location is fitted by.

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
            let weights = self.weigh(&residuals, floor, loss.quantile);
            let mean_weight = weights.iter().sum::<f64>() / count;
            let (mut gram, mut right) = self.normal(&weights);
            for (k, size) in sizes.iter().enumerate() {
                let pull = ridge * mean_weight * size;
                gram[k][k] += pull;
                right[k] += pull * prior[k];
            }
            let Some(solved) = solve(gram, right) else { break };
            residuals = self.residuals(&solved);
            coefficients = solved;
        }
        Fitted { coefficients, residuals }
    }

    fn weigh(&self, residuals: &[f64], floor: f64, quantile: f64) -> Vec<f64> {
        let side = |e: f64| if e > 0.0 { 2.0 * quantile } else { 2.0 - 2.0 * quantile };
        let of = |e: f64| side(e) / e.abs().max(floor);
        if self.weights.is_empty() {
            return residuals.iter().map(|e| of(*e)).collect();
        }
        residuals.iter().zip(&self.weights).map(|(e, weight)| weight * of(*e)).collect()
    }

    fn residuals(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut residuals = self.target.clone();
        for (column, coefficient) in self.columns.iter().zip(coefficients) {
            for (residual, x) in residuals.iter_mut().zip(column) {
                *residual -= coefficient * x;
            }
        }
        residuals
    }

    /// X'WX (its lower half) and X'WY.
    fn normal(&self, weights: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let k = self.columns.len();
        let mut gram = vec![vec![0.0; k]; k];
        let mut right = vec![0.0; k];
        let mut weighted = [0.0; BLOCK];
        for start in (0..self.len()).step_by(BLOCK) {
            let range = start..(start + BLOCK).min(self.len());
            for i in 0..k {
                let column = &self.columns[i][range.clone()];
                let weighted = &mut weighted[..column.len()];
                for ((out, x), w) in weighted.iter_mut().zip(column).zip(&weights[range.clone()]) {
                    *out = x * w;
                }
                for (sum, other) in gram[i].iter_mut().zip(&self.columns[..=i]) {
                    *sum += dot(weighted, &other[range.clone()]);
                }
                right[i] += dot(weighted, &self.target[range.clone()]);
            }
        }
        (gram, right)
    }
}

/// In eight lanes, so that it can be done several at a time in a fixed order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (a_eights, b_eights) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_eights.remainder().iter().zip(b_eights.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_eights.zip(b_eights) {
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
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
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
        let known: f64 = (0..i).map(|k| lower[i][k] * right[k]).sum();
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
