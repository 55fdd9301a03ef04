//! The decaying histogram that VPA and Crane share: buckets that grow by 5 %, weights that halve
//! with age, percentiles read at a bucket's upper edge.

/// Each bucket is 5 % wider than the one before.
const GROWTH: f64 = 1.05;
/// Buckets: from the first to the largest value in a hundred thousand steps of the first.
const BUCKETS: usize = 176;
/// Weights below this are nothing.
const EPSILON: f64 = 1e-4;

/// Weights of values by bucket.
#[derive(Clone, Debug)]
pub(super) struct DecayingHistogram {
    first: f64,
    half_life: f64,
    weights: Vec<f64>,
    total: f64,
    /// The time at which a value weighs what it is given.
    reference: f64,
}

impl DecayingHistogram {
    /// `first` is the width of the first bucket, `half_life` in seconds.
    pub(super) fn new(first: f64, half_life: f64) -> Self {
        Self { first, half_life, weights: vec![0.0; BUCKETS], total: 0.0, reference: 0.0 }
    }

    /// Adds a value of some time; a negative weight takes one back.
    pub(super) fn add(&mut self, at: f64, value: f64, weight: f64) {
        let mut halvings = (at - self.reference) / self.half_life;
        if halvings > 100.0 {
            let shift = halvings.floor();
            let factor = (-shift).exp2();
            self.weights.iter_mut().for_each(|weight| *weight *= factor);
            self.total *= factor;
            self.reference += shift * self.half_life;
            halvings -= shift;
        }
        let weight = weight * halvings.exp2();
        let bucket = self.bucket(value);
        if let Some(slot) = self.weights.get_mut(bucket) {
            *slot = (*slot + weight).max(0.0);
        }
        self.total = (self.total + weight).max(0.0);
    }

    /// The upper edge of the bucket in which the quantile lies; `None` when empty.
    pub(super) fn quantile(&self, quantile: f64) -> Option<f64> {
        if self.total <= 0.0 {
            return None;
        }
        let threshold = quantile * self.total;
        let mut sum = 0.0;
        let last =
            self.weights.iter().rposition(|weight| *weight > EPSILON * self.total.min(1.0))?;
        for (i, weight) in self.weights.iter().enumerate().take(last + 1) {
            sum += weight;
            if sum >= threshold || i == last {
                return Some(self.edge(if i + 1 < BUCKETS { i + 1 } else { i }));
            }
        }
        None
    }

    fn edge(&self, bucket: usize) -> f64 {
        let power = GROWTH.powf(bucket as f64);
        self.first * (power - 1.0) / (GROWTH - 1.0)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, then is cut to the buckets there are"
    )]
    fn bucket(&self, value: f64) -> usize {
        if value < self.first {
            return 0;
        }
        let power = (value * (GROWTH - 1.0) / self.first + 1.0).ln() / GROWTH.ln();
        (power.floor() as usize).min(BUCKETS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], quantile: f64, expect: f64) {
        let mut histogram = DecayingHistogram::new(0.01, 86_400.0);
        for value in values {
            histogram.add(0.0, *value, 1.0);
        }
        let got = histogram.quantile(quantile).unwrap();
        assert!((got - expect).abs() < 1e-9, "{got}");
    }

    #[test]
    fn answers_with_the_upper_edge() {
        check(&[0.0], 0.9, 0.01);
        check(&[0.0, 0.015], 0.5, 0.01);
        check(&[0.0, 0.015], 0.9, 0.0205);
        check(&[0.015; 10], 0.0, 0.01);
    }

    #[test]
    fn old_values_lose_their_weight() {
        let mut histogram = DecayingHistogram::new(0.01, 3600.0);
        histogram.add(0.0, 5.0, 1.0);
        histogram.add(1e6, 0.0, 1.0);
        assert!(histogram.quantile(0.99).unwrap() < 0.011);
    }
}
