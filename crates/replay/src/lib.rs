//! Recorded usage, a simulated clock and cluster, and the drivers over them: the demo and replay.

mod backfill;
mod demo;
mod ready;
pub mod node;
pub mod simulate;
pub mod trace;

pub use backfill::{Backfill, backfill};
