//! Recommenders that keep every tick of a window and take a quantile of it.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_domain::{Amount, Resource, Timestamp};

use super::{differs, due};
use crate::vertical::drive::{Recommender, Seen, Values};
use crate::vertical::summary::quantile;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What is taken of which window, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    span: i64,
    quantile: f64,
    /// Times this.
    factor: f64,
    every: i64,
    /// What a kill at a limit counts as, over that limit.
    kill_factor: f64,
}

/// Nobody asks for less: a request of nothing would be raised by no percentage. Far below any usage
/// worth sizing, in cores and in fractions of a machine.
const LEAST_CPU: f64 = 1e-4;

/// One day's 95th percentile (memory: maximum) plus 15 %.
pub(super) fn plain(cpu: bool) -> Rule {
    Rule { quantile: if cpu { 0.95 } else { 1.0 }, factor: 1.15, ..base(DAY, HOUR) }
}

/// Seven days' 99th percentile plus 15 %, for CPU and memory.
pub(super) fn crane() -> Rule {
    Rule { quantile: 0.99, factor: 1.15, kill_factor: 1.15, ..base(7 * DAY, DAY) }
}

/// Seven days' maximum plus 50 %.
pub(super) fn max_7d() -> Rule {
    Rule { quantile: 1.0, factor: 1.5, ..base(7 * DAY, HOUR) }
}

/// CPU: 80th percentile of a day; memory: its maximum; plus 10 %, every half hour. By how much a
/// kill raises memory is not published: 20 % over the limit is what we take for it elsewhere too.
pub(super) fn cast_default(cpu: bool) -> Rule {
    let day = base(DAY, HOUR / 2);
    Rule { quantile: if cpu { 0.8 } else { 1.0 }, factor: 1.1, kill_factor: 1.2, ..day }
}

/// Two weeks: CPU's 95th percentile; memory's maximum plus 15 %, kills counting as 25 % more than
/// the limit.
pub(super) fn krr(cpu: bool) -> Rule {
    let window = base(14 * DAY, DAY);
    if cpu {
        Rule { quantile: 0.95, ..window }
    } else {
        Rule { quantile: 1.0, factor: 1.15, kill_factor: 1.25 / 1.15, ..window }
    }
}

/// The same with CPU's 66th percentile as the request; the limit at the 96th is not replayed.
pub(super) fn krr_limit(cpu: bool) -> Rule {
    if cpu { Rule { quantile: 0.66, ..krr(cpu) } } else { krr(cpu) }
}

fn base(span: i64, every: i64) -> Rule {
    Rule { span, quantile: 0.5, factor: 1.0, every, kill_factor: 1.0 }
}

/// A window of ticks.
#[derive(Debug)]
pub(super) struct Window {
    rule: Rule,
    resource: Resource,
    tick: i64,
    values: VecDeque<(i64, f64)>,
    killed: bool,
    in_force: Option<f64>,
}

impl Window {
    pub(super) fn new(rule: Rule, resource: Resource, tick: Duration) -> Self {
        let tick = i64::try_from(tick.as_secs()).unwrap_or(i64::MAX);
        Self { rule, resource, tick, values: VecDeque::new(), killed: false, in_force: None }
    }
}

impl Recommender for Window {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        let start = start.seconds();
        self.killed = matches!(seen, Seen::OutOfMemory(_));
        match seen {
            Seen::Gap => {}
            Seen::Usage(usage) => self.values.push_back((start, usage.value())),
            Seen::OutOfMemory(limit) => {
                self.values.push_back((start, limit.value() * self.rule.kill_factor));
            }
        }
        let oldest = start.saturating_sub(self.rule.span);
        while self.values.pop_front_if(|(at, _)| *at <= oldest).is_some() {}
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let (now, oldest) = (now.seconds(), self.values.front()?.0);
        // What looks once a day would stay with its first guess for the first one.
        let young = now.saturating_sub(oldest) <= DAY;
        let every = if young { self.rule.every.min(HOUR) } else { self.rule.every };
        let looks = self.in_force.is_none() || self.killed || due(now, self.tick, every);
        if !looks {
            return None;
        }
        let values = self.values.iter().map(|(_, value)| *value).collect();
        let wanted = quantile(values, self.rule.quantile) * self.rule.factor;
        let wanted = match self.resource {
            Resource::Cpu => wanted.max(LEAST_CPU),
            Resource::Memory => wanted,
        };
        if !differs(wanted, self.in_force) {
            return None;
        }
        self.in_force = Some(wanted);
        let request = Amount::new(wanted)?;
        let limit = (self.resource == Resource::Memory).then_some(request);
        Some(Values { request, limit })
    }
}
