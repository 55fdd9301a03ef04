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

/// The bucket an amount is counted in. Amounts under the least bound share the first bucket after
/// zero, amounts over the greatest share the last.
pub(crate) fn bucket_of(amount: Amount) -> u16 {
    let value = amount.value();
    if value <= 0.0 {
        return 0;
    }
    let above = LOWER.partition_point(|lower| *lower <= value);
    u16::try_from(above.saturating_sub(1).max(1)).unwrap_or(u16::MAX)
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

    #[test]
    fn amounts_off_the_scale_share_the_outermost_buckets() {
        assert_eq!(bucket_of(Amount::new(1e-12).unwrap()), 1);
        assert_eq!(bucket_of(Amount::new(1e300).unwrap()), 1280);
        assert_eq!(bucket_of(Amount::ZERO), 0);
    }
}
