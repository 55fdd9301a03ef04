//! The live pods of a container, ordered by uid. Most containers have a few, where a tree would take
//! more room than what it holds.

use std::cmp::Ordering;
use std::sync::Arc;

use plimsoll_domain::{Amount, Sample, Timestamp};

use crate::slot::{Hour, Slot};
use crate::sub_history::SubHistory;

/// What is remembered of each live pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pods(
    #[expect(clippy::vec_box, reason = "a pod that comes among 10,000 moves a pointer of each")]
    Vec<Box<PodHistory>>,
);

/// What is remembered of a live pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodHistory {
    /// Shared with the cluster's view of it.
    pub(crate) uid: Arc<str>,
    /// When its newest sample was taken.
    pub(crate) last_seen: Timestamp,
    /// The two newest readings of its working set, newest first: a kill is often told of only after
    /// the first reading of the run that follows it.
    pub(crate) working_sets: [Option<(Timestamp, Amount)>; 2],
    pub(crate) usage: SubHistory,
}

impl Pods {
    /// `None` where they do not come ordered, each once.
    pub(crate) fn from_sorted(pods: Vec<PodHistory>) -> Option<Self> {
        let is_sorted = pods.is_sorted_by(|one, next| one.uid < next.uid);
        // Collected, they would stay in the room that they took unboxed.
        let mut boxed = Vec::with_capacity(pods.len());
        boxed.extend(pods.into_iter().map(Box::new));
        is_sorted.then_some(Self(boxed))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &PodHistory> {
        self.0.iter().map(Box::as_ref)
    }

    pub(crate) fn get(&self, uid: &str) -> Option<&PodHistory> {
        self.0.get(self.place(uid).ok()?).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, uid: &str) -> Option<&mut PodHistory> {
        let place = self.place(uid).ok()?;
        self.0.get_mut(place).map(Box::as_mut)
    }

    /// The pod, new where it is not known.
    pub(crate) fn get_or_begin(&mut self, uid: &str, at: Timestamp) -> Option<&mut PodHistory> {
        let place = self.place(uid).unwrap_or_else(|place| {
            self.insert_at(place, PodHistory::beginning_at(uid, at));
            place
        });
        self.0.get_mut(place).map(Box::as_mut)
    }

    /// Adds a pod, in the place of one with its uid.
    pub(crate) fn insert(&mut self, pod: PodHistory) {
        match self.place(&pod.uid) {
            Ok(place) => *self.0[place] = pod,
            Err(place) => self.insert_at(place, pod),
        }
    }

    pub(crate) fn remove(&mut self, uid: &str) -> Option<PodHistory> {
        let place = self.place(uid).ok()?;
        Some(*self.0.remove(place))
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut PodHistory) -> bool) {
        self.0.retain_mut(|pod| keep(pod));
    }

    /// In order of their uids.
    pub(crate) fn into_ordered(self) -> impl Iterator<Item = PodHistory> {
        self.0.into_iter().map(|pod| *pod)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let each =
            |pod: &PodHistory| size_of::<PodHistory>() + pod.uid.len() + pod.usage.heap_bytes();
        self.0.capacity() * size_of::<Box<PodHistory>>() + self.iter().map(each).sum::<usize>()
    }

    fn insert_at(&mut self, place: usize, pod: PodHistory) {
        if self.0.is_empty() {
            // Most containers have one pod; a list makes room for four at first.
            self.0.reserve_exact(1);
        }
        self.0.insert(place, Box::new(pod));
    }

    fn place(&self, uid: &str) -> Result<usize, usize> {
        // Text that lies in the same place need not be read.
        let compare = |own: &str| {
            if std::ptr::eq(own, uid) { Ordering::Equal } else { own.cmp(uid) }
        };
        self.0.binary_search_by(|pod| compare(&pod.uid))
    }
}

impl PodHistory {
    /// Nothing known yet of a pod that was seen then.
    pub(crate) fn beginning_at(uid: impl Into<Arc<str>>, at: Timestamp) -> Self {
        let usage = SubHistory::default();
        Self { uid: uid.into(), last_seen: at, working_sets: [None; 2], usage }
    }

    /// Takes one sample in.
    pub(crate) fn observe(&mut self, hour: Hour, sample: &Sample) {
        self.last_seen = sample.at;
        // After a restart it has a copy of its own.
        if !Arc::ptr_eq(&self.uid, &sample.pod) {
            self.uid = Arc::clone(&sample.pod);
        }
        if let Some(working_set) = sample.usage.memory {
            self.working_sets = [Some((sample.at, working_set)), self.working_sets[0]];
        }
        for (resource, amount) in sample.usage.iter() {
            if let Some(amount) = amount {
                let slot = Slot::new(hour, resource, sample.age);
                self.usage.record(slot, *amount);
            }
        }
    }

    /// The last working set seen by then.
    pub(crate) fn working_set_before(&self, at: Timestamp) -> Option<Amount> {
        let readings = self.working_sets.iter().flatten();
        readings.copied().find_map(|(read_at, amount)| (read_at <= at).then_some(amount))
    }
}
