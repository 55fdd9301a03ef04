//! Observe: takes samples and signals in, by container identity.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_domain::{ContainerKey, Rounding, Sample, Signal, Timestamp, Workload};
use plimsoll_history::ContainerHistory;

use crate::Histories;

/// How long a history with nothing new is kept: the longest look-back is seven days, and a day
/// more, so that a workload scaled to nothing for a week is still known when it comes back.
const KEPT: Duration = Duration::from_hours(8 * 24);

/// Settings of the program that bear on decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How amounts are rounded in actions and in the values for new pods.
    pub rounding: Rounding,
    /// How long after a change of running pods no other is begun.
    pub cooldown: Duration,
    /// Everything is decided and shown, nothing is done.
    pub dry_run: bool,
}

impl Default for Settings {
    /// Rounded as Kubernetes objects are written, 30 minutes of cooldown (as often as
    /// recommendations are renewed), and in earnest.
    fn default() -> Self {
        Self { rounding: Rounding::Kubernetes, cooldown: Duration::from_mins(30), dry_run: false }
    }
}

/// The brain: what containers used, and what follows from it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) settings: Settings,
    pub(crate) histories: Histories,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, histories: BTreeMap::new() }
    }

    /// Takes one sample in; whether it told anything new (a repeated or older one does not).
    pub fn observe(&mut self, sample: &Sample) -> bool {
        self.history(&sample.container).observe(sample)
    }

    /// Takes one signal in; whether it told anything new (one told again does not).
    pub fn signal(&mut self, signal: &Signal) -> bool {
        let Signal::OomKill { container, pod, kill } = signal;
        self.history(container).oom_kill(pod, kill)
    }

    /// Drops histories with nothing in eight days, and what is out of every look-back in the rest.
    pub fn forget(&mut self, now: Timestamp) {
        let since = now.minus(KEPT);
        self.histories.retain(|_, history| {
            history.forget(now);
            let last_kill = history.oom_kills().iter().map(|kill| kill.at).max();
            history.last_seen().max(last_kill) > Some(since)
        });
    }

    /// When the newest sample of all was taken.
    pub fn newest_sample(&self) -> Option<Timestamp> {
        self.histories.values().filter_map(ContainerHistory::last_seen).max()
    }

    /// All histories, by identity.
    pub fn histories(&self) -> impl Iterator<Item = (&ContainerKey, &ContainerHistory)> {
        self.histories.iter()
    }

    /// Puts a history back that was stored; what was known under this identity is replaced.
    pub fn restore(&mut self, key: ContainerKey, history: ContainerHistory) {
        self.histories.insert(key, history);
    }

    /// Ends the pods of this workload's histories that the cluster no longer shows.
    pub fn observe_pods(&mut self, workload: &Workload) {
        let alive: BTreeSet<&str> = workload.pods.iter().map(|pod| pod.uid.as_str()).collect();
        for spec in &workload.containers {
            let key = ContainerKey { workload: workload.id.clone(), container: spec.name.clone() };
            let Some(history) = self.histories.get_mut(&key) else {
                continue;
            };
            let gone: Vec<String> =
                history.live_pods().filter(|pod| !alive.contains(pod)).map(str::to_owned).collect();
            for pod in gone {
                history.end_pod(&pod);
            }
        }
    }

    fn history(&mut self, key: &ContainerKey) -> &mut ContainerHistory {
        if !self.histories.contains_key(key) {
            self.histories.insert(key.clone(), ContainerHistory::new());
        }
        self.histories.entry(key.clone()).or_default()
    }
}
