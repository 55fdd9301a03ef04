//! From an evaluation to its view: the only place where one becomes the other.

use plimsoll_domain::{
    Action, Allocation, Amount, ApplyType, Configured, Constraint, ContainerEvaluation,
    ContainerPatch, Decision, Diagnostic, Direction, Estimate, Evaluation, LimitRule, MetricsState,
    Mode, NewPods, Origin, Outcome, OutcomeResult, PodChange, Policy, Ratio, Reason, Resource,
    ResourcePolicy, Resources, Running, Sourced, Target, Threshold, Trail, Verdict, WorkloadId,
};

use crate::quantity::{format_amount, format_step};
use crate::sentence::sentence;
use crate::time::{format_duration, format_time};
use crate::view::{
    AllocationView, AppliedView, BoundView, ComparisonView, ContainerValuesView, ContainerView,
    DecisionView, DiagnosticView, EvaluationView, FailureView, LISTED_MAX, NewPodsView,
    OutcomesView, PodChangeView, ReasonView, ResourceSettingsView, ResourceView, RunningView,
    SettingView, SettingsView, StepsView, WorkloadView,
};

impl From<&Evaluation> for EvaluationView {
    fn from(evaluation: &Evaluation) -> Self {
        let configuration = &evaluation.configuration;
        let (settings, configuration_error) = match &configuration.configured {
            Configured::Policy(policy) => (Some(settings(policy)), None),
            Configured::Unreadable(diagnostic) => (None, Some(diagnostic.into())),
        };
        Self {
            workload: (&evaluation.workload).into(),
            at: format_time(evaluation.at),
            decision: (&evaluation.decision).into(),
            applied: AppliedView { pods: evaluation.applied.pods, of: evaluation.applied.of },
            confidence_percent: evaluation.confidence.map(percent),
            metrics_unavailable_since: match evaluation.metrics {
                MetricsState::Available => None,
                MetricsState::Unavailable { since } => Some(format_time(since)),
            },
            containers: evaluation.containers.iter().map(Into::into).collect(),
            settings,
            configuration_error,
            warnings: configuration.warnings.iter().map(Into::into).collect(),
            last_move_at: evaluation.state.last_move.as_ref().map(|last| format_time(last.at)),
            moves: evaluation.state.moves,
            outcomes: outcomes(&evaluation.outcomes),
        }
    }
}

impl From<&WorkloadId> for WorkloadView {
    fn from(id: &WorkloadId) -> Self {
        Self {
            namespace: id.namespace.clone(),
            kind: id.kind.name().to_owned(),
            name: id.name.clone(),
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
            field: diagnostic.field.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
            message: diagnostic.message.clone(),
            text: diagnostic.to_string(),
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
        look_back: format_duration(trail.look_back),
        coverage_percent: percent(trail.coverage),
        target: target(trail.target.value),
        base: format_step(resource, trail.base),
        overhead_percent: percent(trail.overhead.value),
        with_overhead: format_step(resource, trail.with_overhead),
        oom_floor: trail.oom_floor.map(|floor| format_step(resource, floor)),
        bound: trail.constraint.as_ref().map(|constraint| bound(resource, constraint)),
        limit_rule: limit_rule(trail.limit.rule.value),
    }
}

fn bound(resource: Resource, constraint: &Constraint) -> BoundView {
    let (name, value) = match constraint {
        Constraint::Min(min) => ("min", min.value),
        Constraint::Max(max) => ("max", max.value),
        Constraint::Limit(limit) => ("limit", *limit),
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

fn settings(policy: &Policy) -> SettingsView {
    let Policy { mode, apply_type, startup, confidence, resources } = policy;
    SettingsView {
        mode: setting(mode, |mode| {
            match mode {
                Mode::Apply => "Apply",
                Mode::Recommend => "Recommend",
            }
            .to_owned()
        }),
        apply_type: setting(apply_type, |apply_type| {
            match apply_type {
                ApplyType::Immediate => "Immediate",
                ApplyType::Deferred => "Deferred",
            }
            .to_owned()
        }),
        startup: setting(startup, |span| format_duration(*span)),
        confidence_required: setting(&confidence.required, |required| *required),
        confidence_threshold_percent: setting(&confidence.threshold, |ratio| percent(*ratio)),
        cpu: resource_settings(Resource::Cpu, &resources.cpu),
        memory: resource_settings(Resource::Memory, &resources.memory),
    }
}

fn resource_settings(resource: Resource, policy: &ResourcePolicy) -> ResourceSettingsView {
    let bound = |amount: &Option<Amount>| {
        amount.map_or_else(|| "none".to_owned(), |amount| format_amount(resource, amount))
    };
    ResourceSettingsView {
        target: setting(&policy.target, |value| target(*value)),
        look_back: setting(&policy.look_back, |span| format_duration(*span)),
        min: setting(&policy.min, bound),
        max: setting(&policy.max, bound),
        overhead_percent: setting(&policy.overhead, |ratio| percent(*ratio)),
        threshold: setting(&policy.threshold, |value| threshold(resource, *value)),
        limit: setting(&policy.limit, |rule| limit_rule(*rule)),
    }
}

fn setting<T, V>(sourced: &Sourced<T>, show: impl FnOnce(&T) -> V) -> SettingView<V> {
    SettingView {
        value: show(&sourced.value),
        origin: match &sourced.origin {
            Origin::Default => "default".to_owned(),
            Origin::Flag(name) => format!("flag --{}", name.trim_start_matches('-')),
            Origin::Annotation => "annotation".to_owned(),
        },
    }
}

fn target(target: Target) -> String {
    match target {
        Target::Quantile(quantile) => {
            format!("p{}", (quantile.value() * 1_000_000.0).round() / 10_000.0)
        }
        Target::Max => "max".to_owned(),
    }
}

fn threshold(resource: Resource, threshold: Threshold) -> String {
    let unit = match resource {
        Resource::Cpu => "cores",
        Resource::Memory => "GiB",
    };
    match threshold {
        Threshold::Ratio(ratio) => format!("{:.1} %", ratio.percent()),
        Threshold::Adaptive { numerator, denominator, exponent } => {
            let power = if (exponent - 1.0).abs() < f64::EPSILON {
                String::new()
            } else {
                format!("^{exponent}")
            };
            format!("adaptive, {numerator} / (current {unit} + {denominator}){power}")
        }
    }
}

fn limit_rule(rule: LimitRule) -> String {
    match rule {
        LimitRule::Automatic => "automatic".to_owned(),
        LimitRule::None => "none".to_owned(),
        LimitRule::Keep => "keep".to_owned(),
        LimitRule::Multiplier { factor, only_if_original_exists, only_if_original_lower } => {
            let mut text = format!("{} x request", factor.value());
            if only_if_original_exists {
                text.push_str(", if the original exists");
            }
            if only_if_original_lower {
                text.push_str(", if the original is lower");
            }
            text
        }
        LimitRule::MaintainRatio => "original ratio to the request".to_owned(),
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
