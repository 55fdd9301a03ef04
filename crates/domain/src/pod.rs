//! Pods as far as sizing needs to know them.

use std::sync::Arc;

use crate::{Amount, RunningContainer, Timestamp};

/// A pod of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    /// Its name, unique in the namespace while it exists.
    pub name: String,
    /// Its uid, unique for ever: a recreated pod of a StatefulSet is another pod.
    pub uid: Arc<str>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The node it was assigned to.
    pub node: Option<String>,
    /// Where in its life it is.
    pub phase: PodPhase,
    /// Whether it passes its readiness checks.
    pub ready: bool,
    /// Fixed at creation; a resize may not change it.
    pub qos: QosClass,
    /// Whether its own labels ask to be left alone.
    pub opted_out: bool,
    /// Whether its spec sets resources for the pod as a whole.
    pub has_pod_level_resources: bool,
    /// How the last resize asked for is going.
    pub resize: ResizeStatus,
    /// When this program last resized it; absent where it never did.
    pub resized_at: Option<Timestamp>,
    /// Its containers and native sidecars, in the pod's order; classic init containers are absent.
    pub containers: Vec<RunningContainer>,
}

/// A pod's phase, with deletion as a phase of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodPhase {
    /// Not all containers run yet.
    Pending,
    /// Bound to a node, containers started.
    Running,
    /// Ended, well or not.
    Finished,
    /// Deletion was asked for.
    Terminating,
}

/// Kubernetes' quality-of-service classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QosClass {
    /// Request equals limit for both resources of every container.
    Guaranteed,
    /// Anything between.
    Burstable,
    /// No request and no limit anywhere.
    BestEffort,
}

/// The state of a pod's in-place resize, from its conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ResizeStatus {
    /// Nothing under way: spec and allocation agree.
    #[default]
    Settled,
    /// Accepted, being carried out.
    InProgress,
    /// The node has no room now; the kubelet tries again by itself.
    Deferred {
        /// The kubelet's own words.
        message: String,
    },
    /// The node can never do it.
    Infeasible {
        /// The kubelet's own words.
        message: String,
    },
    /// The kubelet tried and met an error.
    Failed {
        /// The kubelet's own words.
        message: String,
    },
}

/// A container killed for exceeding its memory limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomKill {
    /// When it ended.
    pub at: Timestamp,
    /// The memory limit it ran under, if it had one.
    pub limit: Option<Amount>,
}
