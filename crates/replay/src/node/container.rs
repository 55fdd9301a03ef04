//! One container on a node: what it gets of what it demands, and how it dies and comes back.

use std::time::Duration;

use plimsoll_domain::{Amount, OomKill, PerResource, Resources, RunningContainer, Timestamp};

use super::effect::Event;

/// The kubelet restarts a container at once after its first end, and waits this long after the
/// second, twice as long after each further one.
const BACK_OFF_FIRST: Duration = Duration::from_secs(10);
/// The kubelet's longest wait.
const BACK_OFF_MAX: Duration = Duration::from_mins(5);
/// A container that ran twice the longest wait starts anew with its ends counted from zero.
const BACK_OFF_RESET: Duration = Duration::from_mins(10);

/// A container as its node runs it.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name, the resources it should have, restarts and the last kill.
    pub running: RunningContainer,
    /// What the node has granted it; its requests count against the node.
    pub allocated: Resources,
    /// What it runs under: the limits that throttle and kill it.
    pub actual: Resources,
    /// Whether it runs.
    pub state: RunState,
    /// What it used at the last step: cores and bytes. Nothing while it does not run.
    pub used: PerResource<Amount>,
    /// How many cores it demanded at the last step beyond its limit.
    pub throttled: Amount,
    /// The CPU time it has used since it started: a second on two cores is two seconds.
    pub cpu_time: Duration,
    /// The CPU time it was denied since it started.
    pub throttled_time: Duration,
    /// How long it ran since it started.
    pub ran_for: Duration,
    /// For how much of that it was denied CPU time.
    pub throttled_for: Duration,
    /// How often it was killed for exceeding its memory limit.
    pub oom_kills: u32,
    /// Ends that count for the wait before the next restart.
    recent_ends: u32,
}

/// Whether a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It ended and waits to be restarted.
    BackOff {
        /// When it starts again.
        until: Timestamp,
    },
}

impl Container {
    pub(super) fn started(running: RunningContainer, now: Timestamp) -> Self {
        Self {
            allocated: running.resources,
            actual: running.resources,
            running: RunningContainer { started_at: Some(now), ..running },
            state: RunState::Running { since: now },
            used: PerResource::default(),
            throttled: Amount::ZERO,
            cpu_time: Duration::ZERO,
            throttled_time: Duration::ZERO,
            ran_for: Duration::ZERO,
            throttled_for: Duration::ZERO,
            oom_kills: 0,
            recent_ends: 0,
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, RunState::Running { .. })
    }

    /// Uses what the limits allow of the demand since the step before, or dies of it.
    pub(super) fn consume(
        &mut self,
        demand: PerResource<Amount>,
        before: Timestamp,
        now: Timestamp,
    ) -> Option<Event> {
        let elapsed = now.since(self.running.started_at.map_or(before, |since| since.max(before)));
        if self.actual.memory.limit.is_some_and(|limit| demand.memory > limit) {
            return Some(self.killed(now));
        }
        let cpu = self.actual.cpu.limit.map_or(demand.cpu, |limit| limit.min(demand.cpu));
        let beyond = Amount::new(demand.cpu.value() - cpu.value()).unwrap_or_default();
        self.used = PerResource { cpu, memory: demand.memory };
        self.throttled = beyond;
        self.cpu_time = self.cpu_time.saturating_add(core_time(cpu, elapsed));
        self.throttled_time = self.throttled_time.saturating_add(core_time(beyond, elapsed));
        self.ran_for = self.ran_for.saturating_add(elapsed);
        if beyond > Amount::ZERO {
            self.throttled_for = self.throttled_for.saturating_add(elapsed);
        }
        None
    }

    /// Ends it for exceeding its memory limit, and restarts it when there is no wait.
    pub(super) fn killed(&mut self, now: Timestamp) -> Event {
        if self.running.started_at.is_some_and(|since| now.since(since) >= BACK_OFF_RESET) {
            self.recent_ends = 0;
        }
        let limit = self.actual.memory.limit;
        self.oom_kills = self.oom_kills.saturating_add(1);
        self.running.last_oom = Some(OomKill { at: now, limit });
        self.stop(now.plus(back_off(self.recent_ends)));
        self.recent_ends = self.recent_ends.saturating_add(1);
        Event::OomKilled { limit, restarted: self.restart_if_due(now).is_some() }
    }

    pub(super) fn restart_if_due(&mut self, now: Timestamp) -> Option<Event> {
        match self.state {
            RunState::BackOff { until } if until <= now => Some(self.restart(now)),
            RunState::BackOff { .. } | RunState::Running { .. } => None,
        }
    }

    /// Starts a new run under the resources granted, its counters from zero.
    pub(super) fn restart(&mut self, now: Timestamp) -> Event {
        self.stop(now);
        self.state = RunState::Running { since: now };
        self.running.started_at = Some(now);
        self.running.restart_count = self.running.restart_count.saturating_add(1);
        self.cpu_time = Duration::ZERO;
        self.throttled_time = Duration::ZERO;
        self.ran_for = Duration::ZERO;
        self.throttled_for = Duration::ZERO;
        self.actual = self.allocated;
        Event::Restarted
    }

    fn stop(&mut self, until: Timestamp) {
        self.state = RunState::BackOff { until };
        self.running.started_at = None;
        self.used = PerResource::default();
        self.throttled = Amount::ZERO;
    }
}

fn back_off(recent_ends: u32) -> Duration {
    let Some(doublings) = recent_ends.checked_sub(1) else { return Duration::ZERO };
    // Ten doublings are far beyond the longest wait.
    BACK_OFF_FIRST.saturating_mul(1 << doublings.min(10)).min(BACK_OFF_MAX)
}

fn core_time(cores: Amount, elapsed: Duration) -> Duration {
    Duration::try_from_secs_f64(cores.value() * elapsed.as_secs_f64()).unwrap_or(Duration::MAX)
}
