//! A sub-history: what one live pod used, or all pods together that are gone.

use std::collections::BTreeMap;

use plimsoll_domain::Amount;

use crate::open::OpenSketch;
use crate::packed::Packed;
use crate::scratch::Scratch;
use crate::sketch::{Peak, Sketch};
use crate::slot::{Hour, Selection, Slot};

/// Sketches by slot: those of the newest hour open to samples, older ones packed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SubHistory {
    /// The newest hour it was told of.
    pub(crate) newest: Hour,
    /// Ordered by slot. Few: the newest hour's, and those of samples that came late.
    pub(crate) open: Vec<OpenSketch>,
    /// Ordered by slot.
    pub(crate) packed: Packed,
}

impl SubHistory {
    /// Counts one sample.
    pub(crate) fn record(&mut self, slot: Slot, amount: Amount) {
        self.settle(slot.hour());
        self.open_sketch(slot, Peak::of(amount)).record(amount);
    }

    /// Counts one sample as so many, wherever it stands in time; slots are settled when the history
    /// next goes on.
    pub(crate) fn recall(&mut self, slot: Slot, amount: Amount, times: u32) {
        if times > 0 {
            self.open_sketch(slot, Peak::of(amount)).record_times(amount, times);
        }
    }

    /// Takes in all of another. Any order of taking in ends in the same state.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for sketch in &other.open {
            let peak = sketch.peak();
            self.open_sketch(sketch.slot, peak).merge(peak, sketch.counts());
        }
        for sketch in other.packed.iter() {
            let peak = sketch.peak;
            self.open_sketch(sketch.slot, peak).merge(peak, sketch.counts);
        }
        let newest = self.newest.max(other.newest);
        self.newest = newest;
        if self.is_unsettled() {
            self.repack();
        }
    }

    /// Goes on to this hour, if it is newer: packs the hours before it, puts old ones together by
    /// six, drops the oldest.
    pub(crate) fn settle(&mut self, newest: Hour) {
        if newest > self.newest {
            self.newest = newest;
            if self.is_unsettled() {
                self.repack();
            }
        }
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.packed.len() == 0
    }

    /// All selected usage in one sketch.
    pub(crate) fn select(&self, selection: &Selection, scratch: &mut Scratch) -> Sketch {
        for sketch in &self.open {
            if selection.includes(sketch.slot) {
                scratch.add(sketch.peak(), sketch.counts());
            }
        }
        for sketch in self.packed.iter() {
            if selection.includes(sketch.slot) {
                scratch.add(sketch.peak, sketch.counts);
            }
        }
        scratch.take()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.packed.heap_bytes()
            + self.open.capacity() * size_of::<OpenSketch>()
            + self.open.iter().map(OpenSketch::heap_bytes).sum::<usize>()
    }

    /// The sketch of a slot, to count in what has this peak.
    fn open_sketch(&mut self, slot: Slot, peak: Peak) -> &mut OpenSketch {
        let index = match self.open.binary_search_by_key(&slot, |sketch| sketch.slot) {
            Ok(index) => index,
            Err(index) => {
                // Most often there are two, of both resources; a list makes room for four at first.
                self.open.reserve_exact(usize::from(self.open.is_empty()) * 2);
                self.open.insert(index, OpenSketch::new(slot, peak));
                index
            }
        };
        &mut self.open[index]
    }

    fn is_unsettled(&self) -> bool {
        let newest = self.newest;
        self.open.iter().any(|sketch| sketch.slot.hour() != newest)
            || (self.packed.slots()).any(|slot| slot.settled(newest) != Some(slot))
    }

    /// Once an hour for each pod. What stays where it is is copied as it is: unpacking all would take
    /// most of the time of a sample.
    fn repack(&mut self) {
        let mut moved = BTreeMap::<Slot, Sketch>::new();
        let newest = self.newest;
        for packed in self.packed.iter() {
            let slot = packed.slot.settled(newest).filter(|slot| *slot != packed.slot);
            if let Some(slot) = slot {
                moved.entry(slot).or_default().merge_counts(packed.peak, packed.counts);
            }
        }
        for sketch in std::mem::take(&mut self.open) {
            if sketch.slot.hour() == newest {
                self.open.push(sketch);
            } else if let Some(slot) = sketch.slot.settled(newest) {
                moved.entry(slot).or_default().merge(&sketch.closed());
            }
        }
        self.packed.put(moved, |slot| slot.settled(newest) == Some(slot));
    }
}
