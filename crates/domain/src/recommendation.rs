//! What a workload's containers should request, and every step that led there.

use std::time::Duration;

use crate::PerResource;
use crate::{Allocation, Amount, Foreseen, Judgement, LimitRule, Ratio, Reason, Sourced, Target};

/// A recommendation for every container of a workload, in the template's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// One for each container of the template.
    pub containers: Vec<ContainerRecommendation>,
}

/// A recommendation for one container.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerRecommendation {
    /// The container.
    pub container: String,
    /// For each resource an estimate, or why there is none.
    pub resources: PerResource<Estimate>,
}

/// An estimate, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimate {
    /// The steps from usage to the recommended values.
    Known(Box<Trail>),
    /// Not enough to go by.
    Unknown(Reason),
}

/// The steps from usage to the recommended values, each with its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Trail {
    /// Samples in the look-back that counted.
    pub samples: u64,
    /// Pods they came from; all pods that are gone count as one.
    pub pods: u32,
    /// The p90 of the pod that uses least and of the one that uses most; absent with fewer than two.
    pub spread: Option<(Amount, Amount)>,
    /// How far back usage was looked at.
    pub look_back: Duration,
    /// The share of 5-minute cells of the look-back in which the container was seen.
    pub coverage: Ratio,
    /// Which usage counted.
    pub target: Sourced<Target>,
    /// That usage.
    pub base: Amount,
    /// The overhead put on top.
    pub overhead: Sourced<Ratio>,
    /// Base plus overhead.
    pub with_overhead: Amount,
    /// The floor learned from a kill for memory, where it is the greater.
    pub oom_floor: Option<Amount>,
    /// The bound that held the value, if one did.
    pub constraint: Option<Constraint>,
    /// Why the usage that counts is what it is, where `auto` judged it.
    pub judgement: Option<Judgement>,
    /// What usage was forecast to be, where it is.
    pub foreseen: Option<Foreseen>,
    /// What became of the limit.
    pub limit: LimitStep,
    /// The result: request and limit for a new pod, not yet rounded.
    pub result: Allocation,
}

/// What held a value back or up.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// The policy's least request.
    Min(Sourced<Amount>),
    /// The policy's greatest request.
    Max(Sourced<Amount>),
    /// The limit that stays, since a request may not exceed it.
    Limit(Amount),
    /// The memory above which a container that grows without end is not fed.
    Leak(Amount),
}

/// What became of the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitStep {
    /// The rule.
    pub rule: Sourced<LimitRule>,
    /// The template's limit.
    pub original: Option<Amount>,
    /// The limit for a new pod; absent when there is none.
    pub value: Option<Amount>,
}
