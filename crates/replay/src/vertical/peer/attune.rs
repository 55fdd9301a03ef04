//! Attune with its defaults: the percentile of the busiest hour of the day, raised for reserve, for
//! bursts and for want of data, and moved by limited steps. It learns nothing from kills.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plimsoll_domain::{Amount, Resource, Timestamp};

use super::due;
use crate::vertical::drive::{Recommender, Seen, Values};
use crate::vertical::summary::quantile;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// The time after which it is sure; taken to be the window too.
const WINDOW_DAYS: i64 = 7;
/// A maximum this many times the 95th percentile is a burst ...
const BURST: f64 = 3.0;
/// ... which adds this much for each doubling.
const PER_DOUBLING: f64 = 0.1;
/// Changes below this are not made.
const CHANGE_MIN: f64 = 0.10;

/// What differs between CPU and memory.
#[derive(Clone, Copy, Debug)]
struct Rule {
    percentile: f64,
    reserve: f64,
    /// The largest change at once.
    step_max: f64,
    may_lower: bool,
}

const CPU: Rule = Rule { percentile: 0.95, reserve: 1.2, step_max: 0.5, may_lower: true };
const MEMORY: Rule = Rule { percentile: 0.99, reserve: 1.3, step_max: 0.3, may_lower: false };

/// The recommender for one container.
#[derive(Debug)]
pub(super) struct Attune {
    resource: Resource,
    rule: Rule,
    tick: i64,
    values: VecDeque<(i64, f64)>,
    in_force: Option<f64>,
}

impl Attune {
    pub(super) fn new(resource: Resource, tick: Duration) -> Self {
        let rule = match resource {
            Resource::Cpu => CPU,
            Resource::Memory => MEMORY,
        };
        let tick = i64::try_from(tick.as_secs()).unwrap_or(i64::MAX);
        Self { resource, rule, tick, values: VecDeque::new(), in_force: None }
    }

    fn wanted(&self, now: i64) -> Option<f64> {
        let (oldest, _) = self.values.front()?;
        let mut all = Vec::with_capacity(self.values.len());
        let mut hours: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (at, value) in &self.values {
            all.push(*value);
            hours.entry(at.rem_euclid(DAY) / HOUR).or_default().push(*value);
        }
        let times = quantile(all.clone(), 1.0) / quantile(all.clone(), 0.95);
        let busiest = hours
            .into_values()
            .map(|values| quantile(values, self.rule.percentile))
            .fold(quantile(all, self.rule.percentile), f64::max);
        let burst = if times > BURST && times.is_finite() {
            1.0 + PER_DOUBLING * times.log2()
        } else {
            1.0
        };
        let days = now.saturating_sub(*oldest) as f64 / DAY as f64;
        let points = (self.values.len() as f64 / 24.0).sqrt();
        let unsure = 1.0 - (days.min(points) / WINDOW_DAYS as f64).clamp(0.0, 1.0);
        Some(busiest * self.rule.reserve * burst * (1.0 + unsure * unsure))
    }

    /// Where a step from one value towards another ends; `None` when it is not taken.
    fn step(&self, from: f64, to: f64) -> Option<f64> {
        let change = (to - from) / from;
        let small = change.is_nan() || change.abs() < CHANGE_MIN;
        if small || (change < 0.0 && !self.rule.may_lower) {
            return None;
        }
        // From nothing every step is too large, and none of a share of it would lead anywhere.
        let limited = change.is_finite() && change.abs() > self.rule.step_max;
        Some(if limited { from * (1.0 + self.rule.step_max.copysign(change)) } else { to })
    }
}

impl Recommender for Attune {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        let start = start.seconds();
        match seen {
            Seen::Gap => {}
            Seen::Usage(value) | Seen::OutOfMemory(value) => {
                self.values.push_back((start, value.value()));
            }
        }
        let oldest = start.saturating_sub(WINDOW_DAYS * DAY);
        while self.values.pop_front_if(|(at, _)| *at <= oldest).is_some() {}
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let now = now.seconds();
        if self.in_force.is_some() && !due(now, self.tick, HOUR) {
            return None;
        }
        let wanted = self.wanted(now)?;
        let value = match self.in_force {
            None => wanted,
            Some(before) => self.step(before, wanted)?,
        };
        self.in_force = Some(value);
        let request = Amount::new(value)?;
        let limit = (self.resource == Resource::Memory).then_some(request);
        Some(Values { request, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: Resource, hours: &[f64], expect: f64) {
        let mut attune = Attune::new(resource, Duration::from_hours(1));
        for (hour, usage) in hours.iter().enumerate() {
            let start = Timestamp::from_seconds(i64::try_from(hour).unwrap() * HOUR);
            attune.tick(start, Seen::Usage(Amount::new(*usage).unwrap()));
        }
        let now = i64::try_from(hours.len()).unwrap() * HOUR;
        let got = attune.wanted(now).unwrap();
        assert!((got - expect).abs() < 1e-9, "{got}");
    }

    /// After a week of hourly points: sqrt(168 / 24) = 2.65 of 7 sure.
    fn week_unsure() -> f64 {
        1.0 + (1.0 - 7_f64.sqrt() / 7.0).powi(2)
    }

    #[test]
    fn the_busiest_hour_of_the_day_counts() {
        check(Resource::Cpu, &[1.0; 168], 1.2 * week_unsure());
        let noon: Vec<f64> = (0..168).map(|hour| if hour % 24 == 12 { 2.0 } else { 1.0 }).collect();
        check(Resource::Cpu, &noon, 2.0 * 1.2 * week_unsure());
    }

    #[test]
    fn bursts_add_a_tenth_for_each_doubling() {
        let mut burst = [1.0; 168];
        burst[12] = 8.0;
        // The noons are six ones and one eight: 95 % of the way from the first to the last.
        let noon = 1.0 + 0.7 * 7.0;
        check(Resource::Cpu, &burst, noon * 1.2 * 1.3 * week_unsure());
    }

    #[test]
    fn steps_are_limited_and_memory_is_never_lowered() {
        let cpu = Attune::new(Resource::Cpu, Duration::from_hours(1));
        let memory = Attune::new(Resource::Memory, Duration::from_hours(1));
        assert_eq!(cpu.step(1.0, 1.05), None);
        assert_eq!(cpu.step(1.0, 4.0), Some(1.5));
        assert_eq!(cpu.step(1.0, 0.1), Some(0.5));
        assert_eq!(cpu.step(0.0, 0.1), Some(0.1));
        assert_eq!(memory.step(1.0, 4.0), Some(1.3));
        assert_eq!(memory.step(1.0, 0.1), None);
    }
}
