//! From an evaluation to its view: the only place where one becomes the other.

use plimsoll_domain::{
    Action, Allocation, Amount, Assigned, AssignedBy, Configuration, Configured, Constraint,
    ContainerEvaluation, ContainerPatch, Decision, Diagnostic, Direction, Estimate, Evaluation,
    Governor, MetricsState, NewPods, Outcome, OutcomeResult, PodChange, Ratio, Reason, Resource,
    Resources, Running, Severity, Trail, Verdict, VerticalPolicy, WorkloadId,
};

use crate::foreseen::foreseen;
use crate::judgement::judgement;
use crate::quantity::{format_amount, format_step};
use crate::sentence::sentence;
use crate::settings::{limit_rule, settings, target};
use crate::time::{format_duration, format_time};
use crate::view::{
    AllocationView, AppliedView, BoundView, ComparisonView, ContainerValuesView, ContainerView,
    DecisionView, DiagnosticView, EvaluationView, FailureView, GovernanceView, LISTED_MAX,
    NewPodsView, OutcomesView, PodChangeView, ReasonView, ResourceView, RunningView, SpreadView,
    StepsView, WorkloadView,
};

impl From<&Evaluation> for EvaluationView {
    fn from(evaluation: &Evaluation) -> Self {
        let configuration = &evaluation.configuration;
        let (settings, configuration_error) = match &configuration.configured {
            Configured::Policy(policy) => (settings(policy), None),
            Configured::Unreadable(diagnostic) => (Vec::new(), Some(diagnostic.into())),
        };
        Self {
            workload: (&evaluation.workload).into(),
            at: format_time(evaluation.at),
            decision: (&evaluation.decision).into(),
            applied: AppliedView { pods: evaluation.applied.pods, of: evaluation.applied.of },
            confidence_percent: evaluation.confidence.map(percent),
            required_confidence_percent: match &configuration.configured {
                Configured::Policy(policy) => {
                    let VerticalPolicy { confidence_required, confidence_threshold, .. } =
                        &policy.vertical;
                    confidence_required.value.then(|| percent(confidence_threshold.value))
                }
                Configured::Unreadable(_) => None,
            },
            metrics_unavailable_since: match evaluation.metrics {
                MetricsState::Available => None,
                MetricsState::Unavailable { since } => Some(format_time(since)),
            },
            containers: evaluation.containers.iter().map(Into::into).collect(),
            governance: configuration.as_ref().into(),
            settings,
            configuration_error,
            remarks: configuration.remarks.iter().map(Into::into).collect(),
            last_move_at: evaluation.state.last_move.as_ref().map(|last| format_time(last.at)),
            moves: evaluation.state.moves,
            outcomes: outcomes(&evaluation.outcomes),
        }
    }
}

impl From<&WorkloadId> for WorkloadView {
    fn from(id: &WorkloadId) -> Self {
        Self {
            namespace: id.namespace.to_string(),
            kind: id.kind.name().to_owned(),
            name: id.name.to_string(),
        }
    }
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        Self { code: reason.code().to_owned(), message: sentence(reason) }
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            }
            .to_owned(),
            field: diagnostic.field.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
            message: diagnostic.message.clone(),
            text: diagnostic.to_string(),
        }
    }
}

impl From<&Configuration> for GovernanceView {
    fn from(configuration: &Configuration) -> Self {
        Self {
            governor: governor(&configuration.governor),
            policy: configuration.assigned.as_ref().map(|assigned| assigned.name.to_string()),
            policy_reason: configuration.assigned.as_ref().map(assigned_by),
            overruled: configuration.overruled.iter().map(governor).collect(),
        }
    }
}

impl From<&Decision> for DecisionView {
    fn from(decision: &Decision) -> Self {
        let running = match &decision.running {
            Running::Apply(action) => apply(action),
            Running::Hold(reason) => RunningView::Hold { reason: reason.into() },
        };
        let new_pods = match &decision.new_pods {
            NewPods::Patch(patches) => {
                NewPodsView::Patch { containers: patches.iter().map(Into::into).collect() }
            }
            NewPods::Untouched(reason) => NewPodsView::Untouched { reason: reason.into() },
        };
        Self { running, new_pods }
    }
}

impl From<&ContainerPatch> for ContainerValuesView {
    fn from(patch: &ContainerPatch) -> Self {
        values(&patch.container, &patch.resources)
    }
}

impl From<&ContainerEvaluation> for ContainerView {
    fn from(container: &ContainerEvaluation) -> Self {
        Self {
            name: container.name.clone(),
            cpu: resource_view(container, Resource::Cpu),
            memory: resource_view(container, Resource::Memory),
        }
    }
}

/// Who governs a workload, as every output says it.
pub fn governor(governor: &Governor) -> String {
    match governor {
        Governor::Annotation => "annotation".to_owned(),
        Governor::DaemonSetAutoscaler(name) => format!("DaemonSetAutoscaler {name}"),
        Governor::TargetByName(name) => format!("AIScaleTarget {name}"),
        Governor::TargetBySelector(name) => format!("AIScaleTarget {name} (by selector)"),
        Governor::TargetFromTemplate(name) => format!("AIScaleTarget {name} (from a template)"),
        Governor::ScaledWorkload => "ScaledWorkload".to_owned(),
        Governor::ScalingPolicy => "ScalingPolicy".to_owned(),
    }
}

