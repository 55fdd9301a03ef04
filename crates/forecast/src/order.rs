//! Quantiles of values, plain and weighted.

/// The quantile of sorted values, between its two neighbours in proportion; 0 of nothing.
pub(crate) fn of_sorted(sorted: &[f64], q: f64) -> f64 {
    let (below, share) = place(q * sorted.len().saturating_sub(1) as f64);
    let last = sorted.last().copied().unwrap_or(0.0);
    let at = |i: usize| sorted.get(i).copied().unwrap_or(last);
    let low = at(below);
    low + (at(below + 1) - low) * share
}

/// The smallest value of pairs (value, weight) at or below which lies a share `q` of the weight; 0 of
/// nothing.
pub(crate) fn weighted(pairs: impl Iterator<Item = (f64, f64)>, q: f64) -> f64 {
    let [value] = weighted_of_sorted(&sorted(pairs), [q]);
    value
}

/// Pairs (value, weight) in the order of their values.
pub(crate) fn sorted(pairs: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    // A value's bits as an integer of the same order, as in `f64::total_cmp`, made once for each.
    let rank = |bits: i64| bits ^ (i64::MAX & (bits >> 63));
    let ranked = pairs.map(|(value, weight)| (rank(value.to_bits().cast_signed()), weight));
    let mut ranked: Vec<(i64, f64)> = ranked.collect();
    ranked.sort_unstable_by_key(|pair| pair.0);
    let value = |number: i64| f64::from_bits(rank(number).cast_unsigned());
    ranked.into_iter().map(|(number, weight)| (value(number), weight)).collect()
}

/// [`weighted`] at several shares, which rise, of pairs that are in order.
pub(crate) fn weighted_of_sorted<const N: usize>(sorted: &[(f64, f64)], q: [f64; N]) -> [f64; N] {
    let all: f64 = sorted.iter().map(|pair| pair.1).sum();
    let mut pairs = sorted.iter().copied();
    let (mut reached, mut below) = pairs.next().unwrap_or_default();
    q.map(|q| {
        while below < q * all
            && let Some((value, weight)) = pairs.next()
        {
            reached = value;
            below += weight;
        }
        reached
    })
}

/// The five greatest and five smallest of values, from the outside in: of at most 35 values that
/// is all that a 10th, 90th or 95th percentile needs (place .1 x 34 = 3.4). The greatest are kept
/// as the smallest of what is negated, so that one step takes both sides, and without a branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    count: u32,
    kept: [[f64; 2]; 5],
}

impl Ends {
    /// Of no values.
    pub(crate) const NONE: Self = Self { count: 0, kept: [[f64::INFINITY; 2]; 5] };

    /// Of five values at most.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut ends = Self::NONE;
        for place in 0..5 {
            let Some(value) = values.get(place) else { break };
            keep(&mut ends.kept[..=place], [*value, -value]);
            ends.count += 1;
        }
        ends
    }

    /// Takes the values of others as well.
    pub(crate) fn merge(&mut self, others: &Self) {
        self.count += others.count;
        // No value comes before those of its own that are further out.
        for (place, value) in others.kept.iter().enumerate() {
            keep(&mut self.kept[place..], *value);
        }
    }

    /// The quantile a share `q` from the bottom, up to .1.
    pub(crate) fn low(&self, q: f64) -> f64 {
        self.place(0, q)
    }

    /// The quantile a share `q` from the top, up to .1.
    pub(crate) fn high(&self, q: f64) -> f64 {
        -self.place(1, q)
    }

    fn place(&self, side: usize, q: f64) -> f64 {
        let (place, share) = place(q * f64::from(self.count.saturating_sub(1)));
        let near = self.kept[place.min(4)][side];
        let far = self.kept[(place + 1).min(4)][side];
        if share > 0.0 { near + (far - near) * share } else { near }
    }
}

/// Puts a value in its place, on each side, and lets the last fall out.
fn keep(kept: &mut [[f64; 2]], mut passed: [f64; 2]) {
    for kept in kept {
        let [a, b] = [*kept, passed];
        *kept = [lower(a[0], b[0]), lower(a[1], b[1])];
        passed = [higher(a[0], b[0]), higher(a[1], b[1])];
    }
}

/// The greatest of values that are 0 or more, 0 of nothing; in eight lanes, so that it can be found
/// several at a time.
pub(crate) fn greatest(values: &[f64]) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for eight in eights {
        for (lane, value) in lanes.iter_mut().zip(eight) {
            *lane = higher(*lane, *value);
        }
    }
    lanes.iter().chain(rest).copied().fold(0.0, higher)
}

/// Of two numbers. One instruction: unlike [`f64::max`] it takes no care of what is no number.
pub(crate) fn higher(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The same the other way.
pub(crate) fn lower(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The place before one that lies between two, and how far beyond it that is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among values: 0 or more, and less than their count"
)]
fn place(between: f64) -> (usize, f64) {
    let below = between as u32;
    (below as usize, between - f64::from(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_hold_what_sorting_gives() {
        for count in 1..=35_u32 {
            let mut values: Vec<f64> = (0..count).map(|i| f64::from(i * 17 % 31)).collect();
            let mut ends = Ends::NONE;
            values.chunks(5).for_each(|some| ends.merge(&Ends::of(some)));
            values.sort_unstable_by(f64::total_cmp);
            let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} {want}");
            near(ends.low(0.1), of_sorted(&values, 0.1));
            near(ends.high(0.1), of_sorted(&values, 0.9));
            near(ends.high(0.05), of_sorted(&values, 0.95));
        }
    }

    #[test]
    fn the_greatest_is_found_in_every_lane() {
        assert!(greatest(&[]).abs() < f64::EPSILON);
        for count in 1..20 {
            for at in 0..count {
                let values: Vec<f64> = (0..count).map(|i| f64::from(u8::from(i == at))).collect();
                assert!(greatest(&values) > 0.5, "{at} of {count}");
            }
        }
    }

    #[test]
    fn values_below_zero_come_first_with_their_weights() {
        let pairs = [(0.5, 1.0), (-2.0, 2.0), (0.0, 3.0), (-0.25, 4.0), (7.0, 5.0), (-0.0, 6.0)];
        let sorted: Vec<f64> = sorted(pairs.into_iter()).iter().map(|pair| pair.1).collect();
        assert_eq!(sorted, [2.0, 4.0, 6.0, 3.0, 1.0, 5.0]);
    }

    #[test]
    fn weights_count() {
        let pairs = [(3.0, 1.0), (1.0, 1.0), (2.0, 8.0)];
        for (q, want) in [(0.05, 1.0), (0.5, 2.0), (0.9, 2.0), (0.95, 3.0)] {
            assert!((weighted(pairs.into_iter(), q) - want).abs() < f64::EPSILON, "{q}");
        }
        assert!(weighted([].into_iter(), 0.5).abs() < f64::EPSILON);
    }
}
