//! Quantiles of values, plain and weighted.

/// The quantile of sorted values, between its two neighbours in proportion; 0 of nothing.
pub(crate) fn of_sorted(sorted: &[f64], q: f64) -> f64 {
    let place = q * sorted.len().saturating_sub(1) as f64;
    let below = index(place);
    let last = sorted.last().copied().unwrap_or(0.0);
    let at = |i: usize| sorted.get(i).copied().unwrap_or(last);
    let low = at(below);
    low + (at(below + 1) - low) * place.fract()
}

/// The smallest value at or below which lies a share `q` of the weight; 0 of nothing. The pairs
/// (value, weight) are sorted by it.
pub(crate) fn weighted(pairs: &mut [(f64, f64)], q: f64) -> f64 {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    weighted_of_sorted(pairs, q)
}

/// [`weighted`] of pairs that are in order.
pub(crate) fn weighted_of_sorted(sorted: &[(f64, f64)], q: f64) -> f64 {
    let all: f64 = sorted.iter().map(|pair| pair.1).sum();
    let mut below = 0.0;
    for (value, weight) in sorted {
        below += weight;
        if below >= q * all {
            return *value;
        }
    }
    sorted.last().map_or(0.0, |pair| pair.0)
}

/// The five greatest and five smallest of values, from the outside in: of at most 35 values that
/// is all that a 10th, 90th or 95th percentile needs (place .1 x 34 = 3.4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    count: usize,
    low: [f64; 5],
    high: [f64; 5],
}

impl Ends {
    pub(crate) const fn new() -> Self {
        Self { count: 0, low: [f64::INFINITY; 5], high: [f64::NEG_INFINITY; 5] }
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        let mut falling = value;
        if value < self.low[4] {
            for kept in &mut self.low {
                if falling < *kept {
                    std::mem::swap(&mut falling, kept);
                }
            }
        }
        let mut rising = value;
        if value > self.high[4] {
            for kept in &mut self.high {
                if rising > *kept {
                    std::mem::swap(&mut rising, kept);
                }
            }
        }
    }

    /// The quantile a share `q` from the bottom, up to .1.
    pub(crate) fn low(&self, q: f64) -> f64 {
        self.place(&self.low, q)
    }

    /// The quantile a share `q` from the top, up to .1.
    pub(crate) fn high(&self, q: f64) -> f64 {
        self.place(&self.high, q)
    }

    fn place(&self, ends: &[f64; 5], q: f64) -> f64 {
        let place = q * self.count.saturating_sub(1) as f64;
        let near = ends[index(place).min(4)];
        let far = ends[(index(place) + 1).min(4)];
        if place.fract() > 0.0 { near + (far - near) * place.fract() } else { near }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among values: 0 or more, and less than their count"
)]
fn index(place: f64) -> usize {
    place as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_hold_what_sorting_gives() {
        for count in 1..=35_u32 {
            let mut ends = Ends::new();
            let mut values: Vec<f64> = (0..count).map(|i| f64::from(i * 17 % 31)).collect();
            for value in &values {
                ends.add(*value);
            }
            values.sort_unstable_by(f64::total_cmp);
            let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} {want}");
            near(ends.low(0.1), of_sorted(&values, 0.1));
            near(ends.high(0.1), of_sorted(&values, 0.9));
            near(ends.high(0.05), of_sorted(&values, 0.95));
        }
    }

    #[test]
    fn weights_count() {
        let mut pairs = [(3.0, 1.0), (1.0, 1.0), (2.0, 8.0)];
        for (q, want) in [(0.05, 1.0), (0.5, 2.0), (0.9, 2.0), (0.95, 3.0)] {
            assert!((weighted(&mut pairs, q) - want).abs() < f64::EPSILON, "{q}");
        }
        assert!(weighted(&mut [], 0.5).abs() < f64::EPSILON);
    }
}
