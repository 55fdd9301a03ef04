//! Evaluations made by hand, with numbers that can be checked in the head: three pods use 180m,
//! 220m and 200m of CPU and at most 410Mi of memory.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    Action, Allocation, Amount, Applied, Assigned, AssignedBy, Beaten, Bound, Configuration,
    Configured, ContainerChange, ContainerEvaluation, ContainerPatch, Decision, DecisionState,
    Diagnostic, Direction, Estimate, Evaluation, Gap, Governor, LimitRule, LimitStep, MetricsState,
    Mode, NewPods, Origin, Outcome, OutcomeResult, PerResource, PodChange, Policy, Quantile, Ratio,
    Reason, RecreateCause, ResourcePolicy, Resources, Running, Severity, Sourced, Target,
    Timestamp, Trail, Verdict, VerticalPolicy, WorkloadId, WorkloadKind,
};

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

pub(crate) fn cpu(millicores: u32) -> Amount {
    Amount::from_millicores(millicores)
}

pub(crate) fn memory(mebibytes: u32) -> Amount {
    Amount::from_mebibytes(mebibytes)
}

fn ratio(value: f64) -> Ratio {
    Ratio::new(value).unwrap()
}

fn annotated<T>(value: T) -> Sourced<T> {
    Sourced::new(value, Origin::Annotation)
}

fn both(cpu_request: u32, memory_request: u32) -> Resources {
    PerResource {
        cpu: Allocation { request: Some(cpu(cpu_request)), limit: None },
        memory: Allocation { request: Some(memory(memory_request)), limit: None },
    }
}

fn resource_policy(target: Target, min: Amount) -> ResourcePolicy {
    ResourcePolicy {
        target: Sourced::default_value(target),
        min: Sourced::default_value(Some(Bound::Constant(min))),
        overhead: Sourced::default_value(ratio(0.1)),
        ..ResourcePolicy::resolve(&[])
    }
}

fn p80() -> Target {
    Target::Quantile(Quantile::new(0.8).unwrap())
}

fn policy() -> Policy {
    let web = Origin::ScalingPolicy("web".into());
    let mode = Sourced {
        value: Mode::Apply,
        origin: Origin::Annotation,
        beaten: vec![Beaten { value: Mode::Recommend, origin: web }],
    };
    Policy {
        vertical: VerticalPolicy {
            mode,
            confidence_required: Sourced::new(false, Origin::Flag("confidence-required")),
            ..VerticalPolicy::resolve(&[])
        },
        resources: PerResource {
            cpu: resource_policy(p80(), cpu(10)),
            memory: resource_policy(Target::Max, memory(10)),
        },
        ..Policy::resolve(&[])
    }
}

fn trail(target: Target, base: Amount, result: Amount) -> Trail {
    Trail {
        samples: 8_640,
        pods: 3,
        spread: Some((base, base)),
        look_back: Duration::from_hours(24),
        coverage: Ratio::ONE,
        target: Sourced::default_value(target),
        base,
        overhead: Sourced::default_value(ratio(0.1)),
        with_overhead: base.raised(ratio(0.1)),
        oom_floor: None,
        constraint: None,
        judgement: None,
        foreseen: None,
        limit: LimitStep {
            rule: Sourced::default_value(LimitRule::Automatic),
            original: None,
            value: None,
        },
        result: Allocation { request: Some(result), limit: None },
    }
}

fn verdict(current: Amount, reachable: Amount, difference: f64, threshold: f64) -> Verdict {
    Verdict {
        current: Some(current),
        reachable: Some(reachable),
        difference: Some(ratio(difference)),
        direction: Direction::Down,
        threshold: ratio(threshold),
        passed: difference > threshold,
        gaps: Vec::new(),
    }
}

fn pod_change(pod: &str) -> PodChange {
    PodChange {
        pod: pod.to_owned(),
        uid: format!("uid-{pod}").into(),
        containers: vec![ContainerChange {
            container: "app".to_owned(),
            from: both(1000, 1024),
            to: both(220, 451),
        }],
    }
}

fn web() -> WorkloadId {
    WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: "web".into() }
}

