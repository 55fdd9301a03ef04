//! A sketch: how often usage fell into each bucket, with the exact maximum.

use plimsoll_domain::{Amount, Quantile};

use crate::bucket::middle;

/// Usage counted by bucket. Holds at least one sample once it is part of a history.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sketch {
    /// The greatest amount; absent while nothing was counted.
    pub(crate) peak: Option<Peak>,
    /// Bucket and count, ordered by bucket; no count is zero.
    pub(crate) counts: Vec<(u16, u32)>,
}

/// The greatest amount of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    pub(crate) max: Amount,
    /// Whether every sample was just that.
    pub(crate) is_constant: bool,
}

impl Peak {
    /// Of one sample, or of several that are equal.
    pub(crate) fn of(amount: Amount) -> Self {
        Self { max: amount, is_constant: true }
    }

    /// The greatest amount of both.
    pub(crate) fn and(self, other: Self) -> Self {
        let is_constant = self.is_constant && other.is_constant && self.max == other.max;
        Self { max: self.max.max(other.max), is_constant }
    }
}

impl Sketch {
    /// Counts all that another sketch counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(peak) = other.peak {
            self.merge_counts(peak, other.counts.iter().copied());
        }
    }

    /// Counts what comes ordered by bucket, with the greatest amount among it.
    pub(crate) fn merge_counts(&mut self, peak: Peak, counts: impl Iterator<Item = (u16, u32)>) {
        self.peak = Some(self.peak.map_or(peak, |own| own.and(peak)));
        let mut own = std::mem::take(&mut self.counts).into_iter().peekable();
        self.counts.reserve_exact(own.len());
        for (bucket, mut count) in counts {
            while let Some(below) = own.next_if(|entry| entry.0 < bucket) {
                self.counts.push(below);
            }
            if let Some((_, same)) = own.next_if(|entry| entry.0 == bucket) {
                count = count.saturating_add(same);
            }
            self.counts.push((bucket, count));
        }
        self.counts.extend(own);
    }

    /// How many samples it counted.
    pub(crate) fn samples(&self) -> u64 {
        self.counts.iter().map(|entry| u64::from(entry.1)).sum()
    }

    /// The quantile by nearest rank, within 2.5 %, never above the maximum and exact where all samples
    /// are equal; `None` when empty.
    pub(crate) fn quantile(&self, quantile: Quantile) -> Option<Amount> {
        let peak = self.peak?;
        if peak.is_constant {
            return Some(peak.max);
        }
        let rank = nearest_rank(quantile, self.samples());
        let mut below = 0.0;
        let reached = self.counts.iter().find(|entry| {
            below += f64::from(entry.1);
            below >= rank
        });
        Some(reached.map_or(peak.max, |entry| middle(entry.0).min(peak.max)))
    }
}

/// The rank, from 1, of a quantile among so many samples.
///
/// A product above a whole number by no more than a rounding error counts as that number: 0.07 of
/// 100 is 7.000000000000001 in binary floating point and must stay the 7th.
fn nearest_rank(quantile: Quantile, samples: u64) -> f64 {
    (quantile.value() * samples as f64 * (1.0 - 1e-12)).ceil().max(1.0)
}
