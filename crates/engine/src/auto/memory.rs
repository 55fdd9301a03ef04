//! Memory by its peak: the highest usage of 30 days, plus a margin that grows with every time the
//! peak was broken and shrinks with every day it was not.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Amount, MemoryWhy, Ratio, Timestamp};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::growth::Growth;
use super::peaks::Peaks;
use super::{MarginRule, MemoryConstants, USAGE_MAX, Verdict, crosses};

/// Days whose peaks count: a month holds every weekly and most monthly habits.
const DAYS: usize = 30;
const DAY: Duration = Duration::from_hours(24);
/// The learned margin, in logarithms, is within 5 % ...
const MARGIN_MIN: f64 = 0.05;
/// ... and a factor of e.
const MARGIN_MAX: f64 = 1.0;
/// What a container just met is taken to have broken, per day of which there was one.
const PRIOR_BROKEN: f64 = 0.3;
const PRIOR_DAYS: f64 = 1.0;
/// Raised when less than this part of the margin, in logarithms, is left.
const MARGIN_KEPT: f64 = 0.8;

/// What one tick says of a container's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemoryTick {
    /// Nothing: no sample came.
    Gap,
    /// The highest usage of the tick.
    Usage(Amount),
    /// A pod was killed.
    OutOfMemory {
        /// The least limit that any was killed at, which is that of the first of several kills.
        first: Amount,
        /// The greatest; how much was needed is not known.
        limit: Amount,
        /// The highest usage that was seen all the same: of other pods, under other limits.
        usage: Option<Amount>,
    },
}

impl MemoryTick {
    /// Killed at this limit, and nothing else seen.
    pub fn killed(limit: Amount) -> Self {
        Self::OutOfMemory { first: limit, limit, usage: None }
    }

    /// The usage that it stands for; a kill counts as usage of the whole limit.
    pub(super) fn usage(self) -> Option<Amount> {
        match self {
            Self::Gap => None,
            Self::Usage(usage) => Some(usage),
            Self::OutOfMemory { limit, usage, .. } => {
                Some(usage.map_or(limit, |one| one.max(limit)))
            }
        }
    }
}

/// What is remembered of one container's memory, and the level in force.
#[derive(Clone, Debug)]
pub struct MemoryAuto {
    constants: Arc<MemoryConstants>,
    tick: Duration,
    /// What is left of a learned count after one tick.
    fade: f64,
    peaks: Peaks<DAYS>,
    /// Decayed count of broken peaks, and of days seen.
    broken: f64,
    days: f64,
    /// Time seen, as long as it matters.
    seen: Duration,
    /// The level kills ask for, and until when.
    floor: Option<(f64, Timestamp)>,
    level: Option<f64>,
    growth: Growth,
    /// What the template gives it: its limit, else its request.
    given: Option<f64>,
}

/// The level from now on (the request where it is also the limit, else the limit), and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryDecision {
    /// The level: a new one when the verdict moves, else the one in force.
    pub level: Amount,
    /// Whether it moves, and for what.
    pub verdict: Verdict,
    /// The numbers behind it.
    pub why: MemoryWhy,
}

impl MemoryAuto {
    /// Nothing known yet. `tick` is how much time each call of [`Self::tick`] stands for.
    pub fn new(constants: impl Into<Arc<MemoryConstants>>, tick: Duration) -> Self {
        let constants = constants.into();
        let halvings = tick.as_secs_f64() / constants.learned_half_life.as_secs_f64();
        Self {
            constants,
            tick,
            fade: (-halvings).exp2(),
            peaks: Peaks::new(DAY),
            broken: 0.0,
            days: 0.0,
            seen: Duration::ZERO,
            floor: None,
            level: None,
            growth: Growth::default(),
            given: None,
        }
    }

    /// The tick that began at `start` has passed.
    pub fn tick(&mut self, start: Timestamp, seen: MemoryTick) {
        self.broken *= self.fade;
        self.days *= self.fade;
        self.peaks.pass(start);
        let now = start.plus(self.tick);
        if self.floor.is_some_and(|(_, until)| until <= now) {
            self.floor = None;
        }
        self.growth.pass(start);
        let before = self.peaks.highest().unwrap_or(0.0);
        if let Some(usage) = seen.usage() {
            let usage = usage.value().min(USAGE_MAX);
            self.sample(start, usage);
            self.growth.usage(start, usage);
        }
        if let MemoryTick::OutOfMemory { first, limit, usage } = seen {
            let least = self.constants.kill_least.value();
            let floor = (limit.value().min(USAGE_MAX) * self.constants.kill_factor).max(least);
            let floor = self.floor.map_or(floor, |(before, _)| before.max(floor));
            self.floor = Some((floor, now.plus(self.constants.kill_hold)));
            let used = usage.unwrap_or(first).max(first).value().min(USAGE_MAX);
            self.growth.killed(used.max(before).max(least), now);
        }
    }

