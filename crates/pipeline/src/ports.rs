//! The five ports: all that the line knows of the world it runs in.
//!
//! The futures are `Send`, so that the live controller can spawn the line on a multi-thread
//! runtime; simulated ports are always ready, so that replay needs no runtime at all.

use std::future::Future;

use plimsoll_domain::{Action, Amount, Evaluation, Outcome, PerResource, Timestamp, World};

use crate::PortError;

/// What time it is.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where usage comes from.
pub trait SampleSource {
    /// The newest usage of every pod, as far as it is known at `now`.
    fn collect(
        &mut self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Collected, PortError>> + Send;
}

/// Where workloads come from.
pub trait WorkloadSource {
    /// All workloads as they are at `now`.
    fn world(&mut self, now: Timestamp) -> impl Future<Output = Result<World, PortError>> + Send;
}

/// What changes running pods.
pub trait Actuator {
    /// Makes the changes in their order and says what came of each.
    fn apply(
        &mut self,
        action: &Action,
        now: Timestamp,
    ) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// Where evaluations go.
pub trait EvaluationSink {
    /// Makes them known. Called once a tick with all of them, ordered by workload.
    fn publish(
        &mut self,
        evaluations: &[Evaluation],
        now: Timestamp,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// One collection of usage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// One for each container of each pod.
    pub usage: Vec<PodUsage>,
    /// Values that were no usage (NaN, negative, absurd) and were left out.
    pub dropped: u64,
}

/// What one container used, named as its source names it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodUsage {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// When it was measured.
    pub at: Timestamp,
    /// CPU as the mean over the source's window, memory as the working set.
    pub usage: PerResource<Option<Amount>>,
}
