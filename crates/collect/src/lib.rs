//! Usage samples: live from the metrics API, kubelets or Prometheus, and the past from Prometheus.

mod back_fill;
mod body;
mod exposition;
mod kubelet;
mod metrics_api;
mod prometheus;
mod usage;
mod wire;

pub use back_fill::{BackFill, BackFilled, CELLS_WAITING, Known, Past, PastCells, back_fill};
pub use body::HttpError;
pub use kubelet::{Kubelet, KubeletError, KubeletReach, NodeError};
pub use metrics_api::{MetricsApi, MetricsError};
pub use prometheus::{Prometheus, PrometheusError, PrometheusOptions, PrometheusSamples};
