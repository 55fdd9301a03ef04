//! What is known at an origin is known from what was before it.

use crate::grid::DAY;
use crate::regressors::{Target, regressors};
use crate::running::Running;
use crate::spread::{Residuals, terms};

fn usage(n: usize) -> Vec<f64> {
    let value = |cell: usize| {
        let phase = (cell % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        let wobble = (cell.wrapping_mul(2_654_435_761) >> 12) % 997;
        3.0 + phase.sin() + wobble as f64 / 500.0
    };
    (0..n).map(value).collect()
}

/// Everything that is regressed on at an origin, from a window that goes on and from one that ends
/// there; the two differ by a multiple of the hour at which quantiles are renewed.
fn check(origin: usize, running: impl Fn(&[f64]) -> Running<'_>) {
    let y = usage(origin + 12 * 40);
    let whole = Running::whole(&y);
    let cut = running(&y[..origin]);
    let residuals = Residuals { quantiles: [-1.0, 0.0, 1.0, 2.0], size: 0.7 };
    for horizon in [1, 2, 3, 12, 13, 50, 187, 286, 287, 288] {
        let target = Target { origin, horizon };
        assert_eq!(
            bits(regressors(&whole, target)),
            bits(regressors(&cut, target)),
            "{origin} {horizon}"
        );
        let of = |running: &Running<'_>| bits(terms(running, target, 3.5, residuals));
        assert_eq!(of(&whole), of(&cut), "{origin} {horizon}");
    }
}

/// To be the same to the last bit.
fn bits<const N: usize>(numbers: [f64; N]) -> [u64; N] {
    numbers.map(f64::to_bits)
}

const ORIGINS: [usize; 9] = [6, 36, 287, 288, 289, 600, 2016, 2400, 5000];

#[test]
fn nothing_is_regressed_on_the_future() {
    for origin in ORIGINS {
        check(origin, |y| Running::whole(y));
    }
}

#[test]
fn the_latest_cells_alone_tell_a_forecast_the_same() {
    for origin in ORIGINS {
        check(origin, |y| Running::latest(y));
    }
}
