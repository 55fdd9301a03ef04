//! Runs: the last pods that came and went.

use plimsoll_domain::Timestamp;

/// Pods gone that are remembered: three runs are as sure as a job can be.
pub const MAX_RUNS: usize = 3;

/// When each of the last pods that are gone was last seen, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Runs([Option<Timestamp>; MAX_RUNS]);

impl Runs {
    /// From the moments, newest first and without a gap; `None` otherwise.
    pub(crate) fn from_moments(moments: [Option<Timestamp>; MAX_RUNS]) -> Option<Self> {
        moments.is_sorted_by(|newer, older| newer >= older).then_some(Self(moments))
    }

    /// The moments, newest first.
    pub(crate) fn moments(&self) -> [Option<Timestamp>; MAX_RUNS] {
        self.0
    }

    /// A pod that was last seen then is gone. Any order of pods ends in the same state.
    pub(crate) fn end(&mut self, last_seen: Timestamp) {
        let mut pushed = Some(last_seen);
        for moment in &mut self.0 {
            if *moment < pushed {
                std::mem::swap(moment, &mut pushed);
            }
        }
    }

    /// How many were seen after `from`.
    pub(crate) fn since(&self, from: Timestamp) -> usize {
        self.0.iter().flatten().filter(|last_seen| **last_seen > from).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends pods that were last seen at these seconds; expects how many are known after a second.
    fn check(ended: &[i64], after: i64, expect: usize) {
        let mut runs = Runs::default();
        for second in ended {
            runs.end(Timestamp::from_seconds(*second));
        }
        assert_eq!(runs.since(Timestamp::from_seconds(after)), expect, "{runs:?}");
        assert_eq!(Runs::from_moments(runs.moments()), Some(runs));
    }

    #[test]
    fn the_newest_three_are_remembered_in_any_order() {
        check(&[], 0, 0);
        check(&[10, 20], 0, 2);
        check(&[10, 20], 10, 1);
        check(&[10, 20, 30, 40], 0, 3);
        check(&[40, 10, 30, 20], 15, 3);
        check(&[40, 10, 30, 20], 20, 2);
        check(&[10, 10, 10, 10], 0, 3);
    }

    #[test]
    fn moments_out_of_order_are_refused() {
        let at = |second| Some(Timestamp::from_seconds(second));
        assert_eq!(Runs::from_moments([at(1), at(2), None]), None);
        assert_eq!(Runs::from_moments([None, at(2), None]), None);
    }
}
