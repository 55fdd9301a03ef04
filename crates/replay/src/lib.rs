//! Recorded usage, a simulated clock and cluster, and the drivers over them: the demo and replay.

mod backfill;
mod demo;
pub mod node;
mod ready;
pub mod simulate;
pub mod trace;

pub use backfill::{Backfill, backfill};
pub use demo::{Demo, DemoStep};