/// Why a workload has its policy, as every output says it.
pub fn assigned_by(assigned: &Assigned) -> String {
    match &assigned.why {
        AssignedBy::Name => "it is named".to_owned(),
        AssignedBy::Rule(number) => format!("its assignment rule {number} matches"),
        AssignedBy::Default => "no rule matches, and it is the default".to_owned(),
        AssignedBy::Kind => "no rule matches, and it is for workloads of this kind".to_owned(),
        AssignedBy::UnknownName(name) => {
            format!("there is no policy {name}, and it is for workloads of this kind")
        }
    }
}

fn apply(action: &Action) -> RunningView {
    RunningView::Apply {
        pods: count(action.changes.len()),
        changes: action.changes.iter().take(LISTED_MAX).map(pod_change).collect(),
        waiting_for_budget: action.waiting_for_budget,
    }
}

fn pod_change(change: &PodChange) -> PodChangeView {
    let containers = || change.containers.iter();
    PodChangeView {
        pod: change.pod.clone(),
        from: containers().map(|c| values(&c.container, &c.from)).collect(),
        to: containers().map(|c| values(&c.container, &c.to)).collect(),
    }
}

fn values(container: &str, resources: &Resources) -> ContainerValuesView {
    ContainerValuesView {
        container: container.to_owned(),
        cpu: allocation(Resource::Cpu, &resources.cpu),
        memory: allocation(Resource::Memory, &resources.memory),
    }
}

fn allocation(resource: Resource, allocation: &Allocation) -> AllocationView {
    AllocationView {
        request: allocation.request.map(|amount| format_amount(resource, amount)),
        limit: allocation.limit.map(|amount| format_amount(resource, amount)),
    }
}

fn resource_view(container: &ContainerEvaluation, resource: Resource) -> ResourceView {
    let original = allocation(resource, container.original.get(resource));
    let comparison = container.verdicts.get(resource).as_ref();
    let (recommended, steps, unknown) = match container.estimates.get(resource) {
        Estimate::Known(trail) => {
            (Some(allocation(resource, &trail.result)), Some(steps(resource, trail)), None)
        }
        Estimate::Unknown(reason) => (None, None, Some(reason.into())),
    };
    ResourceView {
        original,
        recommended,
        steps,
        unknown,
        comparison: comparison.map(|verdict| compare(resource, verdict)),
    }
}

fn steps(resource: Resource, trail: &Trail) -> StepsView {
    StepsView {
        samples: trail.samples,
        pods: trail.pods,
        spread: trail.spread.map(|spread| self::spread(resource, spread)),
        look_back: format_duration(trail.look_back),
        coverage_percent: percent(trail.coverage),
        target: target(trail.target.value),
        base: format_step(resource, trail.base),
        overhead_percent: percent(trail.overhead.value),
        with_overhead: format_step(resource, trail.with_overhead),
        oom_floor: trail.oom_floor.map(|floor| format_step(resource, floor)),
        bound: trail.constraint.as_ref().map(|constraint| bound(resource, constraint)),
        judgement: trail.judgement.as_ref().map(judgement),
        forecast: trail.foreseen.as_ref().map(|one| foreseen(resource, one)),
        limit_rule: limit_rule(trail.limit.rule.value),
    }
}

fn spread(resource: Resource, (least, greatest): (Amount, Amount)) -> SpreadView {
    SpreadView {
        least: format_step(resource, least),
        greatest: format_step(resource, greatest),
        ratio: greatest.relative_excess(least).map(|excess| 1.0 + excess.value()),
    }
}

fn bound(resource: Resource, constraint: &Constraint) -> BoundView {
    let (name, value) = match constraint {
        Constraint::Min(min) => ("min", min.value),
        Constraint::Max(max) => ("max", max.value),
        Constraint::Limit(limit) => ("limit", *limit),
        Constraint::Leak(most) => ("leak", *most),
    };
    BoundView { name: name.to_owned(), value: format_amount(resource, value) }
}

fn compare(resource: Resource, verdict: &Verdict) -> ComparisonView {
    let change = match (verdict.current, verdict.reachable) {
        (Some(current), Some(reachable)) => reachable.relative_excess(current),
        _ => None,
    };
    ComparisonView {
        current: verdict.current.map(|amount| format_amount(resource, amount)),
        reachable: verdict.reachable.map(|amount| format_amount(resource, amount)),
        direction: match verdict.direction {
            Direction::Up => "Up",
            Direction::Down => "Down",
            Direction::Same => "Same",
        }
        .to_owned(),
        change_percent: change.map(percent),
        difference_percent: verdict.difference.map(percent),
        threshold_percent: percent(verdict.threshold),
        passed: verdict.passed,
        gaps: verdict.gaps.iter().map(Into::into).collect(),
    }
}

fn outcomes(outcomes: &[Outcome]) -> Option<OutcomesView> {
    if outcomes.is_empty() {
        return None;
    }
    let mut view = OutcomesView::default();
    for outcome in outcomes {
        match &outcome.result {
            OutcomeResult::Accepted => view.accepted += 1,
            OutcomeResult::DryRun => view.dry_run += 1,
            OutcomeResult::Gone => view.gone += 1,
            OutcomeResult::Refused { message } | OutcomeResult::Failed { message } => {
                view.failed += 1;
                if view.failures.len() < LISTED_MAX {
                    view.failures
                        .push(FailureView { pod: outcome.pod.clone(), message: message.clone() });
                }
            }
        }
    }
    Some(view)
}

/// A hundred times the ratio, rounded to a tenth.
fn percent(ratio: Ratio) -> f64 {
    (ratio.percent() * 10.0).round() / 10.0
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
