//! Memory where the request may be below the limit: the request follows the day, the limit is kept
//! far above every peak.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Amount, Timestamp};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::memory::amount;
use super::peaks::Peaks;
use super::{
    BurstableConstants, MemoryAuto, MemoryDecision, MemoryTick, USAGE_MAX, Verdict, crosses,
};

/// Hours whose peaks make the request: the present one and the 24 before it, so that a whole day
/// always counts.
const HOURS: usize = 25;
const HOUR: Duration = Duration::from_hours(1);

/// What is remembered of one container's memory, with the request and limit in force.
#[derive(Clone, Debug)]
pub struct BurstableAuto {
    constants: Arc<BurstableConstants>,
    tick: Duration,
    limit: MemoryAuto,
    limit_in_force: Option<f64>,
    peaks: Peaks<HOURS>,
    last: Option<f64>,
    request: Option<f64>,
}

/// Request and limit from now on, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstableDecision {
    /// The request, never above the limit.
    pub request: Amount,
    /// Whether the request moves, and for what.
    pub verdict: Verdict,
    /// The highest usage of the last day.
    pub day_peak: Amount,
    /// The limit.
    pub limit: Amount,
    /// What became of the limit; `None` when it was not looked at.
    pub limit_decision: Option<MemoryDecision>,
}

impl BurstableDecision {
    /// Whether request or limit changes.
    pub fn moves(&self) -> bool {
        self.verdict.moves() || self.limit_decision.is_some_and(|decision| decision.verdict.moves())
    }
}

impl BurstableAuto {
    /// Nothing known yet. `tick` is how much time each call of [`Self::tick`] stands for.
    pub fn new(constants: impl Into<Arc<BurstableConstants>>, tick: Duration) -> Self {
        let constants = constants.into();
        Self {
            limit: MemoryAuto::new(Arc::clone(&constants.limit), tick),
            constants,
            tick,
            limit_in_force: None,
            peaks: Peaks::new(HOUR),
            last: None,
            request: None,
        }
    }

    /// The tick that began at `start` has passed.
    pub fn tick(&mut self, start: Timestamp, seen: MemoryTick) {
        self.limit.tick(start, seen);
        self.peaks.pass(start);
        self.last = seen.usage().map(|usage| usage.value().min(USAGE_MAX));
        if let Some(last) = self.last {
            self.peaks.add(start, last);
        }
    }

    /// What to do now. `None` before any usage, and between two looks when nothing presses.
    pub fn decide(&self, now: Timestamp) -> Option<BurstableDecision> {
        let limit = self.limit.decide(now);
        let limit_value = limit.map(|limit| limit.level.value()).or(self.limit_in_force)?;
        let day_peak = self.peaks.highest().or(self.request)?;
        let wanted = (day_peak * self.constants.request_margin).min(limit_value);
        let is_leak = limit.is_some_and(|limit| limit.verdict == Verdict::HeldAsLeak);
        let verdict = match self.request {
            Some(request) if is_leak && wanted <= request => Some(Verdict::HeldAsLeak),
            None => Some(Verdict::First),
            Some(request) if self.last.is_some_and(|last| last > request) && wanted > request => {
                Some(Verdict::RaisedForPeak)
            }
            Some(_) if !crosses(now, self.tick, self.constants.lower_every) => None,
            Some(request) if wanted * self.constants.lower_by < request => Some(Verdict::Lowered),
            Some(_) => Some(Verdict::NotWorthIt),
        };
        if verdict.is_none() && limit.is_none() {
            return None;
        }
        let verdict = verdict.unwrap_or(Verdict::NotWorthIt);
        let kept = self.request.unwrap_or(wanted).min(limit_value);
        let request = if verdict.moves() { wanted } else { kept };
        Some(BurstableDecision {
            request: amount(request),
            verdict,
            day_peak: amount(day_peak),
            limit: amount(limit_value),
            limit_decision: limit,
        })
    }

    /// What is remembered, as bytes; constants are not among it.
    pub(super) fn write(&self, out: &mut Writer) {
        self.limit.write(out);
        out.option(self.limit_in_force, Writer::f64);
        self.peaks.write(out);
        out.option(self.last, Writer::f64);
        out.option(self.request, Writer::f64);
    }

    /// Takes over what was remembered.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        self.limit.read(from)?;
        self.limit_in_force = from.option(Reader::f64)?;
        self.peaks.read(from)?;
        self.last = from.option(Reader::f64)?;
        self.request = from.option(Reader::f64)?;
        Ok(())
    }

    /// What the template gives the container from now on.
    pub(super) fn set_given(&mut self, given: Option<Amount>) {
        self.limit.set_given(given);
    }

    /// Request and limit in force, once there are any.
    pub(super) fn levels(&self) -> Option<(Amount, Amount)> {
        Some((Amount::new(self.request?)?, Amount::new(self.limit_in_force?)?))
    }

    /// Request and limit in force from now on, whoever set them.
    pub fn applied(&mut self, request: Amount, limit: Amount) {
        self.request = Some(request.value());
        self.limit_in_force = Some(limit.value());
        self.limit.applied(limit);
    }
}
