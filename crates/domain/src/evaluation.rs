//! Everything one look at a workload found and decided: what every output is rendered from.

use std::sync::Arc;

use crate::{
    Configuration, Decision, DecisionState, Estimate, Outcome, PerResource, Ratio, Resources,
    Timestamp, Verdict, WorkloadId,
};

/// One evaluation of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Of which workload.
    pub workload: WorkloadId,
    /// When.
    pub at: Timestamp,
    /// What its owner asked for.
    pub configuration: Arc<Configuration>,
    /// Whether usage could be read.
    pub metrics: MetricsState,
    /// The least coverage over its containers and resources; absent before any usage was seen.
    pub confidence: Option<Ratio>,
    /// Its containers, in the template's order.
    pub containers: Vec<ContainerEvaluation>,
    /// What is done.
    pub decision: Decision,
    /// How many of its pods have the recommended values.
    pub applied: Applied,
    /// What is remembered from here on.
    pub state: DecisionState,
    /// What came of the decision; empty before it was carried out.
    pub outcomes: Vec<Outcome>,
}

/// One container of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerEvaluation {
    /// Its name.
    pub name: String,
    /// What the template asks for.
    pub original: Resources,
    /// What is recommended.
    pub estimates: PerResource<Estimate>,
    /// How that compares with what runs; absent without an estimate or a running pod.
    pub verdicts: PerResource<Option<Verdict>>,
}

/// Whether usage could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsState {
    /// It could.
    Available,
    /// It could not.
    Unavailable {
        /// Since when.
        since: Timestamp,
    },
}

/// How many pods have the recommended values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Running pods that have the requests, and the limits as far as they can be given in place.
    pub pods: u32,
    /// Running pods that did not opt out.
    pub of: u32,
}
