//! The closed list of reasons why something is not done. Every output renders these and no others.

use std::time::Duration;

use crate::{Amount, ForeignActuator, OptOut, Origin, Ratio, Stop, Timestamp};

/// Why a change is not made, with the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// A person told the whole cluster to stand still.
    Stopped(Stop),
    /// A label or the namespace asks that it be left alone.
    OptedOut(OptOut),
    /// The configuration cannot be read, or a value in it is refused; everything stays as it is.
    ConfigurationInvalid {
        /// Where and why, as one line.
        diagnostic: String,
    },
    /// Another program sets the resources.
    ForeignActuator(ForeignActuator),
    /// A HorizontalPodAutoscaler follows the utilization of this resource.
    HpaOnResource {
        /// Its name.
        hpa: String,
    },
    /// A setting leaves this as it is.
    Excluded {
        /// What the setting is about.
        what: Exclusion,
        /// Where it comes from.
        origin: Origin,
    },
    /// The kind of workload is not known well enough to be changed.
    UnknownKind {
        /// The kind.
        kind: String,
    },
    /// The policy says to recommend only.
    RecommendOnly,
    /// No usage can be read.
    MetricsUnavailable {
        /// Since when.
        since: Timestamp,
    },
    /// Too little usage has been seen.
    InsufficientHistory(Gap),
    /// The usage seen does not reach back far enough.
    ShortHistory {
        /// How far it does.
        seen: Duration,
        /// How far it must.
        needed: Duration,
    },
    /// The look-back is not covered well enough.
    LowConfidence {
        /// The share covered.
        confidence: Ratio,
        /// The share asked for.
        threshold: Ratio,
        /// How long usage must at least go on to be seen until it is reached; absent where usage
        /// comes in runs.
        wait: Option<Duration>,
    },
    /// No change is great enough.
    BelowThreshold {
        /// The greatest.
        difference: Ratio,
        /// What it would have to exceed.
        threshold: Ratio,
    },
    /// A bound leaves nothing to do.
    Bounded {
        /// `min`, `max` or `limit`.
        bound: &'static str,
    },
    /// Memory grows without end, and is given no more.
    SuspectedLeak {
        /// How much is given at most.
        most: Amount,
    },
    /// Running pods have the recommended values.
    UpToDate,
    /// The last change is too recent.
    CoolingDown {
        /// Until when.
        until: Timestamp,
    },
    /// The workload is replacing its pods.
    RolloutInProgress {
        /// Pods of the present revision that are available.
        updated: u32,
        /// Pods wanted.
        desired: u32,
    },
    /// The cluster-wide budget of changed pods is used up for now.
    ChangeBudget {
        /// Pods that may be changed in a minute.
        limit: u32,
    },
    /// Only new pods get the values, as the policy says.
    Deferred(Deferral),
    /// There is no running pod.
    NoRunningPods,
    /// This cannot be changed in place; the next pod gets it.
    NeedsRecreate(RecreateCause),
    /// The last resize is not finished.
    ResizeInProgress,
    /// The node has no room for the last resize yet.
    ResizeDeferred,
    /// The node or the API server will not do the resize.
    ResizeRefused {
        /// In its own words.
        message: String,
    },
    /// The program runs with `--dry-run`.
    DryRun,
    /// A defect of the program; only this workload is held.
    Internal,
}

/// What is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// A resource, of all containers.
    Resource,
    /// A container.
    Container,
    /// A resource of a container.
    ContainerResource,
}

/// Which changes only new pods get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    /// All.
    Everything,
    /// Those that lower.
    Lowering,
    /// Those that raise.
    Raising,
    /// Memory raised after a kill for exceeding it.
    MemoryEvent,
    /// All, since the pods can share no node with their like.
    SharesNoNode,
}

/// How much usage is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Samples of the pod with the most.
    pub samples: u64,
    /// Samples a pod must have to count.
    pub needed: u64,
    /// Samples at this age and younger are startup and do not count.
    pub startup: Duration,
}

/// Why something cannot be changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecreateCause {
    /// A limit cannot be removed.
    LimitRemoval,
    /// The pod's quality-of-service class would change.
    QosClass,
    /// A memory limit cannot be lowered: this cluster does not allow it, or usage is too near.
    MemoryLimitDecrease,
    /// The container's `resizePolicy` restarts it for this resource.
    RestartPolicy,
    /// The pod sets resources for the pod as a whole; new pods of its kind are left alone too.
    PodLevelResources,
    /// This cluster has no in-place resize.
    NoResizeSubresource,
}

impl RecreateCause {
    /// The word used in every output.
    pub fn code(self) -> &'static str {
        match self {
            Self::LimitRemoval => "LimitRemoval",
            Self::QosClass => "QosClass",
            Self::MemoryLimitDecrease => "MemoryLimitDecrease",
            Self::RestartPolicy => "RestartPolicy",
            Self::PodLevelResources => "PodLevelResources",
            Self::NoResizeSubresource => "NoResizeSubresource",
        }
    }
}

impl Reason {
    /// The word used as condition reason, event reason, metric label, log and JSON field.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopped(_) => "Stopped",
            Self::OptedOut(_) => "OptedOut",
            Self::ConfigurationInvalid { .. } => "ConfigurationInvalid",
            Self::ForeignActuator(_) => "ForeignActuator",
            Self::HpaOnResource { .. } => "HpaOnResource",
            Self::Excluded { .. } => "Excluded",
            Self::UnknownKind { .. } => "UnknownKind",
            Self::RecommendOnly => "RecommendOnly",
            Self::MetricsUnavailable { .. } => "MetricsUnavailable",
            Self::InsufficientHistory(_) => "InsufficientHistory",
            Self::ShortHistory { .. } => "ShortHistory",
            Self::LowConfidence { .. } => "LowConfidence",
            Self::BelowThreshold { .. } => "BelowThreshold",
            Self::Bounded { .. } => "Bounded",
            Self::SuspectedLeak { .. } => "SuspectedLeak",
            Self::UpToDate => "UpToDate",
            Self::CoolingDown { .. } => "CoolingDown",
            Self::RolloutInProgress { .. } => "RolloutInProgress",
            Self::ChangeBudget { .. } => "ChangeBudget",
            Self::Deferred(_) => "Deferred",
            Self::NoRunningPods => "NoRunningPods",
            Self::NeedsRecreate(_) => "NeedsRecreate",
            Self::ResizeInProgress => "ResizeInProgress",
            Self::ResizeDeferred => "ResizeDeferred",
            Self::ResizeRefused { .. } => "ResizeRefused",
            Self::DryRun => "DryRun",
            Self::Internal => "Internal",
        }
    }

    /// Every code, in the order of the reference page.
    pub const CODES: [&'static str; 27] = [
        "Stopped",
        "OptedOut",
        "ConfigurationInvalid",
        "ForeignActuator",
        "HpaOnResource",
        "Excluded",
        "UnknownKind",
        "RecommendOnly",
        "MetricsUnavailable",
        "InsufficientHistory",
        "ShortHistory",
        "LowConfidence",
        "BelowThreshold",
        "Bounded",
        "SuspectedLeak",
        "UpToDate",
        "CoolingDown",
        "RolloutInProgress",
        "ChangeBudget",
        "Deferred",
        "NoRunningPods",
        "NeedsRecreate",
        "ResizeInProgress",
        "ResizeDeferred",
        "ResizeRefused",
        "DryRun",
        "Internal",
    ];
}
