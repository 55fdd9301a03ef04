//! Kills for memory, remembered for as long as usage is.

use plimsoll_domain::{Amount, OomKill, Timestamp};

/// Kills remembered for a container. The newest say what the container needs; a container that is
/// killed every 5 minutes, the longest back-off of a kubelet, has 12 an hour, so 16 are over an hour.
pub const MAX_OOM_KILLS: usize = 16;

/// A kill for exceeding the memory limit.
#[derive(Clone, Debug, PartialEq)]
pub struct OomRecord {
    /// The uid of the pod.
    pub pod: String,
    /// When.
    pub at: Timestamp,
    /// The limit it ran under, in bytes; absent when it had none.
    pub limit: Option<Amount>,
    /// The last working set seen before the kill, in bytes; absent when none was.
    pub working_set: Option<Amount>,
}

/// The newest kills, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OomMemory {
    records: Vec<OomRecord>,
}

impl OomMemory {
    /// Remembers a kill; false when it is known.
    ///
    /// A pod's status goes on telling of its last kill. So a kill is known as well when the pod has
    /// a later one, and when the list is full of later ones: it may have been dropped from it.
    pub(crate) fn remember(
        &mut self,
        pod: &str,
        kill: &OomKill,
        working_set: Option<Amount>,
    ) -> bool {
        let is_known = |record: &OomRecord| record.pod == pod && record.at >= kill.at;
        let oldest = self.records.first().map(|record| record.at);
        let is_full = self.records.len() >= MAX_OOM_KILLS;
        if self.records.iter().any(is_known) || (is_full && oldest >= Some(kill.at)) {
            return false;
        }
        if is_full {
            self.records.remove(0);
        }
        let place = self.records.partition_point(|record| record.at <= kill.at);
        let record = OomRecord { pod: pod.to_owned(), at: kill.at, limit: kill.limit, working_set };
        self.records.insert(place, record);
        true
    }

    /// From records that come oldest first and are not too many; `None` otherwise.
    pub(crate) fn from_records(records: Vec<OomRecord>) -> Option<Self> {
        let ordered = records.is_sorted_by_key(|record| record.at);
        (ordered && records.len() <= MAX_OOM_KILLS).then_some(Self { records })
    }

    /// The kills, oldest first.
    pub(crate) fn records(&self) -> &[OomRecord] {
        &self.records
    }

    /// Drops kills at `horizon` and before.
    pub(crate) fn forget(&mut self, horizon: Timestamp) {
        self.records.retain(|record| record.at > horizon);
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let names = self.records.iter().map(|record| record.pod.capacity());
        self.records.capacity() * size_of::<OomRecord>() + names.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells of kills (pod, second) in order; expects whether each is new.
    fn check(kills: &[(&str, i64)], expect: &[bool]) -> OomMemory {
        let mut memory = OomMemory::default();
        let news: Vec<bool> = kills
            .iter()
            .map(|(pod, second)| {
                let kill = OomKill { at: Timestamp::from_seconds(*second), limit: None };
                memory.remember(pod, &kill, None)
            })
            .collect();
        assert_eq!(news, expect);
        memory
    }

    #[test]
    fn a_kill_told_again_is_known() {
        check(&[("a", 10), ("a", 10), ("a", 9)], &[true, false, false]);
    }

    #[test]
    fn later_kills_and_kills_of_other_pods_are_new() {
        let memory = check(&[("a", 10), ("a", 11), ("b", 10)], &[true, true, true]);
        let seconds: Vec<i64> = memory.records().iter().map(|r| r.at.seconds()).collect();
        assert_eq!(seconds, [10, 10, 11]);
    }

    #[test]
    fn more_pods_than_places_do_not_take_turns() {
        let pods: Vec<String> = (0..20).map(|pod| format!("pod-{pod}")).collect();
        let round: Vec<(&str, i64)> = pods.iter().map(String::as_str).zip(100..).collect();
        let twice: Vec<(&str, i64)> = round.iter().chain(&round).copied().collect();
        let mut expect = vec![true; 20];
        expect.extend([false; 20]);
        let memory = check(&twice, &expect);
        assert_eq!(memory.records().len(), MAX_OOM_KILLS);
    }

    #[test]
    fn forgetting_spares_what_is_later() {
        let mut memory = check(&[("a", 10), ("b", 20)], &[true, true]);
        memory.forget(Timestamp::from_seconds(10));
        assert_eq!(memory.records().len(), 1);
    }
}
