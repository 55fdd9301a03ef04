//! CPU by the price of risk: the request is where freeing one percent more would cost more time
//! above the request than it is worth.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Amount, CpuWhy, Ratio, Timestamp};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::histogram::Histogram;
use super::price::Terms;
use super::runs::Runs;
use super::{CpuConstants, USAGE_MAX, Verdict, crosses};

/// Ticks that are told apart; a year of five minutes.
const KNOWN_MAX: f64 = 105_120.0;

/// What is remembered of one container's CPU, and the request in force.
#[derive(Clone, Debug)]
pub struct CpuAuto {
    /// Shared: most containers go by the same.
    constants: Arc<CpuConstants>,
    tick: Duration,
    factors: Factors,
    histogram: Histogram,
    /// Ticks with a sample, up to those of the cold span.
    known_ticks: f64,
    request: Option<f64>,
    /// Decayed share of samples above the request that was in force.
    debt: f64,
    /// Whether the last tick was above the request.
    pressed: bool,
    /// Pods with samples in a row above the request.
    runs: Runs,
    /// Decayed count of moves.
    moves: f64,
}

/// 2^(tick / half-life) and its like, computed once.
#[derive(Clone, Copy, Debug)]
struct Factors {
    fast: f64,
    slow: f64,
    debt_step: f64,
    moves: f64,
}

/// What is to be requested from now on, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuDecision {
    /// The request: a new one when the verdict moves, else the one in force.
    pub request: Amount,
    /// Whether it moves, and for what.
    pub verdict: Verdict,
    /// The numbers behind it.
    pub why: CpuWhy,
}

impl CpuAuto {
    /// The most that one takes, the heap included but for the names of pods above their request.
    pub const STATE_BYTES_MAX: usize = size_of::<Self>() + Histogram::HEAP_BYTES_MAX;

    /// Nothing known yet. `tick` is how much time each call of [`Self::tick`] stands for.
    pub fn new(constants: impl Into<Arc<CpuConstants>>, tick: Duration) -> Self {
        let constants = constants.into();
        Self {
            factors: Factors::of(&constants, tick),
            constants,
            tick,
            histogram: Histogram::new(),
            known_ticks: 0.0,
            request: None,
            debt: 0.0,
            pressed: false,
            runs: Runs::default(),
            moves: 0.0,
        }
    }

    /// What it goes by.
    pub(super) fn constants(&self) -> &Arc<CpuConstants> {
        &self.constants
    }

    /// The same memory under other constants from now on.
    pub(super) fn set_constants(&mut self, constants: &Arc<CpuConstants>) {
        if self.constants != *constants {
            self.factors = Factors::of(constants, self.tick);
            self.constants = Arc::clone(constants);
        }
    }

    /// One tick has passed, with this mean usage of the only pod there is; `None` is a gap, in which
    /// only memory fades.
    pub fn tick(&mut self, usage: Option<Amount>) {
        self.tick_pods(usage.into_iter().map(|usage| ("", usage)));
    }

