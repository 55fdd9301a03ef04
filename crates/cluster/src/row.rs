//! Objects as the compact rows they are kept as: what sizing needs of them, and nothing else.

pub(crate) mod autoscaler;
pub(crate) mod controller;
pub(crate) mod pod;
pub(crate) mod resize;
pub(crate) mod rollout;
pub(crate) mod scaled;
pub(crate) mod template;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use plimsoll_domain::Timestamp;

/// A time of the Kubernetes API, in whole seconds.
pub(crate) fn timestamp(time: &Time) -> Timestamp {
    Timestamp::from_seconds(time.0.as_second())
}
