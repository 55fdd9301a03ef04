//! What is done about a recommendation, and what came of it.

use std::sync::Arc;

use crate::{Amount, Ratio, Reason, Resources, Timestamp, WorkloadId};

/// What is done: to running pods, and to pods that are created from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What is done to running pods.
    pub running: Running,
    /// What new pods are given.
    pub new_pods: NewPods,
}

/// What is done to running pods.
#[derive(Clone, Debug, PartialEq)]
pub enum Running {
    /// These changes are made.
    Apply(Action),
    /// Nothing is done, for this reason.
    Hold(Reason),
}

/// What new pods are given.
#[derive(Clone, Debug, PartialEq)]
pub enum NewPods {
    /// These values.
    Patch(Vec<ContainerPatch>),
    /// What their template says, for this reason.
    Untouched(Reason),
}

/// The resources a new pod's container is given.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerPatch {
    /// The container.
    pub container: String,
    /// All its requests and limits; an absent limit is removed.
    pub resources: Resources,
}

/// Changes to running pods. Complete: whoever carries it out has no choice left.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Whose pods.
    pub workload: WorkloadId,
    /// The values being rolled out, by container name; what a pod cannot be given in place is
    /// missing from its change, not from here. A resource without a request is left as it is.
    pub values: Vec<(String, Resources)>,
    /// One for each pod, in the order they are made.
    pub changes: Vec<PodChange>,
    /// Pods that would have been changed too, had the cluster-wide budget allowed.
    pub waiting_for_budget: u32,
}

/// The change of one pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodChange {
    /// The pod's name.
    pub pod: String,
    /// The pod's uid: a pod of the same name that is another pod is not changed.
    pub uid: Arc<str>,
    /// One for each container that changes.
    pub containers: Vec<ContainerChange>,
}

/// The change of one container of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerChange {
    /// The container.
    pub container: String,
    /// What it has.
    pub from: Resources,
    /// What it gets, rounded.
    pub to: Resources,
}

/// How a resource of a container compares with what is recommended for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The request in force on the running pod that differs most; absent when it has none.
    pub current: Option<Amount>,
    /// What that pod can be given.
    pub reachable: Option<Amount>,
    /// How great the change of the request is or, where the request stays, that of the limit; absent
    /// when there is nothing to compare with: such a change passes any threshold.
    pub difference: Option<Ratio>,
    /// Up or down.
    pub direction: Direction,
    /// How great it must be.
    pub threshold: Ratio,
    /// Whether it is greater.
    pub passed: bool,
    /// Parts of the recommendation this resource cannot be given in place, or at all.
    pub gaps: Vec<Reason>,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More.
    Up,
    /// Less.
    Down,
    /// Neither.
    Same,
}

/// What came of one pod's change.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whose pod.
    pub workload: WorkloadId,
    /// The pod's name.
    pub pod: String,
    /// When.
    pub at: Timestamp,
    /// How it went.
    pub result: OutcomeResult,
}

/// How a change went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeResult {
    /// The API server accepted it.
    Accepted,
    /// Nothing was sent: the program runs with `--dry-run`.
    DryRun,
    /// The pod was gone, or another of its name had come.
    Gone,
    /// The API server refused it.
    Refused {
        /// In its own words.
        message: String,
    },
    /// No answer, or none in time.
    Failed {
        /// What went wrong.
        message: String,
    },
}

impl OutcomeResult {
    /// The word used as metric label, log and JSON field.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::DryRun => "DryRun",
            Self::Gone => "Gone",
            Self::Refused { .. } => "Refused",
            Self::Failed { .. } => "Failed",
        }
    }
}
