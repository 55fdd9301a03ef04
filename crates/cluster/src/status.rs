//! An evaluation as the status of a ScaledWorkload.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use plimsoll_api::{
    AppliedStatus, ContainerStatus, DecisionStatus, PolicyStatus, ScaledWorkloadStatus,
    resources_to_k8s, state_to_status, time,
};
use plimsoll_domain::{
    Allocation, Configured, ContainerEvaluation, Estimate, Evaluation, Mode, PerResource, Ratio,
    Resource, Resources, Running, Timestamp,
};
use plimsoll_report::{ConditionView, EvaluationView, conditions, origin_text};

use crate::written::Written;

/// The status that says what an evaluation says, but for the evaluation itself. Conditions keep
/// the time of their last transition where `before` had them as they are. Where no usage is known
/// to recommend from (the program may have just started without its history), what was recommended
/// before stays.
pub(crate) fn status(
    evaluation: &Evaluation,
    view: &EvaluationView,
    before: Option<&Written>,
) -> ScaledWorkloadStatus {
    let conditions = conditions(evaluation);
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
    let mut status = ScaledWorkloadStatus {
        governor: Some(view.governance.governor.clone()),
        policy: policy(evaluation, view),
        confidence_percent: evaluation.confidence.map(whole_percent),
        containers: evaluation
            .containers
            .iter()
            .filter_map(|it| container(it, before.and_then(|before| before.recommended(&it.name))))
            .collect(),
        applied: Some(AppliedStatus {
            pods: count(evaluation.applied.pods),
            of: count(evaluation.applied.of),
        }),
        decision: ready.map(|ready| DecisionStatus {
            verdict: verdict(&evaluation.decision.running).to_owned(),
            reason: ready.reason.clone(),
            message: ready.message.clone(),
        }),
        ..ScaledWorkloadStatus::default()
    };
    state_to_status(&evaluation.state, &mut status);
    let conditions = conditions.into_iter();
    status.conditions = conditions.map(|view| condition(view, evaluation.at, before)).collect();
    status
}

/// The policy the workload was given, if any, and whether it is sized; none while what was written
/// cannot be read.
fn policy(evaluation: &Evaluation, view: &EvaluationView) -> Option<PolicyStatus> {
    let Configured::Policy(policy) = &evaluation.configuration.configured else {
        return None;
    };
    let mode = &policy.vertical.mode;
    Some(PolicyStatus {
        name: view.governance.policy.clone(),
        why: view.governance.policy_reason.clone(),
        mode: match mode.value {
            Mode::Apply => "Apply",
            Mode::Recommend => "Recommend",
        }
        .to_owned(),
        origin: origin_text(&mode.origin),
    })
}

fn verdict(running: &Running) -> &'static str {
    match running {
        Running::Apply(_) => "Apply",
        Running::Hold(_) => "Hold",
    }
}

fn container(
    container: &ContainerEvaluation,
    before: Option<&Resources>,
) -> Option<ContainerStatus> {
    let recommended = PerResource::from_fn(|resource| match container.estimates.get(resource) {
        Estimate::Known(trail) => rounded(trail.result, resource),
        Estimate::Unknown(_) => before.map(|before| *before.get(resource)).unwrap_or_default(),
    });
    let is_known = recommended != PerResource::default();
    is_known.then(|| ContainerStatus {
        name: container.name.clone(),
        recommended: resources_to_k8s(&recommended),
    })
}

fn rounded(allocation: Allocation, resource: Resource) -> Allocation {
    Allocation {
        request: allocation.request.map(|amount| amount.rounded_up(resource)),
        limit: allocation.limit.map(|amount| amount.rounded_up(resource)),
    }
}

fn condition(view: ConditionView, now: Timestamp, before: Option<&Written>) -> Condition {
    let status = view.status.name();
    let since = before.and_then(|before| before.since(view.type_, status)).unwrap_or(now);
    Condition {
        type_: view.type_.to_owned(),
        status: status.to_owned(),
        reason: view.reason,
        message: view.message,
        last_transition_time: time(since),
        observed_generation: None,
    }
}

fn whole_percent(ratio: Ratio) -> i32 {
    let percent = ratio.percent().clamp(0.0, 100.0);
    (0..=100).rev().find(|whole| f64::from(*whole) <= percent + 1e-9).unwrap_or(0)
}

fn count(pods: u32) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}