    /// One tick has passed, with these pods and the mean usage of each: all weigh the same.
    pub(super) fn tick_pods<'a>(&mut self, pods: impl Iterator<Item = (&'a str, Amount)> + Clone) {
        self.histogram.age(self.factors.fast, self.factors.slow);
        self.moves *= self.factors.moves;
        self.pressed = false;
        let count = pods.clone().count();
        if count == 0 {
            return;
        }
        let share = 1.0 / count as f64;
        let mut above = 0_usize;
        for (pod, usage) in pods {
            let usage = usage.value().min(USAGE_MAX);
            self.histogram.add(usage, share);
            let Some(request) = self.request else { continue };
            let is_above = usage > request;
            above += usize::from(is_above);
            self.runs.note(pod, usage, is_above);
        }
        self.known_ticks += 1.0;
        if self.request.is_some() {
            let above = above as f64 * share;
            self.debt += self.factors.debt_step * (above - self.debt);
            self.pressed = above > 0.0;
        }
    }

    /// A pod is gone.
    pub(super) fn end_pod(&mut self, pod: &str) {
        self.runs.end(pod);
    }

    /// All pods are gone.
    pub(super) fn end_pods(&mut self) {
        self.runs = Runs::default();
    }

    /// What to do now. `None` before any usage, and between two looks when nothing presses: the
    /// last sample was not above the request.
    pub fn decide(&self, now: Timestamp) -> Option<CpuDecision> {
        self.is_due(now).then(|| self.judge(None))
    }

    /// The same where no request may be below what the busiest pod needs, `busiest`.
    pub(super) fn decide_above(
        &self,
        now: Timestamp,
        busiest: impl FnOnce(Ratio) -> Option<Amount>,
    ) -> Option<CpuDecision> {
        self.is_due(now).then(|| self.judge(busiest(ratio(self.constants.share_max))))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let pressed = self.request.is_none() || self.pressed;
        let due = pressed || crosses(now, self.tick, self.constants.look_every);
        due && self.known_ticks > 0.0
    }

    /// How much time with usage was seen, as far as it matters.
    pub(super) fn known(&self) -> Duration {
        self.tick.mul_f64(self.known_ticks.min(KNOWN_MAX))
    }

    /// The request in force, once there is one.
    pub(super) fn request(&self) -> Option<Amount> {
        self.request.and_then(Amount::new)
    }

    /// What is remembered, as bytes; constants are not among it.
    pub(super) fn write(&self, out: &mut Writer) {
        self.histogram.write(out);
        out.f64(self.known_ticks);
        out.option(self.request, Writer::f64);
        out.f64(self.debt);
        out.u16(u16::from(self.pressed));
        out.f64(self.moves);
        self.runs.write(out);
    }

    /// Takes over what was remembered.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        self.histogram.read(from)?;
        self.known_ticks = from.f64()?;
        self.request = from.option(Reader::f64)?;
        self.debt = from.f64()?;
        self.pressed = from.u16()? != 0;
        self.moves = from.f64()?;
        self.runs = Runs::read(from)?;
        Ok(())
    }

    /// The request in force from now on, whoever set it.
    pub fn applied(&mut self, request: Amount) {
        let request = request.value();
        if self.request.is_some_and(|before| before.total_cmp(&request).is_ne()) {
            self.moves += 1.0;
        }
        self.request = Some(request);
    }

    fn judge(&self, busiest: Option<Amount>) -> CpuDecision {
        let constants = &self.constants;
        let debt_factor = self.debt_factor();
        let terms = self.terms(debt_factor);
        let (level, least_cost) = terms
            .cheapest(&self.histogram)
            .map_or((0.0, f64::NEG_INFINITY), |(level, cost)| (level.edge, cost));
        let unbound = level.max(self.histogram.fast_mean());
        let floor = busiest.map_or(0.0, Amount::value);
        let cheapest = unbound.max(floor);
        let above = |request| self.histogram.share_above(request, constants.fast_weight);
        let burden = 1.0 + constants.move_burden * self.moves;
        let mut case = Case {
            cheapest,
            floor,
            gain: None,
            share_above: self.request.map(above),
            share_allowed: constants.raise_excess * terms.share_max,
            raise_gain: constants.raise_gain * burden,
            lower_gain: constants.lower_gain * burden,
        };
        if let (Some(request), Some(share)) = (self.request, case.share_above) {
            // A bound that is above the cheapest level makes that level's cost out of reach.
            let least_cost =
                if floor > unbound { terms.cost(floor.ln(), above(floor)) } else { least_cost };
            case.gain = Some(terms.cost(request.ln(), share) - least_cost);
        }
        let (request, verdict) = self.verdict(&case);
        let lowers = self.request.is_some_and(|request| cheapest < request);
        CpuDecision {
            request: amount(request),
            verdict,
            why: CpuWhy {
                price: ratio(terms.price),
                price_set: ratio(constants.price),
                debt_factor: ratio(debt_factor),
                time_above_lately: ratio(self.debt),
                time_above: case.share_above.map(ratio),
                time_above_cheapest: ratio(above(cheapest)),
                cheapest: amount(cheapest),
                gain: case.gain.map(ratio),
                busiest_pod: busiest,
                gain_needed: ratio(if lowers { case.lower_gain } else { case.raise_gain }),
            },
        }
    }

    fn verdict(&self, case: &Case) -> (f64, Verdict) {
        let Some(request) = self.request else { return (case.cheapest, Verdict::First) };
        let run = self.runs.least_of(self.constants.ticks_in_a_row);
        let target = run.map_or(case.cheapest, |least| case.cheapest.max(least));
        let gain = case.gain.unwrap_or(0.0);
        if target > request {
            if run.is_some_and(|least| least > request) {
                return (target, Verdict::RaisedAtOnce);
            } else if gain > case.raise_gain {
                return (target, Verdict::RaisedForGain);
            } else if case.is_too_risky(request) {
                return (target, Verdict::RaisedForRisk);
            }
        } else if target < request && gain > case.lower_gain {
            return (target, Verdict::Lowered);
        }
        (request, Verdict::NotWorthIt)
    }

    /// 1, or more for a container that was above its request for longer than is free: quadratic,
    /// so that a habit is stopped and an accident is not.
    fn debt_factor(&self) -> f64 {
        (self.debt / self.constants.debt_free).powi(2).max(1.0)
    }

    fn terms(&self, debt_factor: f64) -> Terms {
        let constants = &self.constants;
        let known = self.known_ticks * self.tick.as_secs_f64() / constants.cold_span.as_secs_f64();
        let cold = 1.0 + constants.cold_boost * (1.0 - known).max(0.0).sqrt();
        Terms {
            price: constants.price * debt_factor * cold,
            share_max: constants.share_max / debt_factor,
            fast_weight: constants.fast_weight,
        }
    }
}

/// What a verdict is given on.
#[derive(Clone, Copy, Debug)]
struct Case {
    cheapest: f64,
    /// What the busiest pod needs at least.
    floor: f64,
    gain: Option<f64>,
    share_above: Option<f64>,
    share_allowed: f64,
    raise_gain: f64,
    lower_gain: f64,
}

impl Case {
    /// Whether the request in force leaves more time above it than is allowed: of all pods together,
    /// or of the busiest alone by more than a move must gain.
    fn is_too_risky(&self, request: f64) -> bool {
        self.share_above.is_some_and(|share| share > self.share_allowed)
            || self.floor > request * (1.0 + self.raise_gain)
    }
}

impl Factors {
    fn of(constants: &CpuConstants, tick: Duration) -> Self {
        let halvings = |half_life: Duration| tick.as_secs_f64() / half_life.as_secs_f64();
        Self {
            fast: halvings(constants.fast_half_life).exp2(),
            slow: halvings(constants.slow_half_life).exp2(),
            debt_step: 1.0 - (-halvings(constants.debt_half_life)).exp2(),
            moves: (-halvings(constants.move_half_life)).exp2(),
        }
    }
}

fn amount(value: f64) -> Amount {
    Amount::new(value).unwrap_or(Amount::ZERO)
}

/// Infinite gains (to or from nothing) become the greatest number.
fn ratio(value: f64) -> Ratio {
    Ratio::new(value.clamp(f64::MIN, f64::MAX)).unwrap_or(Ratio::ZERO)
}
