//! What the webhook knows: the values published for each workload, and who must be left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use plimsoll_domain::{Published, WorkloadId};

/// Answers from memory, at once.
pub trait PublishedLookup: Send + Sync {
    /// The values published for the first of these workloads that has any, and which it is.
    fn find(&self, candidates: &[WorkloadId]) -> Option<(WorkloadId, Arc<Published>)>;

    /// Whether the whole cluster is told to stand still.
    fn stopped(&self) -> bool;

    /// Whether a label on the namespace asks that it be left alone.
    fn namespace_opted_out(&self, namespace: &str) -> bool;
}

/// A lookup that watches keep up to date.
#[derive(Default)]
pub struct PublishedIndex {
    published: RwLock<BTreeMap<WorkloadId, Arc<Published>>>,
    opted_out: RwLock<BTreeSet<String>>,
    stopped: AtomicBool,
}

impl PublishedIndex {
    /// Replaces everything published, as after a new listing.
    pub fn replace(&self, all: impl IntoIterator<Item = (WorkloadId, Published)>) {
        let all = all.into_iter().map(|(id, published)| (id, Arc::new(published))).collect();
        *self.published.write() = all;
    }

    /// Sets what is published for one workload.
    pub fn upsert(&self, id: WorkloadId, published: Published) {
        self.published.write().insert(id, Arc::new(published));
    }

    /// Forgets one workload.
    pub fn remove(&self, id: &WorkloadId) {
        self.published.write().remove(id);
    }

    /// Sets whether the whole cluster is told to stand still.
    pub fn set_stopped(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Relaxed);
    }

    /// Sets whether a namespace asks to be left alone.
    pub fn set_namespace_opted_out(&self, namespace: &str, opted_out: bool) {
        let mut namespaces = self.opted_out.write();
        if opted_out {
            namespaces.insert(namespace.to_owned());
        } else {
            namespaces.remove(namespace);
        }
    }

    /// How many workloads have published values.
    pub fn len(&self) -> usize {
        self.published.read().len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.published.read().is_empty()
    }
}

impl PublishedLookup for PublishedIndex {
    fn find(&self, candidates: &[WorkloadId]) -> Option<(WorkloadId, Arc<Published>)> {
        let published = self.published.read();
        candidates.iter().find_map(|id| Some((id.clone(), Arc::clone(published.get(id)?))))
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn namespace_opted_out(&self, namespace: &str) -> bool {
        self.opted_out.read().contains(namespace)
    }
}

impl fmt::Debug for PublishedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishedIndex").field("workloads", &self.len()).finish_non_exhaustive()
    }
}