    fn sample(&mut self, start: Timestamp, usage: f64) {
        let peak = self.peaks.highest();
        let settled = self.seen >= self.constants.broken_after;
        if settled && peak.is_some_and(|peak| usage > peak * self.constants.broken_above) {
            self.broken += 1.0;
        }
        self.peaks.add(start, usage);
        self.days += self.tick.as_secs_f64() / DAY.as_secs_f64();
        self.seen = self.seen.saturating_add(self.tick);
    }

    /// What to do now. `None` before any usage, and between two looks when nothing presses. Where
    /// a kill is answered by nothing absolute, usage of zero is none: a level of zero could never
    /// grow.
    pub fn decide(&self, now: Timestamp) -> Option<MemoryDecision> {
        let unusable = self.constants.kill_least == Amount::ZERO;
        let peak = self.peaks.highest().filter(|peak| *peak > 0.0 || !unusable)?;
        let (target, raise_below) = self.margins();
        let floor = self.floor.map(|(floor, _)| floor);
        let wanted = (peak * target).max(floor.unwrap_or(0.0));
        let must = (peak * raise_below).max(floor.unwrap_or(0.0));
        // What is there already is not taken away for having been too much.
        let most =
            self.growth.most(self.given).zip(self.level).map(|(most, level)| most.max(level));
        let within = |value: f64| most.map_or(value, |most| value.min(most));
        let verdict = match self.level {
            None => Verdict::First,
            Some(level) if must > level && within(must) <= level => Verdict::HeldAsLeak,
            Some(level) if must > level => {
                let killed = floor.is_some_and(|floor| floor > level);
                if killed { Verdict::RaisedAfterKill } else { Verdict::RaisedForPeak }
            }
            Some(_) if !crosses(now, self.tick, self.constants.lower_every) => return None,
            Some(_) if floor.is_some() => Verdict::HeldByKill,
            Some(level) if wanted * self.constants.lower_by < level => Verdict::Lowered,
            Some(_) => Verdict::NotWorthIt,
        };
        let level = if verdict.moves() { within(wanted) } else { self.level.unwrap_or(wanted) };
        let why = MemoryWhy {
            peak: amount(peak),
            margin: ratio(target - 1.0),
            times_broken: ratio(self.broken),
            days: ratio(self.days),
            floor: floor.map(amount),
            most: self.most(),
        };
        Some(MemoryDecision { level: amount(level), verdict, why })
    }

    /// What is remembered, as bytes; constants are not among it.
    pub(super) fn write(&self, out: &mut Writer) {
        self.peaks.write(out);
        out.f64(self.broken);
        out.f64(self.days);
        out.u64(self.seen.as_secs());
        out.option(self.floor, |out, (floor, until)| {
            out.f64(floor);
            out.time(until);
        });
        out.option(self.level, Writer::f64);
        self.growth.write(out);
    }

    /// Takes over what was remembered.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        self.peaks.read(from)?;
        self.broken = from.f64()?;
        self.days = from.f64()?;
        self.seen = Duration::from_secs(from.u64()?);
        self.floor = from.option(|from| Ok((from.f64()?, from.time()?)))?;
        self.level = from.option(Reader::f64)?;
        self.growth = Growth::read(from)?;
        Ok(())
    }

    /// How much time with usage was seen.
    pub(super) fn seen(&self) -> Duration {
        self.seen
    }

    /// The level above which it is not raised, while it grows without end.
    pub(super) fn most(&self) -> Option<Amount> {
        self.growth.most(self.given).and_then(Amount::new)
    }

    /// What the template gives the container from now on.
    pub(super) fn set_given(&mut self, given: Option<Amount>) {
        self.given = given.map(Amount::value);
    }

    /// The level in force, once there is one.
    pub(super) fn level(&self) -> Option<Amount> {
        self.level.and_then(Amount::new)
    }

    /// The level in force from now on, whoever set it.
    pub fn applied(&mut self, level: Amount) {
        self.level = Some(level.value());
    }

    /// The level over the peak, and the level over the peak below which it is raised at once.
    fn margins(&self) -> (f64, f64) {
        match self.constants.margin {
            MarginRule::Fixed { target, raise_below } => (target, raise_below),
            MarginRule::Learned { strength } => {
                let rate = (PRIOR_BROKEN + self.broken) / (PRIOR_DAYS + self.days);
                let margin = (strength * rate.sqrt()).clamp(MARGIN_MIN, MARGIN_MAX);
                (margin.exp(), (margin * MARGIN_KEPT).exp())
            }
        }
    }
}

pub(super) fn amount(value: f64) -> Amount {
    Amount::new(value).unwrap_or(Amount::ZERO)
}

fn ratio(value: f64) -> Ratio {
    Ratio::new(value).unwrap_or(Ratio::ZERO)
}
