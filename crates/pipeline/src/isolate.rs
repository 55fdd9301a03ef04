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
