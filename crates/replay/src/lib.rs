//! Recorded usage, a simulated clock and cluster, and the drivers over them: the demo and replay.

pub mod node;
pub mod trace;
