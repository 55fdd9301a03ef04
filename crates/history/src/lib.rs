//! What containers used: sketches by hour, coverage, OOM memory; versioned snapshots.
