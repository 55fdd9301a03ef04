//! Observe: takes samples and signals in, by container identity.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_domain::{
    Configured, ContainerKey, ResizeRestart, Rounding, Sample, Signal, Timestamp, UsageCell,
    Workload,
};
use plimsoll_history::ContainerHistory;

use crate::Histories;
use crate::auto::{ContainerAuto, Means};
use crate::foresee::ContainerForecast;

/// How long a history with nothing new is kept: the longest look-back is seven days, and a day
/// more, so that a workload scaled to nothing for a week is still known when it comes back.
const KEPT: Duration = Duration::from_hours(8 * 24);

/// What `auto` has watched for so long it need not be told.
const KNOWN: Duration = Duration::from_hours(24);

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
    /// What `auto` learned, by identity; boxed, since a tree's node has room for eleven.
    pub(crate) autos: BTreeMap<ContainerKey, Box<ContainerAuto>>,
    /// Cells that are over and not taken yet; `None` where nobody takes them.
    over: Option<Vec<(ContainerKey, UsageCell)>>,
    /// What is foreseen, by identity, of those whose policy asks for it.
    pub(crate) forecasts: BTreeMap<ContainerKey, Box<ContainerForecast>>,
    /// Whether somebody tells of the past of those.
    pub(crate) expects_past: bool,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            histories: BTreeMap::new(),
            autos: BTreeMap::new(),
            over: None,
            forecasts: BTreeMap::new(),
            expects_past: false,
        }
    }

    /// Takes one sample in; whether it told anything new (a repeated or older one does not).
    pub fn observe(&mut self, sample: &Sample) -> bool {
        // A key is made once a container: looked up, it costs a tenth of what it costs to copy.
        let is_new = match self.histories.get_mut(&sample.container) {
            Some(history) => history.observe(sample),
            None => self.history(&sample.container).observe(sample),
        };
        if is_new {
            match self.autos.get_mut(&sample.container) {
                Some(auto) => auto.observe(sample),
                None => self.auto(&sample.container).observe(sample),
            }
        }
        is_new
    }

    /// Takes one signal in; whether it told anything new (one told again does not).
    pub fn signal(&mut self, signal: &Signal) -> bool {
        let Signal::OomKill { container, pod, kill } = signal;
        let is_new = self.history(container).oom_kill(pod, kill);
        if is_new {
            self.auto(container).kill(kill);
        }
        is_new
    }

    /// Time has come to `now`: what `auto` gathers by five minutes is judged where these are over.
    pub fn pass(&mut self, now: Timestamp) {
        let over = &mut self.over;
        for (key, auto) in &mut self.autos {
            let mut forecast = self.forecasts.get_mut(key);
            auto.pass(now, self.histories.get(key), &mut |cell| {
                if let Some(forecast) = &mut forecast {
                    forecast.observe(&cell);
                }
                if let Some(over) = over {
                    over.push((key.clone(), cell));
                }
            });
        }
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
        self.histories.retain(|_, history| {
            history.forget(now);
            let last_kill = history.oom_kills().iter().map(|kill| kill.at).max();
            history.last_seen().max(last_kill) > Some(since)
        });
        let histories = &self.histories;
        self.autos.retain(|key, _| histories.contains_key(key));
        self.forecasts.retain(|key, _| histories.contains_key(key));
    }

    /// When the newest sample of all was taken.
    pub fn newest_sample(&self) -> Option<Timestamp> {
        self.histories.values().filter_map(ContainerHistory::last_seen).max()
    }

    /// All histories, by identity.
    pub fn histories(&self) -> impl Iterator<Item = (&ContainerKey, &ContainerHistory)> {
        self.histories.iter()
    }

    /// Whether anything is remembered under this identity.
    pub fn knows(&self, key: &ContainerKey) -> bool {
        self.histories.contains_key(key)
    }

    /// Puts a history back that was stored; what was known under this identity is replaced.
    pub fn restore(&mut self, key: ContainerKey, history: ContainerHistory) {
        self.histories.insert(key, history);
    }

    /// Takes in what is known of a container's past from elsewhere, of moments at which it was not
    /// seen; what was seen stays. `auto` learns from it where it has watched for less than a day.
    pub fn recall(&mut self, key: &ContainerKey, past: ContainerHistory) {
        self.history(key).absorb(past);
        self.relearn(key);
    }

    /// Lets `auto` learn from the history where it has watched for less than a day.
    pub(crate) fn relearn(&mut self, key: &ContainerKey) {
        let auto = self.autos.entry(key.clone()).or_insert_with(|| Box::new(ContainerAuto::new()));
        let Some(history) = self.histories.get(key) else { return };
        if auto.seen().iter().all(|(_, seen)| *seen < KNOWN) {
            auto.relearn(history);
        }
    }

    /// Takes in what the policy wants foreseen, and ends the pods of this workload's histories that
    /// the cluster no longer shows.
    pub fn observe_pods(&mut self, workload: &Workload) {
        self.plan(workload);
        let alive: BTreeSet<&str> = workload.pods.iter().map(|pod| pod.uid.as_str()).collect();
        for spec in &workload.containers {
            let key = ContainerKey { workload: workload.id.clone(), container: spec.name.clone() };
            let Some(history) = self.histories.get_mut(&key) else {
                continue;
            };
            let mut auto = self.autos.get_mut(&key);
            // A configuration that cannot be read leaves things as they are.
            if let (Some(auto), Configured::Policy(policy)) =
                (&mut auto, &workload.configuration.configured)
            {
                let price = policy.vertical.risk_price.value;
                let memory = spec.original.memory.limit.or(spec.original.memory.request);
                let restarts = restarts(workload, &spec.name);
                auto.set_means(Means { restarts, price, memory });
            }
            let gone: Vec<String> =
                history.live_pods().filter(|pod| !alive.contains(pod)).map(str::to_owned).collect();
            for pod in gone {
                history.end_pod(&pod);
                if let Some(auto) = &mut auto {
                    auto.end_pod(&pod);
                }
            }
        }
    }

    fn auto(&mut self, key: &ContainerKey) -> &mut ContainerAuto {
        self.autos.entry(key.clone()).or_insert_with(|| Box::new(ContainerAuto::new()))
    }

    fn history(&mut self, key: &ContainerKey) -> &mut ContainerHistory {
        self.histories.entry(key.clone()).or_default()
    }
}

/// Whether a change of a container's CPU restarts it, where any of its pods says so.
fn restarts(workload: &Workload, container: &str) -> bool {
    let containers = workload.pods.iter().flat_map(|pod| &pod.containers);
    let mut own = containers.filter(|running| running.identity() == container);
    own.any(|one| one.resize_restart.cpu == ResizeRestart::RestartContainer)
}
