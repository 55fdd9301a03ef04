//! `cargo run --release -p plimsoll-api --example exercise -- 1000000`: the readers against that many
//! changed documents, and how long that took. It fails where one of them took too long.

#[path = "../tests/mutate/mod.rs"]
#[expect(clippy::unwrap_used, reason = "of tests, where a failure is the answer")]
mod mutate;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::Mutations;

/// How many inputs there are when nothing is said.
const INPUTS: u64 = 1_000_000;
/// No input may take longer. Annotations have at most 64 KiB and 10,000 values, and are read some ten
/// times here, each within a few tens of milliseconds.
const BUDGET: Duration = Duration::from_millis(500);
/// Where the row of inputs begins when nothing is said.
const SEED: u64 = 0x00c0_ffee;

/// How often an input that takes long is tried again: a busy machine interrupts now and then, and not
/// the same input three times.
const AGAIN: u32 = 3;

/// How long an input takes.
fn time(input: &[u8]) -> Duration {
    let once = || {
        let began = Instant::now();
        plimsoll_api::fuzz::exercise(input);
        began.elapsed()
    };
    let first = once();
    let again = (0..AGAIN).filter(|_| first > BUDGET / 4).map(|_| once());
    again.fold(first, Duration::min)
}

#[expect(clippy::print_stdout, reason = "run by hand; this program is its output")]
fn main() -> ExitCode {
    let arguments: Result<Vec<u64>, _> =
        std::env::args().skip(1).map(|text| text.parse()).collect();
    let Ok(arguments) = arguments else {
        println!("expected numbers: how many inputs, and the seed");
        return ExitCode::FAILURE;
    };
    let inputs = arguments.first().copied().unwrap_or(INPUTS);
    let mut mutations = Mutations::new(arguments.get(1).copied().unwrap_or(SEED));
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    for _ in 0..inputs {
        let input = mutations.next_input();
        slowest = slowest.max(time(input));
    }
    println!("{inputs} inputs in {:.1?}, the slowest in {slowest:.1?}", began.elapsed());
    if slowest > BUDGET {
        println!("that is above the budget of {BUDGET:.1?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
