//! The history of one container: all its pods, both resources.

use std::iter::once;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{OomKill, Ratio, Resource, Sample, Timestamp};

use crate::coverage::Coverage;
use crate::oom::{OomMemory, OomRecord};
use crate::pods::{PodHistory, Pods};
use crate::runs::{MAX_RUNS, Runs};
use crate::scratch::Scratch;
use crate::slot::{Hour, RETENTION, Selection};
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
    pub(crate) pods: Pods,
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
        let is_empty = sample.usage.cpu.is_none() && sample.usage.memory.is_none();
        if is_empty || self.is_forgotten(sample.at) {
            return false;
        }
        match self.pods.get_mut(&sample.pod) {
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
        self.pods.iter().map(|pod| &*pod.uid)
    }

    /// How many pods usage is told apart by: the live ones, and all that are gone as one.
    pub fn sub_histories(&self) -> usize {
        self.pods.len() + usize::from(!self.ended.is_empty())
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
        self.pods.retain(|pod| {
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
        let pods = self.pods.iter().map(|pod| &pod.usage);
        let sketches = pods
            .chain(once(&self.ended))
            .map(|usage| usage.select(&selection, &mut scratch))
            .filter(|sketch| sketch.peak.is_some());
        Window { sketches: sketches.collect() }
    }

    /// The share of the 5-minute cells of the look-back in which any pod was seen, 0 to 1.
    pub fn coverage(&self, look_back: Duration, now: Timestamp) -> Ratio {
        self.coverage.share(look_back, now)
    }

    /// How many pods were seen in the look-back, up to [`MAX_RUNS`].
    pub fn runs(&self, look_back: Duration, now: Timestamp) -> usize {
        let from = now.minus(look_back);
        let live = self.pods.iter().filter(|pod| pod.last_seen > from).take(MAX_RUNS);
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
        size_of::<Self>() + self.pods.heap_bytes() + self.ended.heap_bytes() + self.oom.heap_bytes()
    }

    fn is_forgotten(&self, at: Timestamp) -> bool {
        self.horizon >= Some(at)
    }

    fn begin_pod(&mut self, hour: Hour, sample: &Sample) {
        if self.pods.len() >= MAX_LIVE_PODS {
            self.end_longest_unseen();
        }
        let mut pod = PodHistory::beginning_at(Arc::clone(&sample.pod), sample.at);
        pod.observe(hour, sample);
        self.pods.insert(pod);
    }

    fn end_longest_unseen(&mut self) {
        let longest_unseen = self.pods.iter().min_by_key(|pod| pod.last_seen);
        if let Some(uid) = longest_unseen.map(|pod| pod.uid.clone()) {
            self.end_pod(&uid);
        }
    }
}
