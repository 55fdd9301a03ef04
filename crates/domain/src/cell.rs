//! Five minutes of a container's usage: what is stored of the past, forecast from and replayed.

use std::time::Duration;

use crate::{Amount, Resource, Timestamp};

/// What all pods of a container used in five minutes of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageCell {
    /// When it began; a whole multiple of [`LENGTH`](Self::LENGTH) since the epoch.
    pub start: Timestamp,
    /// The mean of the pods' own means of CPU; absent where no pod told any, or all had just started.
    pub cpu_mean: Option<Amount>,
    /// The greatest of the pods' own means of CPU.
    pub cpu_max: Option<Amount>,
    /// The most memory that any pod used at once.
    pub memory_max: Option<Amount>,
    /// How many pods were seen.
    pub pods: u32,
}

impl UsageCell {
    /// How long a cell is.
    pub const LENGTH: Duration = Duration::from_mins(5);

    /// What a container of the workload used, as it is sized: the mean of CPU, the most memory.
    pub fn usage(&self, resource: Resource) -> Option<Amount> {
        match resource {
            Resource::Cpu => self.cpu_mean,
            Resource::Memory => self.memory_max,
        }
    }
}

impl UsageCell {
    /// What a scaler must cover, in the precision it is stored with, so that what is read back later is
    /// what was seen: the greatest of the pods, in ten bits of mantissa, from 2^-18 (4 millionths of a
    /// core) to just below 2^46 (64 TiB). CPU is at most 0.05 % off; memory at most 0.1 % too high.
    pub fn stored_peak(&self, resource: Resource) -> Option<Amount> {
        const DROPPED: u32 = 52 - 10;
        const LEAST: u64 = (1023 - 18) << 52;
        const GREATEST: u64 = ((1023 + 46) << 52) - (3 << DROPPED);
        let (peak, up) = match resource {
            Resource::Cpu => (self.cpu_max?, 1 << (DROPPED - 1)),
            Resource::Memory => (self.memory_max?, (1 << DROPPED) - 1),
        };
        if peak == Amount::ZERO {
            return Some(peak);
        }
        let rounded = peak.value().to_bits().saturating_add(up) >> DROPPED << DROPPED;
        Amount::new(f64::from_bits(rounded.clamp(LEAST, GREATEST)))
    }
}
