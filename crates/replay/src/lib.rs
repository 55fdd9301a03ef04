//! Recorded usage, a simulated clock and cluster, and the drivers over them.
