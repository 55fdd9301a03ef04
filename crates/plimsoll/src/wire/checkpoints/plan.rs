//! Whose turn it is to be written: at most once an hour each, only what changed, the longest unwritten
//! first.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{Timestamp, WorkloadId};

/// How often a workload is written at most. What is lost by a crash is an hour of some eight days, and
/// a cluster of 7,200 workloads keeps the pace of two writes a second at it.
pub(super) const EVERY: Duration = Duration::from_hours(1);

/// When what could not be written is tried again: a ScaledWorkload that was just made is known within
/// seconds, an API server that restarts is back within minutes.
const RETRY: Duration = Duration::from_mins(1);

/// What is known of the writes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    marks: BTreeMap<WorkloadId, Mark>,
}

/// What is known of the writes of one workload.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// What stands in the cluster.
    stands: Option<Written>,
    /// What is on its way there.
    sent: Option<Written>,
    /// Not tried before.
    not_before: Timestamp,
    /// Whether it was too large, so that it is said once.
    is_too_large: bool,
    is_refused: bool,
}

/// One write.
#[derive(Clone, Copy, Debug)]
struct Written {
    at: Timestamp,
    /// When the workload was last told of by then.
    told: Option<Timestamp>,
}

impl Plan {
    /// What was found in the cluster stands there; whether it was not found before. A clock that was
    /// ahead keeps nothing from its turn.
    pub(super) fn found(
        &mut self,
        id: WorkloadId,
        saved_at: Timestamp,
        told: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let stands = Some(Written { at: saved_at.min(now), told });
        self.marks.insert(id, Mark { stands, ..Mark::default() }).is_none()
    }

    /// Those of these workloads that changed since they were last written and were not written after
    /// `since`, the longest unwritten first; those on their way are left out.
    pub(super) fn due<'a>(
        &self,
        told: &[(&'a WorkloadId, Option<Timestamp>)],
        now: Timestamp,
        since: Timestamp,
    ) -> Vec<&'a WorkloadId> {
        let mut due: Vec<_> = told
            .iter()
            .filter_map(|&(id, told)| {
                let mark = self.marks.get(id).copied().unwrap_or_default();
                let is_news = mark.stands.is_none_or(|stands| stands.told < told);
                let at = mark.stands.map(|stands| stands.at);
                let is_due = is_news && at <= Some(since);
                (is_due && mark.sent.is_none() && mark.not_before <= now).then_some((at, id))
            })
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// It is on its way.
    pub(super) fn sent(&mut self, id: &WorkloadId, at: Timestamp, told: Option<Timestamp>) {
        self.marks.entry(id.clone()).or_default().sent = Some(Written { at, told });
    }

    /// It arrived.
    pub(super) fn arrived(&mut self, id: &WorkloadId) {
        if let Some(mark) = self.marks.get_mut(id) {
            mark.stands = mark.sent.take().or(mark.stands);
            mark.is_too_large = false;
            mark.is_refused = false;
        }
    }

    /// It did not, and is tried again soon.
    pub(super) fn put_off(&mut self, id: &WorkloadId, now: Timestamp) {
        let mark = self.marks.entry(id.clone()).or_default();
        mark.sent = None;
        mark.not_before = now.plus(RETRY);
    }

    /// The same, and not because nobody was there to write or be written about.
    pub(super) fn refused(&mut self, id: &WorkloadId, now: Timestamp) {
        self.put_off(id, now);
        if let Some(mark) = self.marks.get_mut(id) {
            mark.is_refused = true;
        }
    }

    /// Whether the last write of any was refused.
    pub(super) fn is_any_refused(&self) -> bool {
        self.marks.values().any(|mark| mark.is_refused)
    }

    /// It never will as it is, and is tried when it would be written again. Whether that is new.
    pub(super) fn is_too_large(&mut self, id: &WorkloadId, now: Timestamp) -> bool {
        let mark = self.marks.entry(id.clone()).or_default();
        mark.sent = None;
        mark.not_before = now.plus(EVERY);
        !std::mem::replace(&mut mark.is_too_large, true)
    }

    /// Whatever is on its way counts as not sent.
    pub(super) fn give_up_sent(&mut self) {
        self.marks.values_mut().for_each(|mark| mark.sent = None);
    }

    /// Forgets those of which nothing is known any more.
    pub(super) fn retain(&mut self, known: impl Fn(&WorkloadId) -> bool) {
        self.marks.retain(|id, _| known(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::WorkloadKind;

    fn id(name: &str) -> WorkloadId {
        WorkloadId { namespace: "shop".into(), kind: WorkloadKind::Deployment, name: name.into() }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + 60 * minute)
    }

    /// Who is due at a minute, of these that were last told of at a minute.
    fn due(plan: &Plan, told: &[(&WorkloadId, i64)], minute: i64) -> String {
        let told: Vec<_> = told.iter().map(|(id, minute)| (*id, Some(at(*minute)))).collect();
        let due = plan.due(&told, at(minute), at(minute).minus(EVERY));
        due.iter().map(|id| &*id.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_longest_unwritten_come_first_and_new_ones_before_them() {
        let (a, b, c, d) = (id("a"), id("b"), id("c"), id("d"));
        let mut plan = Plan::default();
        for (id, minute) in [(&a, 20), (&b, 10), (&d, 50)] {
            assert!(plan.found(id.clone(), at(minute), Some(at(minute)), at(50)));
        }
        let told = [(&a, 99), (&b, 99), (&c, 99), (&d, 99)];
        assert_eq!(due(&plan, &told, 100), "c b a");
        assert_eq!(due(&plan, &told, 110), "c b a d");
        assert_eq!(due(&plan, &told, 109), "c b a");
    }

    #[test]
    fn what_did_not_change_is_not_written_again() {
        let a = id("a");
        let mut plan = Plan::default();
        plan.sent(&a, at(0), Some(at(0)));
        plan.arrived(&a);
        assert_eq!(due(&plan, &[(&a, 0)], 600), "");
        assert_eq!(due(&plan, &[(&a, 1)], 600), "a");
    }

    #[test]
    fn what_is_on_its_way_is_not_sent_twice_and_what_failed_is_tried_again() {
        let a = id("a");
        let mut plan = Plan::default();
        plan.sent(&a, at(0), Some(at(0)));
        assert_eq!(due(&plan, &[(&a, 90)], 90), "");
        plan.refused(&a, at(90));
        assert_eq!(due(&plan, &[(&a, 90)], 90), "");
        assert_eq!(due(&plan, &[(&a, 90)], 91), "a");
        assert!(plan.is_any_refused());
        plan.sent(&a, at(91), Some(at(91)));
        plan.arrived(&a);
        assert!(!plan.is_any_refused());
        plan.sent(&a, at(151), Some(at(151)));
        plan.give_up_sent();
        assert_eq!(due(&plan, &[(&a, 151)], 151), "a");
    }

    #[test]
    fn what_is_too_large_is_said_once_and_tried_in_an_hour() {
        let a = id("a");
        let mut plan = Plan::default();
        assert!(plan.is_too_large(&a, at(0)));
        assert!(!plan.is_too_large(&a, at(60)));
        assert_eq!(due(&plan, &[(&a, 99)], 119), "");
        assert_eq!(due(&plan, &[(&a, 99)], 120), "a");
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nothing_from_its_turn() {
        let a = id("a");
        let mut plan = Plan::default();
        assert!(plan.found(a.clone(), at(100_000), None, at(0)));
        assert!(!plan.found(a.clone(), at(100_000), None, at(0)));
        assert_eq!(due(&plan, &[(&a, 60)], 60), "a");
    }
}
