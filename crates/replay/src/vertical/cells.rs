//! One recorded series on its grid of ticks: CPU as the mean of a tick, memory as its maximum.

use std::time::Duration;

use plimsoll_domain::{Resource, Timestamp};

use super::ReplayError;
use crate::trace::{Series, SeriesInfo};

/// The shortest tick: what is recorded more often is put together.
const TICK_SECONDS_MIN: i64 = 300;
/// Ten years of 5-minute ticks (1,051,200): the longest recording known spans 91 days, and two
/// samples with a slip of the pen in one time stamp must not keep the program busy for ever.
const TICKS_MAX: i64 = 1_051_200;

/// Usage by tick; a tick without a sample is a gap.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cells {
    tick: i64,
    first: i64,
    values: Vec<Option<f64>>,
}

impl Cells {
    /// `None` for a series without samples.
    pub(super) fn new(info: &SeriesInfo, series: &Series) -> Result<Option<Self>, ReplayError> {
        let tick = i64::try_from(info.step.as_secs()).unwrap_or(i64::MAX).max(TICK_SECONDS_MIN);
        let cell_of = |at: &Timestamp| at.seconds().div_euclid(tick);
        let (Some((start, _)), Some((end, _))) = (series.points.first(), series.points.last())
        else {
            return Ok(None);
        };
        let first = cell_of(start);
        let ticks = cell_of(end).saturating_sub(first).saturating_add(1);
        if ticks > TICKS_MAX {
            return Err(ReplayError::TooLong {
                series: info.id.clone(),
                file: info.file.clone(),
                ticks: ticks.unsigned_abs(),
                max: TICKS_MAX.unsigned_abs(),
            });
        }
        let mut sums = vec![(0_u32, 0.0_f64); usize::try_from(ticks).unwrap_or(0)];
        for (at, value) in &series.points {
            let index = usize::try_from(cell_of(at).saturating_sub(first)).unwrap_or(usize::MAX);
            let Some((count, sum)) = sums.get_mut(index) else { continue };
            *count += 1;
            *sum = match info.resource {
                Resource::Cpu => *sum + value.value(),
                Resource::Memory => sum.max(value.value()),
            };
        }
        let value = |(count, sum): (u32, f64)| match info.resource {
            _ if count == 0 => None,
            // A few of the largest numbers add up to none.
            Resource::Cpu => Some((sum / f64::from(count)).min(f64::MAX)),
            Resource::Memory => Some(sum),
        };
        Ok(Some(Self { tick, first, values: sums.into_iter().map(value).collect() }))
    }

    /// How long a tick is.
    pub(super) fn tick(&self) -> Duration {
        Duration::from_secs(self.tick.unsigned_abs())
    }

    /// When each tick began, and its usage.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (Timestamp, Option<f64>)> {
        self.values.iter().zip(self.first..).map(|(value, number)| {
            (Timestamp::from_seconds(number.saturating_mul(self.tick)), *value)
        })
    }

    /// How many ticks the warm-up takes.
    pub(super) fn warm_ticks(&self, warm_up: Duration) -> usize {
        let seconds = i64::try_from(warm_up.as_secs()).unwrap_or(i64::MAX);
        usize::try_from(seconds / self.tick).unwrap_or(usize::MAX)
    }

    /// Ticks from the first sample to the last, gaps included.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}
