//! A histogram of usage in logarithmic buckets with two memories: one that forgets within hours and
//! one that forgets within days.

use std::iter;
use std::ops::RangeInclusive;

use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// Each bucket ends 5 % above the one before: finer than any change worth making.
const RATIO: f64 = 1.05;
/// 1.05^256 is 265,000: from a busy day down to a fortieth of a thousandth of it.
pub(super) const BUCKETS: usize = 256;
const BUCKETS_I32: i32 = 256;
/// Where the first value lands: 1.05^95 = 100 times more fits above it, 1.05^160 = 2,400 times less
/// below. Usage grows into the window from an idle start more often than it falls out of it.
const FIRST_BUCKET: i32 = 160;
/// A value on a bucket's edge belongs to it despite rounding errors of the logarithm.
const EDGE_TOLERANCE: f64 = 1e-9;
/// Buckets whose share of both memories is below this may be dropped: at any price of risk such a
/// share is worth nothing.
const NEGLIGIBLE_SHARE: f64 = 1e-6;
/// Memories make room for as many buckets more at a time: a factor of 1.5.
const ROOM: usize = 8;
/// Where the lowest bucket can be: the logarithm of an `f64` over that of the ratio.
const OFFSETS: RangeInclusive<i32> = -20_000..=20_000;
/// Weights grow instead of all buckets decaying; beyond this everything is divided. Far below the
/// largest `f32`, 3.4e38, with room for the sum of all ticks between two divisions.
const WEIGHT_MAX: f64 = 1e30;

/// Weights of usage by size, in a fast and a slow memory. At most 2 KiB; a tenth of it for usage within a
/// factor of four.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// The key of the lowest bucket: bucket `i` holds values up to `RATIO^(offset + i)`.
    offset: Option<i32>,
    fast: Memory,
    slow: Memory,
    /// The sum of value times fast weight.
    fast_sum: f64,
}

/// One memory: weights by bucket, and what a value of now weighs.
#[derive(Clone, Debug)]
struct Memory {
    /// Those from the lowest bucket that was ever reached to the highest.
    weights: Vec<f32>,
    /// The lowest of these.
    lowest: usize,
    /// Of all values, those of zero included: they are in no bucket.
    total: f64,
    now: f64,
}

/// A place in the scan from the largest usage down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// A bucket's upper edge.
    pub(super) edge: f64,
    /// Its natural logarithm.
    pub(super) ln_edge: f64,
    /// The share of time usage was above it.
    pub(super) share_above: f64,
}

impl Histogram {
    /// Every bucket of both memories.
    pub(super) const HEAP_BYTES_MAX: usize = 2 * BUCKETS * size_of::<f32>();

    pub(super) fn new() -> Self {
        Self { offset: None, fast: Memory::new(), slow: Memory::new(), fast_sum: 0.0 }
    }

    /// Lets both memories age by one tick. Factors are 2^(tick / half-life).
    pub(super) fn age(&mut self, fast_factor: f64, slow_factor: f64) {
        if let Some(divisor) = self.fast.age(fast_factor) {
            self.fast_sum /= divisor;
        }
        self.slow.age(slow_factor);
    }

