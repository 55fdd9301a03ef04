//! Keeps one workload's defect from stopping the others: a panic becomes a hold.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll_domain::{
    Applied, Decision, Evaluation, MetricsState, NewPods, Reason, Running, Timestamp, Workload,
};

/// Runs one evaluation; if it panics, holds the workload with [`Reason::Internal`].
pub(crate) fn isolated(
    workload: &Workload,
    now: Timestamp,
    evaluate: impl FnOnce() -> Evaluation,
) -> Evaluation {
    catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|_| {
        tracing::error!(workload = %workload.id, "Evaluation panicked, workload held");
        held(workload, now)
    })
}

fn held(workload: &Workload, now: Timestamp) -> Evaluation {
    Evaluation {
        workload: workload.id.clone(),
        at: now,
        configuration: workload.configuration.clone(),
        metrics: MetricsState::Available,
        confidence: None,
        containers: Vec::new(),
        decision: Decision {
            running: Running::Hold(Reason::Internal),
            new_pods: NewPods::Untouched(Reason::Internal),
        },
        applied: Applied::default(),
        state: workload.state.clone(),
        outcomes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plimsoll_domain::{
        Configuration, Configured, DecisionState, Diagnostic, Governor, Origin, PerResource,
        Rollout, Severity, WorkloadId, WorkloadKind,
    };

    use super::*;

    #[test]
    fn a_panic_holds_its_own_workload_and_nothing_else() {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            origin: Origin::Annotation,
            field: String::new(),
            line: None,
            column: None,
            message: String::new(),
        };
        let id = WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: "web".into(),
        };
        let workload = Workload {
            id,
            api_version: String::new(),
            uid: String::new(),
            containers: Vec::new(),
            pods: Vec::new(),
            desired_replicas: None,
            rollout: Rollout::Settled,
            configuration: Arc::new(Configuration {
                configured: Configured::Unreadable(diagnostic),
                governor: Governor::Annotation,
                assigned: None,
                overruled: Vec::new(),
                remarks: Vec::new(),
            }),
            excludes_its_like: false,
            opt_out: None,
            foreign_actuator: None,
            hpa_on: PerResource::default(),
            state: DecisionState { moves: 3, ..DecisionState::default() },
        };
        let now = Timestamp::from_seconds(1);
        let evaluation = isolated(&workload, now, || panic!("a defect"));
        assert_eq!(evaluation.decision.running, Running::Hold(Reason::Internal));
        assert_eq!(evaluation.state, workload.state);
    }
}
