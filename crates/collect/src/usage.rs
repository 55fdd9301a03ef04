//! What is usage at all: values that are no number, negative or absurd are none.

use plimsoll_domain::{Amount, Resource};

/// More CPU than one container can use: 10,000 cores, ten times the largest machines there are.
const CPU_MAX: f64 = 10_000.0;

/// More memory than one container can use: 1 PiB, thirty times the largest machines there are.
const MEMORY_MAX: f64 = 1_125_899_906_842_624.0;

/// The value as usage, in cores or bytes; `None` where it is none.
pub(crate) fn amount(resource: Resource, value: f64) -> Option<Amount> {
    let max = match resource {
        Resource::Cpu => CPU_MAX,
        Resource::Memory => MEMORY_MAX,
    };
    Amount::new(value).filter(|amount| amount.value() <= max)
}
