//! Recorded usage, a simulated clock and cluster, and the drivers over them: the demo and replay.

mod backfill;
mod demo;
mod error;
pub mod forecast;
pub mod node;
mod part;
mod ready;
mod recorded;
pub mod simulate;
mod timing;
pub mod trace;
pub mod vertical;

pub use backfill::{Backfill, backfill};
pub use demo::{Demo, DemoStep};
pub use recorded::{Recorded, TakeSeries};
