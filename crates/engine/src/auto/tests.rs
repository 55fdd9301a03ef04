//! Scripted usage with the decisions that follow, and what must hold for any usage.

mod properties;
mod scripts;

use std::time::Duration;

use plimsoll_domain::{Amount, Timestamp};

const TICK: Duration = Duration::from_mins(5);
/// The tick in seconds.
const STEP: i64 = 300;

fn amount(value: f64) -> Amount {
    Amount::new(value).unwrap()
}

/// When tick `n` began.
fn start(n: usize) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(n).unwrap() * STEP)
}
