//! The history of one container: all its pods, both resources.

use std::collections::BTreeMap;
use std::iter::once;
use std::time::Duration;

use plimsoll_domain::{Amount, OomKill, Ratio, Resource, Sample, Timestamp};

use crate::coverage::{Coverage, Ring};
use crate::oom::{OomMemory, OomRecord};
use crate::runs::{MAX_RUNS, Runs};
use crate::scratch::Scratch;
use crate::slot::{Hour, RETENTION, Selection, Slot};
use crate::sub_history::SubHistory;
use crate::{Span, Window};

/// Pods of one container told apart. The largest cluster Kubernetes supports has 5,000 nodes; a
/// DaemonSet there has a pod on each, twice that while all of them are replaced.
pub const MAX_LIVE_PODS: usize = 10_000;

/// What one container of one workload used, over all its pods.
///
/// Time goes forward: samples far in the future make room for themselves by pushing older ones out
/// of the eight days that are kept, so their source must not let them through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerHistory {
    /// Live pods by uid. Boxed, since a tree's node has room for eleven entries.
    pub(crate) pods: BTreeMap<Box<str>, Box<PodHistory>>,
    /// All pods that are gone, as one.
    pub(crate) ended: SubHistory,
    /// The last of them.
    pub(crate) runs: Runs,
    pub(crate) coverage: Coverage,
    pub(crate) oom: OomMemory,
    pub(crate) last_seen: Option<Timestamp>,
    /// Nothing at this moment or before is remembered, or taken in again.
    pub(crate) horizon: Option<Timestamp>,
}

/// What is remembered of a live pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodHistory {
    /// When its newest sample was taken.
    pub(crate) last_seen: Timestamp,
    /// The two newest readings of its working set, newest first: a kill is often told of only after
    /// the first reading of the run that follows it.
    pub(crate) working_sets: [Option<(Timestamp, Amount)>; 2],
    pub(crate) usage: SubHistory,
}

impl ContainerHistory {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one sample in. False, and nothing changed, when it is not newer than the pod's last
    /// one, is older than what is remembered, or holds no amount.
    pub fn observe(&mut self, sample: &Sample) -> bool {
        let Some(hour) = Hour::of(sample.at) else {
            return false;
        };
        let is_empty = sample.usage.iter().all(|(_, amount)| amount.is_none());
        if is_empty || self.is_forgotten(sample.at) {
            return false;
        }
        match self.pods.get_mut(sample.pod.as_str()) {
            Some(pod) if sample.at <= pod.last_seen => return false,
            Some(pod) => pod.observe(hour, sample),
            None => self.begin_pod(hour, sample),
        }
        self.coverage.mark(sample.at);
        self.last_seen = self.last_seen.max(Some(sample.at));
        true
    }

    /// The pod is gone: its usage joins that of all pods gone before it. Unknown pods are no error.
    pub fn end_pod(&mut self, pod: &str) {
        if let Some(pod) = self.pods.remove(pod) {
            self.ended.absorb(&pod.usage);
            self.runs.end(pod.last_seen);
        }
    }

    /// The uids of the pods not yet ended, in order: after a restart, those that no longer exist
    /// are to be ended.
    pub fn live_pods(&self) -> impl Iterator<Item = &str> {
        self.pods.keys().map(|uid| &**uid)
    }

    /// Remembers a kill for memory. False when it is known, or older than what is remembered.
    pub fn oom_kill(&mut self, pod: &str, kill: &OomKill) -> bool {
        if self.is_forgotten(kill.at) {
            return false;
        }
        let known = self.pods.get(pod);
        let working_set = known.and_then(|known| known.working_set_before(kill.at));
        self.oom.remember(pod, kill, working_set)
    }

    /// The newest kills for memory, at most [`MAX_OOM_KILLS`](crate::MAX_OOM_KILLS), newest last.
    pub fn oom_kills(&self) -> &[OomRecord] {
        self.oom.records()
    }

