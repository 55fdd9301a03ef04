//! Whether a workload is replacing its pods: for each kind, the rule that `kubectl rollout status`
//! goes by, except that pods of the new revision need not be available. A pod that crashes after
//! the last old one is gone is no rollout any more, and must not keep its own cure away.

use plimsoll_domain::Rollout;

/// What a workload's spec and status say about its revision.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Revision {
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// `status.observedGeneration`.
    pub observed_generation: Option<i64>,
    /// Pods wanted.
    pub desired: i32,
    /// Pods of the present revision.
    pub updated: i32,
    /// Those of them that are available, as far as the status can tell.
    pub available: i32,
    /// Pods of other revisions that still exist.
    pub outdated: i32,
}

impl Revision {
    /// The state of the rollout.
    pub(crate) fn rollout(self) -> Rollout {
        let is_unobserved = match (self.generation, self.observed_generation) {
            (Some(generation), Some(observed)) => observed < generation,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !is_unobserved && self.updated >= self.desired && self.outdated <= 0 {
            return Rollout::Settled;
        }
        Rollout::InProgress {
            updated: count(self.available.min(self.updated)),
            desired: count(self.desired),
        }
    }
}

/// A number of pods; what is below zero is none.
pub(crate) fn count(pods: i32) -> u32 {
    u32::try_from(pods).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `generation/observed desired updated available outdated`.
    fn check(revision: &str, expect: &str) {
        let (generations, pods) = revision.split_once(' ').unwrap();
        let (generation, observed) = generations.split_once('/').unwrap();
        let pods: Vec<i32> = pods.split(' ').map(|number| number.parse().unwrap()).collect();
        let rollout = Revision {
            generation: generation.parse().ok(),
            observed_generation: observed.parse().ok(),
            desired: pods[0],
            updated: pods[1],
            available: pods[2],
            outdated: pods[3],
        }
        .rollout();
        let rollout = match rollout {
            Rollout::Settled => "settled".to_owned(),
            Rollout::InProgress { updated, desired } => format!("{updated} of {desired}"),
        };
        assert_eq!(rollout, expect, "{revision}");
    }

    #[test]
    fn a_spec_the_controller_has_not_seen_is_a_rollout() {
        check("2/1 3 3 3 0", "3 of 3");
        check("1/- 3 0 0 0", "0 of 3");
        check("2/2 3 3 3 0", "settled");
    }

    #[test]
    fn old_pods_and_missing_new_ones_are_a_rollout() {
        check("2/2 3 1 1 2", "1 of 3");
        check("2/2 3 3 2 1", "2 of 3");
        check("2/2 3 2 2 0", "2 of 3");
    }

    #[test]
    fn a_new_pod_that_crashes_after_the_old_ones_are_gone_is_none() {
        check("2/2 3 3 0 0", "settled");
        check("2/2 0 0 0 0", "settled");
    }
}
