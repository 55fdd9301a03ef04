//! Usage of the past: told in any order by a store of metrics, and joined with what was seen live.
//!
//! A history of the past is built apart ([`ContainerHistory::recall`]) and then taken in
//! ([`ContainerHistory::absorb`]). Whoever builds it leaves out the five minutes that were
//! [`Seen`] live, so that nothing counts twice and what was seen is never written over.

use std::time::Duration;

use plimsoll_domain::{Amount, Ratio, Resource, Timestamp};

use crate::coverage::Coverage;
use crate::history::{ContainerHistory, MAX_LIVE_PODS};
use crate::slot::{Hour, Slot};

/// What one pod used of one resource at one moment of the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastUsage<'a> {
    /// The uid of the pod, if it still lives.
    pub pod: Option<&'a str>,
    /// When it was measured.
    pub at: Timestamp,
    /// How long the container had run by then.
    pub age: Duration,
    /// What was used.
    pub resource: Resource,
    /// How much of it.
    pub amount: Amount,
    /// How many live samples it stands for.
    pub times: u32,
}

/// In which five minutes a container was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen(Coverage);

impl Seen {
    /// Whether it was seen in the five minutes that hold this moment.
    pub fn at(&self, at: Timestamp) -> bool {
        self.0.has(at)
    }

    /// The share of the five minutes of the look-back in which it was seen, 0 to 1.
    pub fn share(&self, look_back: Duration, now: Timestamp) -> Ratio {
        self.0.share(look_back, now)
    }
}

impl ContainerHistory {
    /// In which five minutes the container was seen so far.
    pub fn seen(&self) -> Seen {
        Seen(self.coverage.clone())
    }

    /// Counts usage of the past, in any order of moments, pods and resources.
    pub fn recall(&mut self, past: &PastUsage<'_>) {
        let Some(hour) = Hour::of(past.at) else { return };
        let slot = Slot::new(hour, past.resource, past.age);
        let room = self.pods.len() < MAX_LIVE_PODS;
        match past.pod {
            Some(uid) if room || self.pods.get(uid).is_some() => {
                if let Some(pod) = self.pods.get_or_begin(uid, past.at) {
                    pod.last_seen = pod.last_seen.max(past.at);
                    pod.usage.recall(slot, past.amount, past.times);
                }
            }
            Some(_) | None => self.ended.recall(slot, past.amount, past.times),
        }
        self.coverage.mark(past.at);
        self.last_seen = self.last_seen.max(Some(past.at));
    }

    /// Remembers that a pod of the past was last seen then and is gone.
    pub fn recall_end(&mut self, last_seen: Timestamp) {
        self.runs.end(last_seen);
    }

    /// Takes in the usage of a history of other moments, which knows of no kills. Of a pod that both
    /// know, the own newest readings stay.
    pub fn absorb(&mut self, past: Self) {
        for pod in past.pods.into_ordered() {
            if let Some(own) = self.pods.get_mut(&pod.uid) {
                own.last_seen = own.last_seen.max(pod.last_seen);
                own.usage.absorb(&pod.usage);
            } else if self.pods.len() < MAX_LIVE_PODS {
                self.pods.insert(pod);
            } else {
                self.ended.absorb(&pod.usage);
                self.runs.end(pod.last_seen);
            }
        }
        self.ended.absorb(&past.ended);
        for moment in past.runs.moments().into_iter().flatten() {
            self.runs.end(moment);
        }
        self.coverage.absorb(&past.coverage);
        self.last_seen = self.last_seen.max(past.last_seen);
        self.horizon = self.horizon.max(past.horizon);
    }
}
