//! The cluster-wide budget of changed pods: at most so many in any minute.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_domain::Timestamp;
use plimsoll_engine::Budget;

/// The window the budget is counted over.
const WINDOW: Duration = Duration::from_mins(1);

/// How many pods were changed lately, and how many may be.
#[derive(Clone, Debug)]
pub struct ChangeBudget {
    pods_per_minute: u32,
    /// When each pod of the last minute was changed, the earliest first. By this process never more
    /// than `pods_per_minute`; a start with a smaller budget may recall more.
    changes: VecDeque<Timestamp>,
}

impl ChangeBudget {
    /// A budget of so many pods in any minute.
    pub fn new(pods_per_minute: u32) -> Self {
        Self { pods_per_minute, changes: VecDeque::new() }
    }

    /// Counts pods that were changed before this process had the lead, so that neither a restart nor
    /// a take-over makes a second budget of the same minute. A time that is ahead of this clock is
    /// the present.
    pub(crate) fn recall(&mut self, changes: impl Iterator<Item = Timestamp>, now: Timestamp) {
        let changes = changes.map(|at| at.min(now));
        let mut changes: Vec<_> = changes.filter(|&at| now.since(at) < WINDOW).collect();
        changes.sort_unstable();
        self.changes = changes.into();
    }

    /// What is left of it now.
    pub(crate) fn left(&mut self, now: Timestamp) -> Budget {
        while self.changes.front().is_some_and(|&at| now.since(at) >= WINDOW) {
            self.changes.pop_front();
        }
        let used = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        Budget {
            pods_left: self.pods_per_minute.saturating_sub(used),
            pods_per_minute: self.pods_per_minute,
        }
    }

    /// Counts one changed pod.
    pub(crate) fn spend(&mut self, now: Timestamp) {
        self.changes.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_counts_for_a_minute_and_no_longer() {
        let at = Timestamp::from_seconds;
        let mut budget = ChangeBudget::new(2);
        budget.spend(at(0));
        budget.spend(at(30));
        assert_eq!(budget.left(at(59)).pods_left, 0);
        assert_eq!(budget.left(at(60)).pods_left, 1);
        assert_eq!(budget.left(at(90)).pods_left, 2);
    }

    #[test]
    fn what_was_changed_before_a_start_counts_as_long() {
        let at = Timestamp::from_seconds;
        let mut budget = ChangeBudget::new(3);
        budget.recall([50, 130, 0, 90].into_iter().map(at), at(100));
        assert_eq!(budget.left(at(100)).pods_left, 0);
        assert_eq!(budget.left(at(110)).pods_left, 1);
        assert_eq!(budget.left(at(150)).pods_left, 2);
        assert_eq!(budget.left(at(160)).pods_left, 3);
    }

    #[test]
    fn a_smaller_budget_than_before_a_start_is_spent() {
        let at = Timestamp::from_seconds;
        let mut budget = ChangeBudget::new(1);
        budget.recall([1, 2, 3].into_iter().map(at), at(4));
        assert_eq!(budget.left(at(4)).pods_left, 0);
    }
}
