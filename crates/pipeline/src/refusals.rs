//! Remembers which pods' changes were refused, so that the same change is not sent every tick.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    ContainerChange, Evaluation, Outcome, OutcomeResult, PodChange, Reason, Running, Timestamp,
};

/// How long a refused change is not tried again: as long as the cooldown after a change that was
/// made, so that a refused pod costs no more API calls than a changed one.
const RETRY_AFTER: Duration = Duration::from_mins(30);

/// How long a change that failed without an answer is not tried again: long enough for others to
/// have the budget at least every second tick.
const RETRY_FAILED_AFTER: Duration = Duration::from_mins(2);

/// Changes that were refused or failed, by the uid of the pod.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    by_pod: BTreeMap<Arc<str>, Refusal>,
}

#[derive(Debug)]
struct Refusal {
    wanted: Vec<ContainerChange>,
    message: String,
    retry_at: Timestamp,
}

impl Refusals {
    /// Takes changes that were refused lately out of the decisions.
    pub(crate) fn withhold(&mut self, evaluations: &mut [Evaluation], now: Timestamp) {
        self.by_pod.retain(|_, refusal| refusal.retry_at > now);
        for evaluation in evaluations {
            let Running::Apply(action) = &mut evaluation.decision.running else {
                continue;
            };
            let first = action.changes.iter().find_map(|change| self.refused(change));
            let reason =
                first.map(|refusal| Reason::ResizeRefused { message: refusal.message.clone() });
            action.changes.retain(|change| self.refused(change).is_none());
            if let (Some(reason), true) = (reason, action.changes.is_empty()) {
                evaluation.decision.running = Running::Hold(reason);
            }
        }
    }

    /// Notes what came of one pod's change.
    pub(crate) fn note(&mut self, change: &PodChange, outcome: &Outcome, now: Timestamp) {
        let (message, wait) = match &outcome.result {
            OutcomeResult::Refused { message } => (message, RETRY_AFTER),
            OutcomeResult::Failed { message } => (message, RETRY_FAILED_AFTER),
            OutcomeResult::Accepted | OutcomeResult::DryRun | OutcomeResult::Gone => return,
        };
        let refusal = Refusal {
            wanted: change.containers.clone(),
            message: message.clone(),
            retry_at: now.plus(wait),
        };
        self.by_pod.insert(Arc::clone(&change.uid), refusal);
    }

    fn refused(&self, change: &PodChange) -> Option<&Refusal> {
        self.by_pod.get(&change.uid).filter(|refusal| refusal.wanted == change.containers)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{Allocation, Amount, Resources};

    use super::*;

    fn change(millicores: u32) -> PodChange {
        let request = Some(Amount::from_millicores(millicores));
        let to = Resources { cpu: Allocation { request, limit: None }, ..Resources::default() };
        let from = Resources::default();
        let containers = vec![ContainerChange { container: "app".into(), from, to }];
        PodChange { pod: "web-1".into(), uid: "uid-1".into(), containers }
    }

    fn refused() -> OutcomeResult {
        OutcomeResult::Refused { message: "no".into() }
    }

    fn check(result: OutcomeResult, wanted: &PodChange, after: Duration, expect_refused: bool) {
        let start = Timestamp::from_seconds(0);
        let mut refusals = Refusals::default();
        let outcome = Outcome {
            workload: plimsoll_domain::WorkloadId {
                namespace: "shop".into(),
                kind: plimsoll_domain::WorkloadKind::Deployment,
                name: "web".into(),
            },
            pod: "web-1".into(),
            at: start,
            result,
        };
        refusals.note(&change(100), &outcome, start);
        refusals.withhold(&mut [], start.plus(after));
        assert_eq!(refusals.refused(wanted).is_some(), expect_refused);
    }

    #[test]
    fn the_same_change_waits_half_an_hour_and_another_one_does_not() {
        check(refused(), &change(100), Duration::from_mins(29), true);
        check(refused(), &change(100), Duration::from_mins(30), false);
        check(refused(), &change(200), Duration::from_mins(1), false);
    }

    #[test]
    fn a_change_without_an_answer_lets_others_go_first() {
        let failed = || OutcomeResult::Failed { message: "no answer".into() };
        check(failed(), &change(100), Duration::from_mins(1), true);
        check(failed(), &change(100), Duration::from_mins(2), false);
    }
}
