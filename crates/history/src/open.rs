//! Open sketches: of an hour that goes on. A sample counts in its place without a search, so that there is
//! one for each bucket between the least and the greatest reached; at rest only those that hold any are
//! kept.

use plimsoll_domain::Amount;

use crate::bucket::bucket_of;
use crate::sketch::{Peak, Sketch};
use crate::slot::Slot;

/// Buckets for which room is made at a time: a factor of 1.5, so that an hour of steady usage makes room
/// once.
const ROOM: usize = 8;

/// Samples that are kept beside the counts before they are counted, all at once. To reach the counts of
/// 100,000 containers costs more than to count: they are in no cache when the next reading comes. Ten are
/// five minutes of one every 30 s, and fill the 64 bytes of a line.
const WAITING: usize = 10;

/// The usage of one slot. Holds at least one sample.
#[derive(Clone, Debug)]
pub(crate) struct OpenSketch {
    pub(crate) slot: Slot,
    max: Amount,
    /// Whether every sample was just that.
    is_constant: bool,
    /// Samples of zero: far below the next bucket that is reached.
    zeros: u32,
    /// The first bucket in `counts`.
    lowest: u16,
    /// By bucket; neither the first nor the last is zero.
    counts: Vec<u32>,
    /// The buckets of the newest samples, each a sample that is not in `counts` yet.
    waiting: [u16; WAITING],
    waiting_len: u8,
}

impl PartialEq for OpenSketch {
    /// Whether they counted the same.
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot && self.closed() == other.closed()
    }
}

impl OpenSketch {
    /// Nothing counted yet; `peak` is that of what is counted next.
    pub(crate) fn new(slot: Slot, Peak { max, is_constant }: Peak) -> Self {
        Self {
            slot,
            max,
            is_constant,
            zeros: 0,
            lowest: 0,
            counts: Vec::new(),
            waiting: [0; WAITING],
            waiting_len: 0,
        }
    }

    /// Counts a sample.
    pub(crate) fn record(&mut self, amount: Amount) {
        self.widen(Peak::of(amount));
        let bucket = bucket_of(amount);
        if let Some(free) = self.waiting.get_mut(usize::from(self.waiting_len)) {
            *free = bucket;
            self.waiting_len += 1;
        } else {
            for waiting in std::mem::take(&mut self.waiting) {
                self.add(waiting, 1);
            }
            self.waiting[0] = bucket;
            self.waiting_len = 1;
        }
    }

    /// Counts a sample as so many.
    pub(crate) fn record_times(&mut self, amount: Amount, times: u32) {
        self.widen(Peak::of(amount));
        self.add(bucket_of(amount), times);
    }

    /// Counts buckets and counts in any order, with the greatest amount among them.
    pub(crate) fn merge(&mut self, peak: Peak, counts: impl Iterator<Item = (u16, u32)>) {
        self.widen(peak);
        counts.for_each(|(bucket, count)| self.add(bucket, count));
    }

    /// The greatest amount.
    pub(crate) fn peak(&self) -> Peak {
        Peak { max: self.max, is_constant: self.is_constant }
    }

    /// Buckets and counts in any order, some buckets more than once.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u16, u32)> {
        let waiting = self.waiting.iter().take(usize::from(self.waiting_len));
        self.counted().chain(waiting.map(|bucket| (*bucket, 1)))
    }

    /// What was counted so far.
    pub(crate) fn closed(&self) -> Sketch {
        let mut all = Self::new(self.slot, self.peak());
        all.merge(self.peak(), self.counts());
        Sketch { peak: Some(self.peak()), counts: all.counted().collect() }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u32>()
    }

    /// What does not wait: bucket and count, ordered by bucket, no count zero.
    fn counted(&self) -> impl Iterator<Item = (u16, u32)> {
        let zeros = (self.zeros > 0).then_some((0, self.zeros));
        let others = (self.lowest..).zip(self.counts.iter().copied());
        zeros.into_iter().chain(others.filter(|entry| entry.1 > 0))
    }

    fn widen(&mut self, by: Peak) {
        Peak { max: self.max, is_constant: self.is_constant } = self.peak().and(by);
    }

    fn add(&mut self, bucket: u16, count: u32) {
        // Zero, and what is below the first, are beyond the last when counted from the first.
        let index = usize::from(bucket.wrapping_sub(self.lowest));
        match self.counts.get_mut(index) {
            Some(total) => *total = total.saturating_add(count),
            None if bucket == 0 => self.zeros = self.zeros.saturating_add(count),
            None => self.make_room(bucket, count),
        }
    }

    /// Begins to count in a bucket that is below or above all others.
    fn make_room(&mut self, bucket: u16, count: u32) {
        if self.counts.is_empty() {
            self.lowest = bucket;
        }
        let below = usize::from(self.lowest.saturating_sub(bucket));
        let above = usize::from(bucket.saturating_sub(self.lowest));
        let length = (self.counts.len() + below).max(above + 1);
        self.counts.reserve_exact((length - self.counts.len()).next_multiple_of(ROOM));
        self.counts.splice(..0, std::iter::repeat_n(0, below));
        self.counts.resize(length, 0);
        self.lowest = self.lowest.min(bucket);
        if let Some(total) = self.counts.get_mut(usize::from(bucket - self.lowest)) {
            *total = count;
        }
    }
}
