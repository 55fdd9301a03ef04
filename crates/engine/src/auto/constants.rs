//! The constants of `auto`, each with what it means. Few, round, and the same for every container.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Amount, Ratio};

const HOUR: Duration = Duration::from_hours(1);

/// How CPU is sized. One knob is the user's: [`CpuConstants::with_price`].
#[derive(Clone, Debug, PartialEq)]
pub struct CpuConstants {
    /// What time above the request costs: a share `e` of time costs as much as a request
    /// `price * e^1.5` times (in logarithms) larger. The knob between cost and safety.
    pub(super) price: f64,
    /// Half-life of the fast memory: the load of these hours.
    pub(super) fast_half_life: Duration,
    /// Half-life of the slow memory: yesterday and the day before.
    pub(super) slow_half_life: Duration,
    /// How much the fast memory counts; the slow one counts the rest.
    pub(super) fast_weight: f64,
    /// No request may leave more than this share of time above it, whatever it saves.
    pub(super) share_max: f64,
    /// What a raise must gain, in logarithms of the request: .05 is 5 % of it.
    pub(super) raise_gain: f64,
    /// What a cut must gain; more than a raise, as a cut can be regretted.
    pub(super) lower_gain: f64,
    /// A share of time above the request of this many times the allowed raises without any gain.
    pub(super) raise_excess: f64,
    /// This many ticks in a row above the request raise it at once; 0 switches that off.
    pub(super) ticks_in_a_row: u32,
    /// By how much of itself each recent move raises the gain that the next one needs: where a move
    /// restarts pods, moves must become rarer.
    pub(super) move_burden: f64,
    /// Half-life of the memory of moves.
    pub(super) move_half_life: Duration,
    /// The price is this much higher (1 = doubled) for a container just met, and less with the root
    /// of what is left of the cold span: what was not yet seen fades slower than time passes.
    pub(super) cold_boost: f64,
    /// When a container counts as known.
    pub(super) cold_span: Duration,
    /// Share of time above its request a container may have had without paying more.
    pub(super) debt_free: f64,
    /// Half-life of the memory of that share.
    pub(super) debt_half_life: Duration,
    /// How often a request is looked at when nothing presses.
    pub(super) look_every: Duration,
}

impl CpuConstants {
    /// Where pods can be resized in place: follows the load within the hour.
    pub fn in_place() -> Self {
        Self {
            price: 15.0,
            fast_half_life: Duration::from_mins(90),
            slow_half_life: HOUR * 36,
            fast_weight: 0.5,
            share_max: 0.25,
            raise_gain: 0.05,
            lower_gain: 0.10,
            raise_excess: 1.0,
            ticks_in_a_row: 3,
            move_burden: 0.0,
            move_half_life: HOUR * 96,
            cold_boost: 3.0,
            cold_span: HOUR * 24,
            debt_free: 0.02,
            debt_half_life: HOUR * 24 * 8,
            look_every: HOUR,
        }
    }

    /// Where a change restarts pods: a longer memory, fewer moves.
    pub fn restart() -> Self {
        Self {
            price: 27.0,
            fast_half_life: HOUR * 10,
            slow_half_life: HOUR * 48,
            fast_weight: 0.75,
            share_max: 0.20,
            raise_gain: 0.12,
            lower_gain: 0.18,
            raise_excess: 1.25,
            ticks_in_a_row: 0,
            move_burden: 0.5,
            cold_boost: 1.0,
            ..Self::in_place()
        }
    }

    /// The same at another price of risk: higher is safer and costs more.
    #[must_use]
    pub fn with_price(self, price: Ratio) -> Self {
        Self { price: price.value().max(0.0), ..self }
    }
}

/// How far above the peak a memory level is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarginRule {
    /// Learned: `strength * sqrt((.3 + times broken) / (1 + days seen))`, in logarithms, within
    /// 5 % and a factor of e. A container that never broke its peak ends near the 5 %.
    Learned {
        /// How much a broken peak weighs; .5 leaves about one kill in a hundred days.
        strength: f64,
    },
    /// A fixed multiple of the peak; raised when the peak comes within another, smaller multiple.
    Fixed {
        /// The level over the peak.
        target: f64,
        /// The level below which it is raised at once, over the peak.
        raise_below: f64,
    },
}

/// How a memory level over the 30-day peak is kept: the request where limit and request are one,
/// else the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryConstants {
    /// How far above the peak.
    pub(super) margin: MarginRule,
    /// A sample this much above the peak counts as having broken it.
    pub(super) broken_above: f64,
    /// How long a container must have been seen before a broken peak counts: at first every sample
    /// breaks the peak.
    pub(super) broken_after: Duration,
    /// Half-life of what was learned about broken peaks.
    pub(super) learned_half_life: Duration,
    /// How often lowering is looked at.
    pub(super) lower_every: Duration,
    /// Lowered only when the new level times this is still below the present one.
    pub(super) lower_by: f64,
    /// After a kill the level is at least this many times the limit that killed, as a kill says
    /// only that the need was higher, not how high.
    pub(super) kill_factor: f64,
    /// After a kill the level is at least this: a kill at next to nothing teaches nothing.
    pub(super) kill_least: Amount,
    /// How long that lasts; then the peak, which the kill raised, speaks for itself.
    pub(super) kill_hold: Duration,
}

impl MemoryConstants {
    /// Request and limit are one: a learned margin.
    pub fn guaranteed() -> Self {
        Self {
            margin: MarginRule::Learned { strength: 0.5 },
            broken_above: 1.05,
            broken_after: HOUR * 6,
            learned_half_life: HOUR * 24 * 20,
            lower_every: HOUR * 6,
            lower_by: 1.1,
            kill_factor: 1.6,
            // The grid on which memory is requested.
            kill_least: Amount::from_mebibytes(1),
            kill_hold: HOUR * 24,
        }
    }

    /// The limit above a request of its own: twice the peak costs nothing until it is used.
    pub fn burst_limit() -> Self {
        Self { margin: MarginRule::Fixed { target: 2.0, raise_below: 1.75 }, ..Self::guaranteed() }
    }

    /// For usage in fractions of a machine, where no absolute amount has a meaning.
    #[must_use]
    pub fn scale_free(self) -> Self {
        Self { kill_least: Amount::ZERO, ..self }
    }
}

/// How memory is sized where the request may be below the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct BurstableConstants {
    /// The limit.
    pub(super) limit: Arc<MemoryConstants>,
    /// The request over the peak of the last day.
    pub(super) request_margin: f64,
    /// How often lowering the request is looked at.
    pub(super) lower_every: Duration,
    /// The request is lowered only when the new one times this is still below the present one.
    pub(super) lower_by: f64,
}

impl BurstableConstants {
    /// The day's peak plus 5 %, and a limit of twice the 30-day peak.
    pub fn standard() -> Self {
        Self {
            limit: Arc::new(MemoryConstants::burst_limit()),
            request_margin: 1.05,
            lower_every: HOUR * 6,
            lower_by: 1.1,
        }
    }

    /// For usage in fractions of a machine, where no absolute amount has a meaning.
    #[must_use]
    pub fn scale_free(self) -> Self {
        let limit = Arc::unwrap_or_clone(self.limit).scale_free();
        Self { limit: Arc::new(limit), ..self }
    }
}
