//! Usage samples from the metrics API.

mod metrics_api;
mod wire;

pub use metrics_api::{MetricsApi, MetricsError};
