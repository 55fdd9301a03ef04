//! Sketches at rest: two arrays for all sketches of a sub-history instead of one list for each.
//!
//! A noisy hour has about 40 occupied buckets. As pairs they would take 8 bytes each; packed they
//! take one, since neighbours are occupied too and counts are small: a number is a count times two
//! for the next bucket, or (odd) twice the buckets skipped, in 7 bits a byte.

use plimsoll_domain::Amount;

use crate::sketch::{Extremes, Sketch};
use crate::slot::Slot;

/// Sketches ordered by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Packed {
    heads: Box<[Head]>,
    counts: Box<[u8]>,
}

/// One sketch's place, extremes, and where its counts end; they begin where those before end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Head {
    min: Amount,
    max: Amount,
    slot: Slot,
    end: u32,
}

/// A packed sketch, to be read.
#[derive(Clone, Debug)]
pub(crate) struct PackedSketch<'a> {
    pub(crate) slot: Slot,
    pub(crate) extremes: Extremes,
    pub(crate) counts: Counts<'a>,
}

impl Packed {
    /// Packs sketches that come ordered by slot; empty ones are left out.
    pub(crate) fn new(sketches: impl IntoIterator<Item = (Slot, Sketch)>) -> Self {
        let mut heads = Vec::new();
        let mut counts = Vec::new();
        for (slot, sketch) in sketches {
            let Some(Extremes { min, max }) = sketch.extremes else {
                continue;
            };
            pack_counts(&sketch.counts, &mut counts);
            // A sub-history has at most 61 x 10 sketches of at most 8 KiB: 5 MB, far below 4 GiB.
            let end = u32::try_from(counts.len()).unwrap_or(u32::MAX);
            heads.push(Head { min, max, slot, end });
        }
        Self { heads: heads.into_boxed_slice(), counts: counts.into_boxed_slice() }
    }

    /// All sketches, ordered by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PackedSketch<'_>> {
        let mut start = 0;
        self.heads.iter().map(move |head| {
            let end = head.end as usize;
            let bytes = self.counts.get(start..end).unwrap_or_default();
            start = end;
            PackedSketch {
                slot: head.slot,
                extremes: Extremes { min: head.min, max: head.max },
                counts: Counts::new(bytes),
            }
        })
    }

    /// How many sketches there are.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// The slots of all sketches, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.heads.iter().map(|head| head.slot)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.heads) + self.counts.len()
    }
}

impl PackedSketch<'_> {
    /// The sketch, to be changed.
    pub(crate) fn unpack(self) -> Sketch {
        Sketch { extremes: Some(self.extremes), counts: self.counts.collect() }
    }
}

/// Appends counts in packed form.
pub(crate) fn pack_counts(counts: &[(u16, u32)], out: &mut Vec<u8>) {
    let mut next = 0;
    for &(bucket, count) in counts {
        let skipped = u64::from(bucket.saturating_sub(next));
        if skipped > 0 {
            pack_number(skipped << 1 | 1, out);
        }
        pack_number(u64::from(count) << 1, out);
        next = bucket.saturating_add(1);
    }
}

fn pack_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f | 0x80).to_le_bytes()[0]);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Reads packed counts; ends early at bytes that are none.
#[derive(Clone, Debug)]
pub(crate) struct Counts<'a> {
    bytes: &'a [u8],
    next: u16,
}

impl<'a> Counts<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0 }
    }

    /// What is still to be read.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        // A count has 33 bits with its mark: five groups of 7.
        for group in 0..5 {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << (7 * group);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

impl Iterator for Counts<'_> {
    type Item = (u16, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let mut number = self.number()?;
        if number & 1 == 1 {
            self.next = self.next.checked_add(u16::try_from(number >> 1).ok()?)?;
            number = self.number()?;
        }
        if number & 1 == 1 {
            return None;
        }
        let bucket = self.next;
        self.next = bucket.checked_add(1)?;
        Some((bucket, u32::try_from(number >> 1).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[(u16, u32)], bytes: usize) {
        let mut packed = Vec::new();
        pack_counts(counts, &mut packed);
        assert_eq!(packed.len(), bytes, "{counts:?}");
        assert_eq!(Counts::new(&packed).collect::<Vec<_>>(), counts);
    }

    #[test]
    fn neighbours_take_a_byte_each_and_gaps_another() {
        check(&[], 0);
        check(&[(0, 1)], 1);
        check(&[(5, 1), (6, 63), (7, 2)], 4);
        check(&[(5, 64), (1280, 1)], 6);
        check(&[(u16::MAX - 1, u32::MAX)], 8);
    }
}
