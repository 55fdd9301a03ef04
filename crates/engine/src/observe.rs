//! Observe: takes samples and signals in, by container identity.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_domain::{
    Configured, ContainerKey, ResizeRestart, Rounding, Sample, Signal, Timestamp, UsageCell,
    Workload,
};
use plimsoll_history::ContainerHistory;

use crate::auto::Means;
use crate::container::Container;
use crate::containers::Containers;
use crate::foresee;

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
    pub(crate) containers: Containers,
    /// Cells that are over and not taken yet; `None` where nobody takes them.
    over: Option<Vec<(ContainerKey, UsageCell)>>,
    /// Whether somebody tells of the past of those that are to be forecast.
    pub(crate) expects_past: bool,
    /// Whether nobody stores what forecasts are made from.
    pub(crate) begins_anew: bool,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            containers: Containers::default(),
            over: None,
            expects_past: false,
            begins_anew: false,
        }
    }

    /// Takes samples in, those of each pod in order of time, and tells how many told anything new
    /// (repeated and older ones do not).
    pub fn observe_all(&mut self, samples: &[Sample]) -> u64 {
        self.containers.observe_all(samples)
    }

    /// Takes one sample in; whether it told anything new.
    pub fn observe(&mut self, sample: &Sample) -> bool {
        self.containers.get_or_new(&sample.container).observe(sample)
    }

    /// Takes one signal in; whether it told anything new (one told again does not).
    pub fn signal(&mut self, signal: &Signal) -> bool {
        let Signal::OomKill { container, .. } = signal;
        self.containers.get_or_new(container).signal(signal)
    }

    /// Time has come to `now`: what `auto` gathers by five minutes is judged where these are over.
    pub fn pass(&mut self, now: Timestamp) {
        let over = &mut self.over;
        self.containers.pass(now, |key, container| {
            let Container { history, auto, forecast } = container;
            auto.pass(now, history, &mut |cell| {
                if let Some(forecast) = forecast {
                    forecast.observe(&cell);
                }
                if let Some(over) = over {
                    over.push((key.clone(), cell));
                }
            });
        });
        self.foresee(now);
    }

    /// From now on cells that are over are kept until they are [taken](Self::take_cells).
    pub fn keep_cells(&mut self) {
        self.over.get_or_insert_with(Vec::new);
    }

    /// The cells that were over since this was last asked, if they are [kept](Self::keep_cells):
    /// each container's in order of time, those in which no pod was seen left out.
    pub fn take_cells(&mut self) -> Vec<(ContainerKey, UsageCell)> {
        self.over.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Drops histories with nothing in eight days, and what is out of every look-back in the rest.
    pub fn forget(&mut self, now: Timestamp) {
        let since = now.minus(KEPT);
        self.containers.retain(|container| {
            let history = &mut container.history;
            history.forget(now);
            let last_kill = history.oom_kills().iter().map(|kill| kill.at).max();
            history.last_seen().max(last_kill) > Some(since)
        });
    }

    /// When the newest sample of all was taken.
    pub fn newest_sample(&self) -> Option<Timestamp> {
        self.histories().filter_map(|(_, history)| history.last_seen()).max()
    }

    /// All histories, by identity.
    pub fn histories(&self) -> impl Iterator<Item = (&ContainerKey, &ContainerHistory)> {
        self.containers.iter().map(|(key, container)| (key, &container.history))
    }

    /// Whether anything is remembered under this identity.
    pub fn knows(&self, key: &ContainerKey) -> bool {
        self.containers.get(key).is_some()
    }

    /// Takes in what is known of a container's past from elsewhere, of moments at which it was not
    /// seen; what was seen stays. `auto` learns from it where it has watched for less than a day.
    pub fn recall(&mut self, key: &ContainerKey, past: ContainerHistory) {
        let container = self.containers.get_or_new(key);
        container.history.absorb(past);
        container.relearn();
    }

    /// Takes in what the policy wants foreseen, and ends the pods of this workload's histories that
    /// the cluster no longer shows.
    pub fn observe_pods(&mut self, workload: &Workload) {
        // A configuration that cannot be read leaves things as they are.
        let policy = match &workload.configuration.configured {
            Configured::Policy(policy) => Some((policy, foresee::plan(policy))),
            Configured::Unreadable(_) => None,
        };
        let alive: BTreeSet<&str> = workload.pods.iter().map(|pod| &*pod.uid).collect();
        for spec in &workload.containers {
            let key = ContainerKey { workload: workload.id.clone(), container: spec.name.clone() };
            let Some(container) = self.containers.get_mut(&key) else {
                continue;
            };
            if let Some((policy, plan)) = &policy {
                container.set_plan(plan.as_ref());
                let price = policy.vertical.risk_price.value;
                let memory = spec.original.memory.limit.or(spec.original.memory.request);
                let restarts = restarts(workload, &spec.name);
                container.auto.set_means(Means { restarts, price, memory });
            }
            let gone = container.history.live_pods().filter(|pod| !alive.contains(pod));
            for pod in gone.map(str::to_owned).collect::<Vec<String>>() {
                container.end_pod(&pod);
            }
        }
    }

    /// What is remembered of a container of this workload.
    pub(crate) fn of(&self, workload: &Workload, container: &str) -> Option<&Container> {
        let key = ContainerKey { workload: workload.id.clone(), container: container.into() };
        self.containers.get(&key)
    }
}

/// Whether a change of a container's CPU restarts it, where any of its pods says so.
fn restarts(workload: &Workload, container: &str) -> bool {
    let containers = workload.pods.iter().flat_map(|pod| &pod.containers);
    let mut own = containers.filter(|running| running.identity() == container);
    own.any(|one| one.resize_restart.cpu == ResizeRestart::RestartContainer)
}