/// Three pods are resized from 1 CPU and 1 GiB.
pub(crate) fn applied() -> Evaluation {
    let changes: Vec<PodChange> = ["web-a", "web-b", "web-c"].map(pod_change).into();
    let outcome = |pod: &str| Outcome {
        workload: web(),
        pod: pod.to_owned(),
        at: NOON,
        result: OutcomeResult::Accepted,
    };
    Evaluation {
        workload: web(),
        at: NOON,
        configuration: Arc::new(Configuration {
            configured: Configured::Policy(Box::new(policy())),
            governor: Governor::Annotation,
            assigned: Some(Assigned { name: "web".into(), why: AssignedBy::Rule(2) }),
            overruled: vec![Governor::TargetByName("web".into()), Governor::ScaledWorkload],
            remarks: vec![Diagnostic {
                severity: Severity::Warning,
                origin: Origin::Annotation,
                field: "horizontal".to_owned(),
                line: Some(4),
                column: Some(1),
                message: "not in effect yet".to_owned(),
            }],
        }),
        metrics: MetricsState::Available,
        confidence: Some(Ratio::ONE),
        containers: vec![ContainerEvaluation {
            name: "app".to_owned(),
            original: both(1000, 1024),
            estimates: PerResource {
                cpu: Estimate::Known(Box::new(trail(p80(), cpu(200), cpu(220)))),
                memory: Estimate::Known(Box::new(trail(Target::Max, memory(410), memory(451)))),
            },
            verdicts: PerResource {
                cpu: Some(verdict(cpu(1000), cpu(220), 780.0 / 220.0, 0.25)),
                memory: Some(verdict(memory(1024), memory(451), 573.0 / 451.0, 0.25)),
            },
        }],
        decision: Decision {
            running: Running::Apply(Action {
                workload: web(),
                values: vec![("app".to_owned(), both(220, 451))],
                changes,
                waiting_for_budget: 2,
            }),
            new_pods: NewPods::Patch(vec![ContainerPatch {
                container: "app".to_owned(),
                resources: both(220, 451),
            }]),
        },
        applied: Applied { pods: 0, of: 5 },
        state: DecisionState::default(),
        outcomes: ["web-a", "web-b", "web-c"].map(outcome).into(),
    }
}

/// Memory after a kill, held by `max`; the limit cannot be removed in place; nothing is changed.
pub(crate) fn held() -> Evaluation {
    let mut evaluation = applied();
    let container = &mut evaluation.containers[0];
    if let Estimate::Known(trail) = &mut container.estimates.memory {
        trail.oom_floor = Some(memory(615));
        trail.constraint = Some(plimsoll_domain::Constraint::Max(annotated(memory(600))));
        trail.result.request = Some(memory(600));
        trail.base = Amount::new(430_000_001.0).unwrap();
        trail.with_overhead = trail.base.raised(ratio(0.1));
    }
    container.verdicts.cpu = Some(Verdict {
        direction: Direction::Same,
        difference: None,
        ..verdict(cpu(220), cpu(220), 0.0, 0.41)
    });
    container.verdicts.memory = Some(Verdict {
        direction: Direction::Up,
        gaps: vec![Reason::NeedsRecreate(RecreateCause::LimitRemoval)],
        ..verdict(memory(512), memory(600), 88.0 / 512.0, 1.0 / 3.0)
    });
    evaluation.decision.running = Running::Hold(Reason::BelowThreshold {
        difference: ratio(88.0 / 512.0),
        threshold: ratio(1.0 / 3.0),
    });
    evaluation.outcomes.clear();
    evaluation
}

/// The annotation cannot be read and usage neither.
pub(crate) fn unreadable() -> Evaluation {
    let mut evaluation = applied();
    let diagnostic = Diagnostic {
        severity: Severity::Error,
        origin: Origin::Annotation,
        field: String::new(),
        line: Some(3),
        column: Some(1),
        message: "found a tab, expected spaces as indentation".to_owned(),
    };
    let since = NOON.minus(Duration::from_mins(10));
    let reason = Reason::ConfigurationInvalid { diagnostic: diagnostic.to_string() };
    evaluation.configuration = Arc::new(Configuration {
        configured: Configured::Unreadable(diagnostic),
        governor: Governor::Annotation,
        assigned: None,
        overruled: Vec::new(),
        remarks: Vec::new(),
    });
    evaluation.metrics = MetricsState::Unavailable { since };
    evaluation.confidence = None;
    let container = &mut evaluation.containers[0];
    let gap = Gap { samples: 4, needed: 10, startup: Duration::from_mins(2) };
    container.estimates = PerResource {
        cpu: Estimate::Unknown(Reason::InsufficientHistory(gap)),
        memory: Estimate::Unknown(Reason::MetricsUnavailable { since }),
    };
    container.verdicts = PerResource::default();
    evaluation.decision =
        Decision { running: Running::Hold(reason.clone()), new_pods: NewPods::Untouched(reason) };
    evaluation.applied = Applied { pods: 0, of: 3 };
    evaluation.outcomes.clear();
    evaluation
}
