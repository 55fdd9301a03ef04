//! The recommender `auto`: pure state machines that are told of every tick and asked for a request.
//!
//! [`CpuAuto`] puts the request where freeing more CPU would cost more risk than it saves.
//! [`MemoryAuto`] keeps the 30-day peak plus a margin learned from how often the peak was broken;
//! [`BurstableAuto`] asks for less and bursts up to a limit. Each remembers one container, is told
//! of one tick at a time (`tick`), says what it would do (`decide`, which changes nothing) and is
//! told what was done (`applied`). A few kilobytes of state, no clock, no absolute constants: usage
//! in cores, bytes or fractions of a machine is sized alike. `ContainerAuto` feeds them the usage of
//! all pods of a container, five minutes at a time.

mod burstable;
pub(crate) mod cells;
mod constants;
mod container;
mod cpu;
mod growth;
mod histogram;
mod judged;
mod memory;
mod peaks;
mod price;
mod runs;
mod seed;
#[cfg(test)]
mod tests;

pub use burstable::{BurstableAuto, BurstableDecision};
pub use constants::{BurstableConstants, CpuConstants, MarginRule, MemoryConstants};
pub(crate) use container::{Asked, ContainerAuto, Form, Means, WARM_UP};
pub use cpu::{CpuAuto, CpuDecision};
pub use memory::{MemoryAuto, MemoryDecision, MemoryTick};
pub use plimsoll_domain::AutoVerdict as Verdict;

/// No usage is taken to be larger: times the largest weight and the ticks of a lifetime it is still
/// a number, and so is any multiple a level is kept at.
const USAGE_MAX: f64 = 1e250;

/// Whether a boundary of the grid lies in the span that ends at `now`. A span longer than the grid
/// always holds one.
fn crosses(
    now: plimsoll_domain::Timestamp,
    span: std::time::Duration,
    grid: std::time::Duration,
) -> bool {
    let grid = i64::try_from(grid.as_secs()).unwrap_or(i64::MAX).max(1);
    let before = now.minus(span);
    now.seconds().div_euclid(grid) != before.seconds().div_euclid(grid)
}
