//! A sketch: how often usage fell into each bucket, with the exact extremes.

use plimsoll_domain::{Amount, Quantile};

use crate::bucket::{bucket_of, middle};

/// Usage counted by bucket. Holds at least one sample once it is part of a history.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sketch {
    /// The least and the greatest amount; absent while nothing was counted.
    pub(crate) extremes: Option<Extremes>,
    /// Bucket and count, ordered by bucket; no count is zero.
    pub(crate) counts: Vec<(u16, u32)>,
}

/// The least and the greatest amount of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extremes {
    pub(crate) min: Amount,
    pub(crate) max: Amount,
}

impl Extremes {
    /// The extremes of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

impl Sketch {
    /// Counts one sample.
    pub(crate) fn record(&mut self, amount: Amount) {
        self.record_times(amount, 1);
    }

    /// Counts one sample as so many of the same; none at all when that is zero.
    pub(crate) fn record_times(&mut self, amount: Amount, times: u32) {
        if times > 0 {
            self.widen(Extremes { min: amount, max: amount });
            self.add(bucket_of(amount), times);
        }
    }

    /// Counts all that another sketch counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(extremes) = other.extremes {
            self.widen(extremes);
        }
        for &(bucket, count) in &other.counts {
            self.add(bucket, count);
        }
    }

    /// Makes room for these extremes.
    pub(crate) fn widen(&mut self, by: Extremes) {
        self.extremes = Some(self.extremes.map_or(by, |own| own.and(by)));
    }

    /// Adds to the count of a bucket.
    pub(crate) fn add(&mut self, bucket: u16, count: u32) {
        match self.counts.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(index) => {
                if let Some(entry) = self.counts.get_mut(index) {
                    entry.1 = entry.1.saturating_add(count);
                }
            }
            Err(index) => self.counts.insert(index, (bucket, count)),
        }
    }

    /// How many samples it counted.
    pub(crate) fn samples(&self) -> u64 {
        self.counts.iter().map(|entry| u64::from(entry.1)).sum()
    }

    /// The quantile by nearest rank, within 2.5 % and never outside the extremes; `None` when empty.
    pub(crate) fn quantile(&self, quantile: Quantile) -> Option<Amount> {
        let extremes = self.extremes?;
        let rank = nearest_rank(quantile, self.samples());
        let mut below = 0.0;
        let reached = self.counts.iter().find(|entry| {
            below += f64::from(entry.1);
            below >= rank
        });
        let amount = reached.map_or(extremes.max, |entry| middle(entry.0));
        Some(amount.clamp(extremes.min, extremes.max))
    }
}

/// The rank, from 1, of a quantile among so many samples.
///
/// A product above a whole number by no more than a rounding error counts as that number: 0.07 of
/// 100 is 7.000000000000001 in binary floating point and must stay the 7th.
fn nearest_rank(quantile: Quantile, samples: u64) -> f64 {
    (quantile.value() * samples as f64 * (1.0 - 1e-12)).ceil().max(1.0)
}
