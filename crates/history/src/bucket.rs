//! The buckets that amounts are counted in: zero, then 1280 that each reach 5 % further.

use plimsoll_domain::Amount;

/// The least amount told apart from smaller ones: one billionth of a core, the finest CPU reading
/// any source gives. A byte is far above it.
const FLOOR: f64 = 1e-9;

/// How much further each bucket reaches. A bucket answers with its geometric middle, which is off
/// by at most sqrt(1.05) - 1 = 2.47 % of any amount in it.
const RATIO: f64 = 1.05;

/// sqrt([`RATIO`]): from a bucket's lower bound to its geometric middle.
const TO_MIDDLE: f64 = 1.024_695_076_595_959_8;

/// One for zero, and log(1.3e27) / log(1.05) = 1280 from 1e-9 to 1.3e18, which is over an exbibyte.
pub(crate) const BUCKETS: usize = 1281;

/// The lower bound of each bucket. Multiplied up rather than taken from a logarithm, so that it is
/// the same on every machine.
static LOWER: [f64; BUCKETS] = lower_bounds();

const fn lower_bounds() -> [f64; BUCKETS] {
    let mut bounds = [0.0; BUCKETS];
    let mut bound = FLOOR;
    let mut bucket = 1;
    while bucket < BUCKETS {
        bounds[bucket] = bound;
        bound *= RATIO;
        bucket += 1;
    }
    bounds
}

/// Bits of a number that are not its exponent or the first four after its binary point: numbers that
/// share the rest, its step, are within 1/16 of each other and so in three neighbouring buckets.
const WITHIN_STEP: u32 = 48;

/// The step of [`FLOOR`].
const FIRST_STEP: u64 = FLOOR.to_bits() >> WITHIN_STEP;

/// Steps from there to that of the greatest bound, 90 powers of two further.
const STEPS: usize = 91 * 16;

/// The bucket of the least number of each step, and 1 for what is below the first bound.
static AT_STEP: [u16; STEPS] = buckets_at_steps();

const fn buckets_at_steps() -> [u16; STEPS] {
    let lower = lower_bounds();
    let mut buckets = [1; STEPS];
    let mut bucket: u16 = 1;
    let mut step = 0;
    while step < STEPS {
        let least = f64::from_bits((FIRST_STEP + step as u64) << WITHIN_STEP);
        while (bucket as usize) + 1 < BUCKETS && lower[bucket as usize + 1] <= least {
            bucket += 1;
        }
        buckets[step] = bucket;
        step += 1;
    }
    buckets
}

/// The bucket an amount is counted in. Amounts under the least bound share the first bucket after
/// zero, amounts over the greatest share the last.
pub(crate) fn bucket_of(amount: Amount) -> u16 {
    let value = amount.value();
    if value <= 0.0 {
        return 0;
    }
    let step = (value.to_bits() >> WITHIN_STEP).saturating_sub(FIRST_STEP);
    let step = usize::try_from(step).unwrap_or(usize::MAX).min(STEPS - 1);
    let mut bucket = AT_STEP.get(step).copied().unwrap_or(1);
    // At most twice, but for what is far above every bound.
    while LOWER.get(usize::from(bucket) + 1).is_some_and(|lower| *lower <= value) {
        bucket += 1;
    }
    bucket
}

/// The amount a bucket stands for.
pub(crate) fn middle(bucket: u16) -> Amount {
    let lower = LOWER.get(usize::from(bucket)).copied().unwrap_or(0.0);
    Amount::new(lower * TO_MIDDLE).unwrap_or(Amount::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, within: f64) {
        let middle = middle(bucket_of(Amount::new(value).unwrap())).value();
        assert!((middle - value).abs() <= within * value, "{value} became {middle}");
    }

    #[test]
    fn every_amount_that_is_usage_keeps_its_value_to_2_5_percent() {
        let mut value = 1e-9;
        while value < 1.2e18 {
            check(value, 0.025);
            value *= 1.003;
        }
        check(0.0, 0.0);
        check(1.0, 0.025);
    }

    /// The steps are a short cut: what a search among all bounds finds is what is meant.
    #[test]
    fn every_amount_is_in_the_bucket_whose_bounds_hold_it() {
        let searched = |value: f64| LOWER.partition_point(|lower| *lower <= value).max(2) - 1;
        let near =
            LOWER.iter().skip(1).flat_map(|bound| [bound.next_down(), *bound, bound.next_up()]);
        let mut spread = 1e-10;
        let spread = std::iter::from_fn(|| {
            spread *= 1.000_9;
            (spread < 1e20).then_some(spread)
        });
        for value in near.chain(spread).chain([f64::MIN_POSITIVE, f64::MAX]) {
            assert_eq!(
                usize::from(bucket_of(Amount::new(value).unwrap())),
                searched(value),
                "{value}"
            );
        }
    }

    #[test]
    fn amounts_off_the_scale_share_the_outermost_buckets() {
        assert_eq!(bucket_of(Amount::new(1e-12).unwrap()), 1);
        assert_eq!(bucket_of(Amount::new(1e300).unwrap()), 1280);
        assert_eq!(bucket_of(Amount::ZERO), 0);
    }
}
