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
    /// When each pod of the last minute was changed; never longer than `pods_per_minute`.
    changes: VecDeque<Timestamp>,
}

impl ChangeBudget {
    /// A budget of so many pods in any minute.
    pub fn new(pods_per_minute: u32) -> Self {
        Self { pods_per_minute, changes: VecDeque::new() }
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
}