    /// Adds usage of one tick, which is at most [`super::USAGE_MAX`] and counts as this share of it.
    pub(super) fn add(&mut self, value: f64, share: f64) {
        self.fast_sum += value * self.fast.now * share;
        let bucket = self.bucket(value);
        self.fast.add(bucket, share);
        self.slow.add(bucket, share);
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.option(self.offset, |out, offset| out.i64(i64::from(offset)));
        out.f64(self.fast_sum);
        self.fast.write(out);
        self.slow.write(out);
    }

    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        let offset = from.option(Reader::i64)?;
        self.offset = match offset.map(i32::try_from) {
            None => None,
            Some(Ok(offset)) if OFFSETS.contains(&offset) => Some(offset),
            Some(_) => return Err(ReadError::Malformed("bucket")),
        };
        self.fast_sum = from.f64()?;
        self.fast.read(from)?;
        self.slow.read(from)
    }

    /// The mean usage in the fast memory; 0 when there is none.
    pub(super) fn fast_mean(&self) -> f64 {
        if self.fast.total > 0.0 { self.fast_sum / self.fast.total } else { 0.0 }
    }

    /// Every bucket's edge from the highest that was ever reached down, with the share of time
    /// above it; `fast_weight` is how much the fast memory counts, the slow one counts the rest.
    pub(super) fn levels(&self, fast_weight: f64) -> impl Iterator<Item = Level> {
        let share = |weight: f64, total: f64| if total > 0.0 { weight / total } else { 0.0 };
        let fast = share(fast_weight, self.fast.total);
        let slow = share(1.0 - fast_weight, self.slow.total);
        let offset = self.offset.unwrap_or(0);
        let mut above = 0.0;
        (0..self.fast.end().max(self.slow.end()))
            .rev()
            .map(move |i| {
                let key = f64::from(offset) + i as f64;
                let level =
                    Level { edge: RATIO.powf(key), ln_edge: key * RATIO.ln(), share_above: above };
                above += self.fast.weight(i) * fast + self.slow.weight(i) * slow;
                (above, level)
            })
            .skip_while(|(from_here, _)| *from_here <= 0.0)
            .map(|(_, level)| level)
    }

    /// The share of time usage was above the highest edge that is no higher than `request`.
    pub(super) fn share_above(&self, request: f64, fast_weight: f64) -> f64 {
        let (Some(offset), true) = (self.offset, request > 0.0) else {
            return self.positive_share(fast_weight);
        };
        let first_above = floor_key(request).saturating_add(1).saturating_sub(offset);
        let first_above = usize::try_from(first_above).unwrap_or(0);
        let share = |memory: &Memory| memory.weight_from(first_above) / memory.total;
        weighted(share(&self.fast), share(&self.slow), fast_weight)
    }

    fn positive_share(&self, fast_weight: f64) -> f64 {
        let share = |memory: &Memory| memory.weight_from(0) / memory.total;
        weighted(share(&self.fast), share(&self.slow), fast_weight)
    }

    /// The bucket of a value, after making room for it; `None` for zero.
    fn bucket(&mut self, value: f64) -> Option<usize> {
        if value <= 0.0 {
            return None;
        }
        let key = ceil_key(value);
        let offset = self.offset.unwrap_or_else(|| key.saturating_sub(FIRST_BUCKET));
        self.offset = Some(offset);
        let index = key.saturating_sub(offset);
        if index >= BUCKETS_I32 {
            self.slide_up(index.saturating_sub(BUCKETS_I32 - 1));
        } else if index < 0 {
            self.slide_down(index.saturating_neg());
        }
        let index = key.saturating_sub(self.offset.unwrap_or(offset));
        Some(usize::try_from(index).unwrap_or(0).min(BUCKETS - 1))
    }

    /// Makes room above; what falls out below counts in the lowest bucket.
    fn slide_up(&mut self, by: i32) {
        self.offset = self.offset.map(|offset| offset.saturating_add(by));
        let by = usize::try_from(by).unwrap_or(0);
        self.fast.slide_up(by);
        self.slow.slide_up(by);
    }

    /// Makes room below, if next to nothing falls out above: one outlier must not blind the
    /// histogram for good.
    fn slide_down(&mut self, by: i32) {
        let lost_from = BUCKETS.saturating_sub(usize::try_from(by).unwrap_or(0));
        let light =
            |memory: &Memory| memory.weight_from(lost_from) <= NEGLIGIBLE_SHARE * memory.total;
        if light(&self.fast) && light(&self.slow) {
            self.offset = self.offset.map(|offset| offset.saturating_sub(by));
            self.fast.slide_down(BUCKETS - lost_from);
            self.slow.slide_down(BUCKETS - lost_from);
        }
    }
}

impl Memory {
    fn new() -> Self {
        Self { weights: Vec::new(), lowest: 0, total: 0.0, now: 1.0 }
    }

    /// The first bucket above those that were ever reached.
    fn end(&self) -> usize {
        self.lowest + self.weights.len()
    }

    fn weight(&self, bucket: usize) -> f64 {
        let index = bucket.checked_sub(self.lowest);
        index.and_then(|index| self.weights.get(index)).map_or(0.0, |weight| f64::from(*weight))
    }

