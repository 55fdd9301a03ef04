//! Workloads: the top owners that pods are grouped by, and the world they live in.

use std::fmt;
use std::sync::Arc;

use crate::{Configuration, ContainerSpec, DecisionState, PerResource, Pod, Timestamp};

/// What kind of object a workload is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 StatefulSet.
    StatefulSet,
    /// apps/v1 DaemonSet.
    DaemonSet,
    /// apps/v1 ReplicaSet without an owner.
    ReplicaSet,
    /// batch/v1 Job without an owner.
    Job,
    /// batch/v1 CronJob.
    CronJob,
    /// argoproj.io Rollout.
    Rollout,
    /// Pods that share a label and the kind of their controller: `Custom-` and that kind, or
    /// `Custom-Pod` where they have none. No kind of Kubernetes has a hyphen.
    Custom(String),
    /// Any other controller: recommended for, never changed.
    Other(String),
}

impl WorkloadKind {
    /// The kinds that may be changed.
    pub const KNOWN: [Self; 7] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
        Self::Rollout,
    ];

    /// What the kinds of custom workloads begin with.
    const CUSTOM: &'static str = "Custom-";

    /// The custom workloads of pods with a controller of this kind.
    pub fn custom(controller: &str) -> Self {
        Self::Custom(format!("{}{controller}", Self::CUSTOM))
    }

    /// The kind as Kubernetes spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Rollout => "Rollout",
            Self::Custom(kind) | Self::Other(kind) => kind,
        }
    }

    /// From the kind as Kubernetes spells it.
    pub fn from_name(kind: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.name() == kind);
        known.unwrap_or_else(|| {
            let is_custom = kind.starts_with(Self::CUSTOM);
            if is_custom { Self::Custom(kind.to_owned()) } else { Self::Other(kind.to_owned()) }
        })
    }

    /// Whether workloads of this kind may be changed at all.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// A workload's identity in its cluster. Orders by namespace, kind, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: Arc<str>,
}

impl fmt::Display for WorkloadId {
    /// `shop/deployment/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind.name().to_ascii_lowercase(), self.name)
    }
}

/// A workload as the cluster shows it at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Who it is.
    pub id: WorkloadId,
    /// The API version of the object, for references to it.
    pub api_version: String,
    /// The uid of the object, for references to it.
    pub uid: String,
    /// The containers and native sidecars of its pod template, in the template's order.
    pub containers: Vec<ContainerSpec>,
    /// Its pods, by name.
    pub pods: Vec<Pod>,
    /// How many pods it wants, where its kind has such a number.
    pub desired_replicas: Option<u32>,
    /// Whether it is replacing its pods.
    pub rollout: Rollout,
    /// What its owner asked for.
    pub configuration: Arc<Configuration>,
    /// Whether its pods can share no node with their like (a host port, or an anti-affinity to
    /// themselves by host name).
    pub excludes_its_like: bool,
    /// Who asked that it be left alone, if anyone did.
    pub opt_out: Option<OptOut>,
    /// Another program that sets its resources.
    pub foreign_actuator: Option<ForeignActuator>,
    /// The HorizontalPodAutoscaler that follows the utilization of a resource, by name.
    pub hpa_on: PerResource<Option<String>>,
    /// What was decided for it before.
    pub state: DecisionState,
}

/// Whether a workload is replacing its pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollout {
    /// All pods are of the present revision.
    #[default]
    Settled,
    /// Some are not yet.
    InProgress {
        /// Pods of the present revision that are available.
        updated: u32,
        /// Pods wanted.
        desired: u32,
    },
}

/// Who asked that a workload be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptOut {
    /// A label on its namespace.
    NamespaceLabel,
    /// A label in its pod template.
    PodLabel,
    /// Its namespace is the program's own, or the system's.
    ProtectedNamespace,
}

/// Another program that sets the resources of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignActuator {
    /// Its kind, for example `VerticalPodAutoscaler`.
    pub kind: String,
    /// The object's name.
    pub name: String,
}

/// Everything a tick reads about the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// All workloads, ordered by identity.
    pub workloads: Vec<Workload>,
    /// Set while the whole cluster is told to stand still.
    pub stop: Option<Stop>,
    /// What this cluster can do.
    pub capabilities: Capabilities,
}

/// A person's order to change nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Since when.
    pub since: Timestamp,
    /// Why, in that person's words; may be empty.
    pub note: String,
}

/// What the cluster's version and settings allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Pods have a `resize` subresource (Kubernetes 1.33 and later).
    pub resize: bool,
    /// A memory limit may be lowered in place (Kubernetes 1.34 and later).
    pub lower_memory_limit: bool,
}
