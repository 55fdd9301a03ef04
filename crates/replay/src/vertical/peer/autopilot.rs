//! The window recommender of the Autopilot paper: percentiles of usage weighted by age and by its
//! own size, plus a margin, and the maximum of the last hour.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_domain::{Amount, Resource, Timestamp};

use crate::vertical::drive::{Recommender, Seen, Values};

const HOUR: i64 = 3600;
/// Half-lives: 12 h for CPU, 48 h for memory.
const HALF_LIFE_CPU: f64 = 12.0 * 3600.0;
const HALF_LIFE_MEMORY: f64 = 48.0 * 3600.0;
/// The percentile of load that leaves few kills and little throttling.
const PERCENTILE: f64 = 0.98;
const MARGIN_CPU: f64 = 1.10;
const MARGIN_MEMORY: f64 = 1.15;
/// A kill counts as so much more than the limit: the publication names no number.
const KILL_FACTOR: f64 = 1.15;
/// Older than this many half-lives a value weighs less than a thousandth.
const HALF_LIVES_KEPT: f64 = 10.0;

/// The recommender for one container.
#[derive(Debug)]
pub(super) struct Autopilot {
    resource: Resource,
    tick: i64,
    half_life: f64,
    margin: f64,
    killed: bool,
    values: VecDeque<(i64, f64)>,
    /// Recommendations of the last hour.
    recent: VecDeque<(i64, f64)>,
    in_force: Option<f64>,
}

impl Autopilot {
    pub(super) fn new(resource: Resource, tick: Duration) -> Self {
        let (half_life, margin) = match resource {
            Resource::Cpu => (HALF_LIFE_CPU, MARGIN_CPU),
            Resource::Memory => (HALF_LIFE_MEMORY, MARGIN_MEMORY),
        };
        Self {
            resource,
            tick: i64::try_from(tick.as_secs()).unwrap_or(i64::MAX),
            half_life,
            margin,
            killed: false,
            values: VecDeque::new(),
            recent: VecDeque::new(),
            in_force: None,
        }
    }

    /// The percentile of load: half of it lies below the median of load, not of time.
    fn load_percentile(&self, now: i64) -> Option<f64> {
        let weight = |at: i64, value: f64| {
            value * (-(now.saturating_sub(at) as f64) / self.half_life).exp2()
        };
        let mut loads: Vec<(f64, f64)> =
            self.values.iter().map(|(at, value)| (*value, weight(*at, *value))).collect();
        loads.sort_by(|a, b| a.0.total_cmp(&b.0));
        let threshold = PERCENTILE * loads.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut sum = 0.0;
        for (value, weight) in &loads {
            sum += weight;
            if sum >= threshold {
                return Some(*value);
            }
        }
        loads.last().map(|(value, _)| *value)
    }
}

impl Recommender for Autopilot {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        let start = start.seconds();
        self.killed = matches!(seen, Seen::OutOfMemory(_));
        match seen {
            Seen::Gap => {}
            Seen::Usage(value) => self.values.push_back((start, value.value())),
            Seen::OutOfMemory(limit) => {
                self.values.push_back((start, limit.value() * KILL_FACTOR));
            }
        }
        let kept = HALF_LIVES_KEPT * self.half_life;
        while self.values.pop_front_if(|(at, _)| start.saturating_sub(*at) as f64 > kept).is_some()
        {
        }
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let now = now.seconds();
        if self.in_force.is_some() && !self.killed && !super::due(now, self.tick, HOUR) {
            return None;
        }
        self.recent.push_back((now, self.load_percentile(now)? * self.margin));
        while self.recent.pop_front_if(|(at, _)| *at < now.saturating_sub(HOUR)).is_some() {}
        let wanted = self.recent.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        if !super::differs(wanted, self.in_force) {
            return None;
        }
        self.in_force = Some(wanted);
        let request = Amount::new(wanted)?;
        let limit = (self.resource == Resource::Memory).then_some(request);
        Some(Values { request, limit })
    }
}
