//! Why the recommender `auto` asks for what it does, in numbers that can be said in one sentence each.

use crate::{Amount, Ratio, Timestamp};

/// What `auto` last found for one resource of a container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The end of the five minutes it was found after.
    pub at: Timestamp,
    /// Whether the request moved, and for what.
    pub verdict: AutoVerdict,
    /// The numbers behind it.
    pub why: Why,
}

/// What a judgement does to the request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoVerdict {
    /// There was no request; this is the first.
    First,
    /// Raised because the share of time above the request costs more than the rise.
    RaisedForGain,
    /// Raised because the share of time above the request is more than is allowed at all.
    RaisedForRisk,
    /// Raised because the last ticks were all above the request.
    RaisedAtOnce,
    /// Raised because a peak came near the request.
    RaisedForPeak,
    /// Raised because the container was killed for want of memory.
    RaisedAfterKill,
    /// Lowered because what is freed is worth more than the risk.
    Lowered,
    /// Left alone: the change is not worth making.
    NotWorthIt,
    /// Left alone: a recent kill holds the request up.
    HeldByKill,
    /// Left alone: it grows without end, and has been given ten times what it was content with.
    HeldAsLeak,
}

impl AutoVerdict {
    /// Whether the request changes.
    pub fn moves(self) -> bool {
        !matches!(self, Self::NotWorthIt | Self::HeldByKill | Self::HeldAsLeak)
    }
}

/// The numbers behind a judgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// CPU, by the price of risk.
    Cpu(CpuWhy),
    /// Memory whose request is its limit, by its peak.
    Memory(MemoryWhy),
    /// Memory that may burst above its request.
    Burstable {
        /// The highest usage of the last day, which the request is kept above.
        day_peak: Amount,
    },
}

/// The numbers behind a judgement on CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuWhy {
    /// The price of risk this container pays now.
    pub price: Ratio,
    /// The price that is set: by a person, else the shipped one.
    pub price_set: Ratio,
    /// How many times that it pays for having been above its request for too long: 1 or more.
    pub debt_factor: Ratio,
    /// The share of samples above the request over the last days.
    pub time_above_lately: Ratio,
    /// The share of time above the request in force, by today's memory; `None` without a request.
    pub time_above: Option<Ratio>,
    /// The share of time above the cheapest request.
    pub time_above_cheapest: Ratio,
    /// The cheapest request.
    pub cheapest: Amount,
    /// What going there would gain, as a share of the request; `None` without a request.
    pub gain: Option<Ratio>,
    /// What it must gain to be worth a move.
    pub gain_needed: Ratio,
    /// The least request that leaves the busiest pod no more time above it than is allowed; `None`
    /// where one pod is all there is.
    pub busiest_pod: Option<Amount>,
}

/// The numbers behind a judgement on memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryWhy {
    /// The highest usage of 30 days.
    pub peak: Amount,
    /// What is added to it: 0.2 is 20 %.
    pub margin: Ratio,
    /// How often the peak was broken lately; older times count less.
    pub times_broken: Ratio,
    /// In how many days; older days count less.
    pub days: Ratio,
    /// The level a recent kill asks for.
    pub floor: Option<Amount>,
    /// The level above which it is not raised; absent unless it grew for days or was killed lately.
    pub most: Option<Amount>,
}
