//! Amounts in 16 bits: the top of a floating-point number, six bits of its exponent and ten of its
//! mantissa. That is a step of 0.1 %, from a few millionths of a core to the memory of any machine.
//!
//! The sketches that recommend are exact to 2.5 %; a forecast or a replay of cells needs no more.

use plimsoll_domain::Amount;

/// Bits of a mantissa that are left out.
const DROPPED: u32 = 52 - 10;

/// The exponent of the least amount but zero, 2^-18 (4 millionths of a core). 64 exponents further,
/// just below 2^46 bytes (64 TiB), is the greatest; more counts as that.
const EXPONENT_MIN: u64 = 1023 - 18;

/// What the code of the least amount but zero is 1 for.
const BASE: u64 = (EXPONENT_MIN << 10) - 1;

const ZERO: u16 = 0;
/// No amount.
pub(super) const ABSENT: u16 = u16::MAX;
const GREATEST: u16 = ABSENT - 1;

/// Which of the two amounts beside it an amount becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Round {
    /// The nearer: at most 0.05 % away.
    Nearest,
    /// The greater: a peak is never told too low, and at most 0.1 % too high.
    Up,
}

/// An amount's code. A greater amount never has a lesser code; no amount but zero becomes zero.
pub(super) fn encode(amount: Option<Amount>, round: Round) -> u16 {
    let Some(amount) = amount else { return ABSENT };
    if amount == Amount::ZERO {
        return ZERO;
    }
    let up = match round {
        Round::Nearest => 1 << (DROPPED - 1),
        Round::Up => (1 << DROPPED) - 1,
    };
    let top = (amount.value().to_bits() + up) >> DROPPED;
    let code = top.saturating_sub(BASE).max(1);
    u16::try_from(code).map_or(GREATEST, |code| code.min(GREATEST))
}

/// The amount of a code.
pub(super) fn decode(code: u16) -> Option<Amount> {
    match code {
        ABSENT => None,
        ZERO => Some(Amount::ZERO),
        code => Amount::new(f64::from_bits((u64::from(code) + BASE) << DROPPED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, round: Round, expect: f64) {
        let decoded = decode(encode(Amount::new(value), round)).map(Amount::value);
        assert_eq!(decoded, Some(expect), "{value} {round:?}");
    }

    #[test]
    fn amounts_keep_three_digits() {
        for round in [Round::Nearest, Round::Up] {
            check(0.0, round, 0.0);
            check(1.0, round, 1.0);
            check(0.125, round, 0.125);
            check(f64::from(1 << 30), round, f64::from(1 << 30));
            check(1e-300, round, 2.0_f64.powi(-18));
            check(1e300, round, 2.0_f64.powi(46) * (1.0 - 3.0 / 2048.0));
        }
        check(1.0004, Round::Nearest, 1.0);
        check(1.0004, Round::Up, 1.0 + 1.0 / 1024.0);
        assert_eq!(decode(encode(None, Round::Up)), None);
    }

    #[test]
    fn every_code_is_the_code_of_its_amount_and_they_rise() {
        let mut last = None;
        for code in 0..ABSENT {
            let amount = decode(code);
            for round in [Round::Nearest, Round::Up] {
                assert_eq!(encode(amount, round), code);
            }
            assert!(amount > last, "{code}");
            last = amount;
        }
    }

    #[test]
    fn an_amount_is_at_most_its_step_away_and_a_peak_never_below() {
        for n in 0..200_000 {
            let value = 1e-5 * 1.000_2_f64.powi(n);
            let off =
                |round| decode(encode(Amount::new(value), round)).unwrap().value() / value - 1.0;
            assert!(off(Round::Nearest).abs() <= 1.0 / 2048.0, "{value}");
            assert!((0.0..=1.0 / 1024.0).contains(&off(Round::Up)), "{value}");
        }
    }
}
