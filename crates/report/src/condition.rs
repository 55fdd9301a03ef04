//! The conditions of a workload's object, all made from one evaluation.

use plimsoll_domain::{
    Configuration, Configured, Estimate, Evaluation, Governor, MetricsState, Reason, Resource,
    Running,
};

use crate::convert::governor;
use crate::sentence::sentence;
use crate::time::format_time;

/// One condition; `lastTransitionTime` and `observedGeneration` are the writer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionView {
    /// `Ready`, `MetricsAvailable`, `HistorySufficient`, `Applied`, `ConfigurationInvalid` or
    /// `Overridden`.
    pub type_: &'static str,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// One word.
    pub reason: String,
    /// One sentence.
    pub message: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It does.
    True,
    /// It does not.
    False,
    /// It cannot be told.
    Unknown,
}

impl ConditionStatus {
    /// The word Kubernetes uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// All conditions of a workload, always the same six in the same order.
pub fn conditions(evaluation: &Evaluation) -> Vec<ConditionView> {
    vec![
        ready(evaluation),
        metrics_available(evaluation.metrics),
        history_sufficient(evaluation),
        applied(evaluation),
        configuration_invalid(&evaluation.configuration),
        overridden(&evaluation.configuration),
    ]
}

fn ready(evaluation: &Evaluation) -> ConditionView {
    let (status, reason, message) = match &evaluation.decision.running {
        Running::Apply(action) => (
            ConditionStatus::True,
            "Applying",
            format!("{} running pods are given the recommended values.", action.changes.len()),
        ),
        Running::Hold(reason) if is_obstacle(reason) => {
            (ConditionStatus::False, reason.code(), sentence(reason))
        }
        Running::Hold(reason) => (ConditionStatus::True, reason.code(), sentence(reason)),
    };
    condition("Ready", status, reason, message)
}

/// Whether a reason means that the workload is not sized as its policy asks, and not merely that
/// there is nothing to do now.
fn is_obstacle(reason: &Reason) -> bool {
    match reason {
        Reason::Stopped(_)
        | Reason::ConfigurationInvalid { .. }
        | Reason::ForeignActuator(_)
        | Reason::MetricsUnavailable { .. }
        | Reason::InsufficientHistory(_)
        | Reason::ShortHistory { .. }
        | Reason::LowConfidence { .. }
        | Reason::ResizeRefused { .. }
        | Reason::SuspectedLeak { .. }
        | Reason::Internal => true,
        Reason::OptedOut(_)
        | Reason::HpaOnResource { .. }
        | Reason::Excluded { .. }
        | Reason::UnknownKind { .. }
        | Reason::RecommendOnly
        | Reason::BelowThreshold { .. }
        | Reason::Bounded { .. }
        | Reason::UpToDate
        | Reason::CoolingDown { .. }
        | Reason::RolloutInProgress { .. }
        | Reason::ChangeBudget { .. }
        | Reason::Deferred(_)
        | Reason::NoRunningPods
        | Reason::NeedsRecreate(_)
        | Reason::ResizeInProgress
        | Reason::ResizeDeferred
        | Reason::DryRun => false,
    }
}

fn metrics_available(metrics: MetricsState) -> ConditionView {
    let name = "MetricsAvailable";
    match metrics {
        MetricsState::Available => {
            condition(name, ConditionStatus::True, "UsageRead", "Usage is read.".to_owned())
        }
        MetricsState::Unavailable { since } => condition(
            name,
            ConditionStatus::False,
            "MetricsUnavailable",
            format!("No usage could be read since {}.", format_time(since)),
        ),
    }
}

fn history_sufficient(evaluation: &Evaluation) -> ConditionView {
    let name = "HistorySufficient";
    if evaluation.containers.is_empty() {
        let message = "No container has been evaluated.".to_owned();
        return condition(name, ConditionStatus::Unknown, "NoContainers", message);
    }
    let gap = evaluation.containers.iter().find_map(|container| {
        Resource::ALL.into_iter().find_map(|resource| match container.estimates.get(resource) {
            Estimate::Known(_) => None,
            Estimate::Unknown(reason) => Some((&container.name, resource, reason)),
        })
    });
    match gap {
        None => condition(
            name,
            ConditionStatus::True,
            "EnoughSamples",
            "Every container has a recommendation.".to_owned(),
        ),
        Some((container, resource, reason)) => condition(
            name,
            ConditionStatus::False,
            reason.code(),
            format!("{container} {}: {}", resource.name(), sentence(reason)),
        ),
    }
}

fn applied(evaluation: &Evaluation) -> ConditionView {
    let name = "Applied";
    let counts = evaluation.applied;
    let having =
        format!("{} of {} running pods have the recommended values", counts.pods, counts.of);
    match &evaluation.decision.running {
        Running::Hold(Reason::UpToDate) => {
            condition(name, ConditionStatus::True, "UpToDate", format!("{having}."))
        }
        Running::Apply(action) => condition(
            name,
            ConditionStatus::False,
            "Applying",
            format!("{having}; {} are being changed.", action.changes.len()),
        ),
        Running::Hold(reason) => {
            let all = counts.of > 0 && counts.pods == counts.of;
            let status = if all { ConditionStatus::True } else { ConditionStatus::False };
            condition(name, status, reason.code(), format!("{having}. {}", sentence(reason)))
        }
    }
}

fn configuration_invalid(configuration: &Configuration) -> ConditionView {
    let name = "ConfigurationInvalid";
    if let Some(refusal) = configuration.refusal() {
        let reason = match configuration.configured {
            Configured::Unreadable(_) => "Unreadable",
            Configured::Policy(_) => "Refused",
        };
        return condition(name, ConditionStatus::True, reason, refusal.to_string());
    }
    let warnings: Vec<String> = configuration.remarks.iter().map(ToString::to_string).collect();
    if warnings.is_empty() {
        let message = "The configuration is read.".to_owned();
        return condition(name, ConditionStatus::False, "Readable", message);
    }
    let message = format!("The configuration is read, with remarks: {}", warnings.join("; "));
    condition(name, ConditionStatus::False, "ReadableWithWarnings", message)
}

/// Whether settings in the ScaledWorkload are not used.
fn overridden(configuration: &Configuration) -> ConditionView {
    let name = "Overridden";
    if configuration.overruled.contains(&Governor::ScaledWorkload) {
        let by = governor(&configuration.governor);
        let message =
            format!("The settings in spec are not used: the workload is governed by {by}.");
        return condition(name, ConditionStatus::True, "AnotherGovernor", message);
    }
    let message = "No settings in spec are overruled.".to_owned();
    condition(name, ConditionStatus::False, "NotOverridden", message)
}

fn condition(
    type_: &'static str,
    status: ConditionStatus,
    reason: &str,
    message: String,
) -> ConditionView {
    ConditionView { type_, status, reason: reason.to_owned(), message }
}
