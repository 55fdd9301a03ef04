//! Scenes on one cluster with one Prometheus.

pub(crate) mod live;
pub(crate) mod past;
pub(crate) mod prometheus;
