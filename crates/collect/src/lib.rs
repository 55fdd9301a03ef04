//! Usage samples from the metrics API.
