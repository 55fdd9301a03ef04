//! Remembers which pods' changes were refused, so that the same change is not sent every tick.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{
    ContainerChange, Evaluation, Outcome, OutcomeResult, PodChange, Reason, Running, Timestamp,
};

/// How long a refused change is not tried again: as long as the cooldown after a change that was
/// made, so that a refused pod costs no more API calls than a changed one.
const RETRY_AFTER: Duration = Duration::from_mins(30);

/// Changes that were refused, by the uid of the pod.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    by_pod: BTreeMap<String, Refusal>,
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
        if let OutcomeResult::Refused { message } = &outcome.result {
            let refusal = Refusal {
                wanted: change.containers.clone(),
                message: message.clone(),
                retry_at: now.plus(RETRY_AFTER),
            };
            self.by_pod.insert(change.uid.clone(), refusal);
        }
    }

    fn refused(&self, change: &PodChange) -> Option<&Refusal> {
        self.by_pod.get(&change.uid).filter(|refusal| refusal.wanted == change.containers)
    }
}
