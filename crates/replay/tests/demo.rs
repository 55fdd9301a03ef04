//! The demo: repeatable to the byte, and never without a summary.

#![expect(clippy::unwrap_used, reason = "a demo that cannot be set up ends the test")]

mod configure;

use std::time::Duration;

use configure::configure;
use plimsoll_replay::Demo;

fn run(seed: u64, length: Duration) -> String {
    let mut demo = Demo::new(seed, length, &configure).unwrap();
    let mut text = String::new();
    while let Some(step) = demo.step() {
        for line in step.lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text + &demo.summary()
}

#[test]
fn two_runs_with_one_seed_print_the_same_bytes_and_another_seed_others() {
    let length = Duration::from_hours(12);
    let first = run(7, length);
    assert_eq!(first, run(7, length));
    assert_ne!(first, run(8, length));
    assert!(first.contains("resized in place"), "{first}");
}
