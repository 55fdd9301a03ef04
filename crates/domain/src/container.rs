//! Containers: as the workload's template declares them, and as they run.

use std::sync::Arc;

use crate::{Amount, OomKill, PerResource, Timestamp, WorkloadId};

/// What a container asks for and may use at most; absent means not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The request.
    pub request: Option<Amount>,
    /// The limit.
    pub limit: Option<Amount>,
}

/// Requests and limits of a container.
pub type Resources = PerResource<Allocation>;

/// The identity under which usage is remembered: it survives rollouts, since it holds no pod name
/// and no ReplicaSet hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerKey {
    /// The workload.
    pub workload: WorkloadId,
    /// The container's name in the pod.
    pub container: Arc<str>,
}

/// A container as the workload's pod template declares it ("original" values).
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerSpec {
    /// Its name, unique in the pod.
    pub name: Arc<str>,
    /// Requests and limits in the template; never what a pod has been resized to.
    pub original: Resources,
}

/// Whether changing a resource in place restarts the container (`resizePolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResizeRestart {
    /// The change is made while the container runs.
    #[default]
    NotRequired,
    /// The kubelet restarts the container to make the change.
    RestartContainer,
}

/// A container of a pod that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningContainer {
    /// Its name.
    pub name: String,
    /// The name it counts under, where its workload groups containers; absent: its own.
    pub counts_as: Option<String>,
    /// Requests and limits in the pod's spec now: what the pod is or will be resized to.
    pub resources: Resources,
    /// What a resize of each resource does to the container.
    pub resize_restart: PerResource<ResizeRestart>,
    /// When the present run of the container began; absent while it does not run.
    pub started_at: Option<Timestamp>,
    /// How often it was restarted.
    pub restart_count: u32,
    /// The last time it was killed for exceeding its memory limit, if the pod still says so.
    pub last_oom: Option<OomKill>,
}

impl RunningContainer {
    /// The name its usage and its values go by.
    pub fn identity(&self) -> &str {
        self.counts_as.as_deref().unwrap_or(&self.name)
    }
}