    /// The weight of a bucket, after making room for it.
    fn weight_mut(&mut self, bucket: usize) -> Option<&mut f32> {
        if self.weights.is_empty() {
            self.lowest = bucket;
        }
        if let Some(below @ 1..) = self.lowest.checked_sub(bucket) {
            self.weights.reserve_exact(below.next_multiple_of(ROOM));
            self.weights.splice(..0, iter::repeat_n(0.0, below));
            self.lowest = bucket;
        }
        let index = bucket - self.lowest;
        if index >= self.weights.len() {
            let more = index + 1 - self.weights.len();
            self.weights.reserve_exact(more.next_multiple_of(ROOM));
            self.weights.resize(index + 1, 0.0);
        }
        self.weights.get_mut(index)
    }

    /// Returns what everything was divided by, if it was.
    fn age(&mut self, factor: f64) -> Option<f64> {
        self.now *= factor;
        if self.now <= WEIGHT_MAX {
            return None;
        }
        let divisor = self.now;
        for weight in &mut self.weights {
            *weight = narrow(f64::from(*weight) / divisor);
        }
        self.total /= divisor;
        self.now = 1.0;
        Some(divisor)
    }

    fn add(&mut self, bucket: Option<usize>, share: f64) {
        let weight = self.now * share;
        self.total += weight;
        if let Some(of_bucket) = bucket.and_then(|bucket| self.weight_mut(bucket)) {
            *of_bucket = narrow(f64::from(*of_bucket) + weight);
        }
    }

    /// Most buckets are empty: only the others are written, each with its number.
    fn write(&self, out: &mut Writer) {
        out.f64(self.total);
        out.f64(self.now);
        let used = || (self.lowest..).zip(&self.weights).filter(|(_, weight)| **weight > 0.0);
        out.length(used().count());
        for (bucket, weight) in used() {
            out.u16(u16::try_from(bucket).unwrap_or(u16::MAX));
            out.f64(f64::from(*weight));
        }
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        self.total = from.f64()?;
        self.now = from.f64()?;
        if !(self.total >= 0.0 && self.now >= 1.0) {
            return Err(ReadError::Malformed("weight"));
        }
        for (bucket, weight) in from.list(|from| Ok((from.u16()?, from.f64()?)))? {
            let bucket = Some(usize::from(bucket)).filter(|bucket| *bucket < BUCKETS);
            let slot = bucket.and_then(|bucket| self.weight_mut(bucket));
            *slot.ok_or(ReadError::Malformed("bucket"))? = narrow(weight.max(0.0));
        }
        Ok(())
    }

    fn weight_from(&self, bucket: usize) -> f64 {
        let first = bucket.saturating_sub(self.lowest);
        // The sum of nothing would be -0.
        self.weights.iter().skip(first).fold(0.0, |sum, weight| sum + f64::from(*weight))
    }

    /// What is below the new lowest bucket of the window counts in it.
    fn slide_up(&mut self, by: usize) {
        let Some(below) = by.checked_sub(self.lowest) else {
            self.lowest -= by;
            return;
        };
        let last = below.min(self.weights.len().saturating_sub(1));
        let merged: f64 = self.weights.iter().take(last + 1).map(|weight| f64::from(*weight)).sum();
        self.weights.drain(..last);
        self.lowest = 0;
        if let Some(lowest) = self.weights.first_mut() {
            *lowest = narrow(merged);
        }
    }

    fn slide_down(&mut self, by: usize) {
        self.lowest += by;
        self.weights.truncate(BUCKETS.saturating_sub(self.lowest));
    }
}

fn weighted(fast: f64, slow: f64, fast_weight: f64) -> f64 {
    let share = fast_weight * fast + (1.0 - fast_weight) * slow;
    if share.is_finite() { share } else { 0.0 }
}

/// The key of the bucket that holds a value: the lowest whose upper edge is no lower.
fn ceil_key(value: f64) -> i32 {
    whole((value.ln() / RATIO.ln() - EDGE_TOLERANCE).ceil())
}

/// The key of the highest edge that is no higher than a value.
fn floor_key(value: f64) -> i32 {
    whole((value.ln() / RATIO.ln() + EDGE_TOLERANCE).floor())
}

#[expect(clippy::cast_possible_truncation, reason = "ln of an f64 over ln 1.05 is within +-15,300")]
fn whole(key: f64) -> i32 {
    key as i32
}

#[expect(clippy::cast_possible_truncation, reason = "weights are kept below f32's largest")]
fn narrow(weight: f64) -> f32 {
    weight as f32
}