    /// Drops what is older than eight days, and pods of which nothing is left.
    pub fn forget(&mut self, now: Timestamp) {
        let horizon = now.minus(RETENTION);
        self.horizon = self.horizon.max(Some(horizon));
        self.oom.forget(horizon);
        let Some(hour) = Hour::of(now) else {
            return;
        };
        self.ended.settle(hour);
        self.pods.retain(|_, pod| {
            pod.usage.settle(hour);
            !pod.usage.is_empty()
        });
        if self.last_seen <= self.horizon {
            self.coverage = Coverage::default();
        }
    }

    /// The usage of one resource in a span.
    pub fn window(&self, resource: Resource, span: &Span) -> Window {
        let selection = Selection::new(resource, span);
        let mut scratch = Scratch::new();
        let pods = self.pods.values().map(|pod| &pod.usage);
        let sketches = pods
            .chain(once(&self.ended))
            .map(|usage| usage.select(&selection, &mut scratch))
            .filter(|sketch| sketch.extremes.is_some());
        Window { sketches: sketches.collect() }
    }

    /// The share of the 5-minute cells of the look-back in which any pod was seen, 0 to 1.
    pub fn coverage(&self, look_back: Duration, now: Timestamp) -> Ratio {
        self.coverage.share(look_back, now)
    }

    /// How many pods were seen in the look-back, up to [`MAX_RUNS`].
    pub fn runs(&self, look_back: Duration, now: Timestamp) -> usize {
        let from = now.minus(look_back);
        let live = self.pods.values().filter(|pod| pod.last_seen > from).take(MAX_RUNS);
        (self.runs.since(from) + live.count()).min(MAX_RUNS)
    }

    /// When the five minutes began that hold the oldest sample still remembered; `None` before the
    /// first.
    pub fn oldest_seen(&self) -> Option<Timestamp> {
        self.coverage.oldest()
    }

    /// When the newest sample was taken; `None` before the first.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.last_seen
    }

    /// About how many bytes it occupies, the heap included.
    pub fn state_bytes(&self) -> usize {
        // A node of the tree has room for 11 entries and is between half and all full.
        const NODE: usize = 11 * size_of::<(Box<str>, Box<PodHistory>)>() + 16;
        let pods = self.pods.iter().map(|(uid, pod)| {
            uid.len() + size_of::<PodHistory>() + pod.usage.heap_bytes() + NODE / 6
        });
        let tree = if self.pods.is_empty() { 0 } else { NODE };
        size_of::<Self>()
            + size_of::<Ring>()
            + tree
            + pods.sum::<usize>()
            + self.ended.heap_bytes()
            + self.oom.heap_bytes()
    }

    fn is_forgotten(&self, at: Timestamp) -> bool {
        self.horizon >= Some(at)
    }

    fn begin_pod(&mut self, hour: Hour, sample: &Sample) {
        if self.pods.len() >= MAX_LIVE_PODS {
            self.end_longest_unseen();
        }
        let mut pod = PodHistory::beginning_at(sample.at);
        pod.observe(hour, sample);
        self.pods.insert(sample.pod.as_str().into(), Box::new(pod));
    }

    fn end_longest_unseen(&mut self) {
        let longest_unseen = self.pods.iter().min_by_key(|(_, pod)| pod.last_seen);
        if let Some(uid) = longest_unseen.map(|(uid, _)| uid.clone()) {
            self.end_pod(&uid);
        }
    }
}

impl PodHistory {
    /// Nothing known yet of a pod that was seen then.
    pub(crate) fn beginning_at(at: Timestamp) -> Self {
        Self { last_seen: at, working_sets: [None; 2], usage: SubHistory::default() }
    }

    fn observe(&mut self, hour: Hour, sample: &Sample) {
        self.last_seen = sample.at;
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

    fn working_set_before(&self, at: Timestamp) -> Option<Amount> {
        let readings = self.working_sets.iter().flatten();
        readings.copied().find_map(|(read_at, amount)| (read_at <= at).then_some(amount))
    }
}
