//! Sketches at rest: two arrays for all sketches of a sub-history instead of one list for each.
//!
//! A noisy hour has about 40 occupied buckets. As pairs they would take 8 bytes each; packed they
//! take one, since neighbours are occupied too and counts are small: a number is a count times two
//! for the next bucket, or (odd) twice the buckets skipped, in 7 bits a byte.

use std::collections::BTreeMap;

use plimsoll_domain::Amount;

use crate::sketch::{Peak, Sketch};
use crate::slot::Slot;

/// Sketches ordered by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Packed {
    heads: Vec<Head>,
    /// Of each sketch the length of its counts, then these.
    counts: Vec<u8>,
}

/// One sketch's place and maximum. Not aligned as numbers most often are: a third of it would be
/// empty, and every container has a hundred.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(Rust, packed(4))]
struct Head {
    max: Amount,
    /// The slot's code with a mark where all samples are equal.
    place: u32,
}

/// A packed sketch, to be read.
#[derive(Clone, Debug)]
pub(crate) struct PackedSketch<'a> {
    pub(crate) slot: Slot,
    pub(crate) peak: Peak,
    pub(crate) counts: Counts<'a>,
}

impl Packed {
    /// All sketches, ordered by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PackedSketch<'_>> {
        let mut rest = self.counts.as_slice();
        self.heads.iter().map(move |head| {
            let length = unpack_number(&mut rest).and_then(|length| usize::try_from(length).ok());
            let (bytes, after) = rest.split_at(length.unwrap_or(0).min(rest.len()));
            rest = after;
            let (slot, is_constant) = Slot::unmarked(head.place);
            let peak = Peak { max: head.max, is_constant };
            PackedSketch { slot, peak, counts: Counts::new(bytes) }
        })
    }

    /// Keeps those that stay where they are, and puts others beside them, or joins them where they have
    /// the same slot; empty ones are left out.
    pub(crate) fn put(&mut self, others: BTreeMap<Slot, Sketch>, stays: impl Fn(Slot) -> bool) {
        let mut packer = Packer {
            heads: Vec::with_capacity(self.heads.len() + others.len()),
            counts: Vec::with_capacity(self.counts.len() + others.len() * COUNTS_OF_AN_HOUR),
        };
        let mut others = others.into_iter().peekable();
        for own in self.iter().filter(|own| stays(own.slot)) {
            while let Some((slot, sketch)) = others.next_if(|other| other.0 < own.slot) {
                packer.add_sketch(slot, &sketch);
            }
            match others.next_if(|other| other.0 == own.slot) {
                Some((slot, mut sketch)) => {
                    sketch.merge_counts(own.peak, own.counts);
                    packer.add_sketch(slot, &sketch);
                }
                None => packer.add(own.slot, own.peak, own.counts.bytes()),
            }
        }
        for (slot, sketch) in others {
            packer.add_sketch(slot, &sketch);
        }
        packer.finish(self);
    }

    /// How many sketches there are.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// The slots of all sketches, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.heads.iter().map(|head| Slot::unmarked(head.place).0)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>() + self.counts.capacity()
    }
}

/// Bytes that the counts of a noisy hour take.
const COUNTS_OF_AN_HOUR: usize = 40;

/// Packs one sketch after the other, in the order of their slots.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    heads: Vec<Head>,
    counts: Vec<u8>,
}

impl Packer {
    /// With room for what most sub-histories have: some 130 sketches of 30 bytes each.
    pub(crate) fn with_room() -> Self {
        Self { heads: Vec::with_capacity(160), counts: Vec::with_capacity(6 * 1024) }
    }

    /// Adds a sketch whose counts are packed.
    pub(crate) fn add(&mut self, slot: Slot, Peak { max, is_constant }: Peak, counts: &[u8]) {
        pack_number(counts.len() as u64, &mut self.counts);
        self.counts.extend_from_slice(counts);
        self.heads.push(Head { max, place: slot.marked(is_constant) });
    }

    /// Moves all of them there, in the place of what there is; another lot can be packed then.
    pub(crate) fn finish(&mut self, packed: &mut Packed) {
        refill(&mut packed.heads, &self.heads, ROOM / size_of::<Head>());
        refill(&mut packed.counts, &self.counts, ROOM);
        self.heads.clear();
        self.counts.clear();
    }

    fn add_sketch(&mut self, slot: Slot, sketch: &Sketch) {
        if let Some(peak) = sketch.peak {
            let mut counts = Vec::with_capacity(COUNTS_OF_AN_HOUR);
            pack_counts(sketch.counts.iter().copied(), &mut counts);
            self.add(slot, peak, &counts);
        }
    }
}

/// Lists make room for as many bytes more at a time: what is added in half a day.
const ROOM: usize = 512;

/// Fills a list anew, where it is as long as it has room: every history is packed every hour, and one
/// that moves for a few bytes more leaves a hole behind that is too small for the next.
fn refill<T: Copy>(list: &mut Vec<T>, with: &[T], step: usize) {
    let room = with.len().next_multiple_of(step);
    list.clear();
    if list.capacity() < room || list.capacity() > 2 * room {
        *list = Vec::with_capacity(room);
    }
    list.extend_from_slice(with);
}

/// Appends counts in packed form.
pub(crate) fn pack_counts(counts: impl Iterator<Item = (u16, u32)>, out: &mut Vec<u8>) {
    let mut next = 0;
    for (bucket, count) in counts {
        let skipped = u64::from(bucket.saturating_sub(next));
        if skipped > 0 {
            pack_number(skipped << 1 | 1, out);
        }
        pack_number(u64::from(count) << 1, out);
        next = bucket.saturating_add(1);
    }
}

/// Reads counts into `counts`, in the place of what is there. `None` for bytes that [`pack_counts`]
/// does not write: whoever keeps them as they are must know that they are read the same again.
pub(crate) fn unpack_counts(mut bytes: &[u8], counts: &mut Vec<(u16, u32)>) -> Option<()> {
    counts.clear();
    let mut next = 0_u16;
    while !bytes.is_empty() {
        let mut number = unpack_number(&mut bytes)?;
        if number & 1 == 1 {
            let skipped = u16::try_from(number >> 1).ok().filter(|skipped| *skipped > 0)?;
            next = next.checked_add(skipped)?;
            number = unpack_number(&mut bytes).filter(|number| number & 1 == 0)?;
        }
        counts.push((next, u32::try_from(number >> 1).ok()?));
        next = next.checked_add(1)?;
    }
    Some(())
}

/// The number in front, in as few bytes as it fits.
fn unpack_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    // A count has 33 bits with its mark: five groups of 7.
    for group in 0..5 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * group);
        if byte < 0x80 {
            return (byte > 0 || group == 0).then_some(number);
        }
    }
    None
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
        pack_counts(counts.iter().copied(), &mut packed);
        assert_eq!(packed.len(), bytes, "{counts:?}");
        assert_eq!(Counts::new(&packed).collect::<Vec<_>>(), counts);
    }

    /// What is unpacked is what is packed again to the same bytes, and nothing else is.
    #[test]
    fn only_what_is_packed_is_unpacked() {
        let mut seed = 1_u32;
        let mut found = 0;
        for _ in 0..200_000 {
            let mut bytes = Vec::new();
            for _ in 0..seed % 7 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [_, _, low, high] = seed.to_le_bytes();
                // Often small, and often the first byte of several.
                bytes.push(if high < 100 { low & 0x83 } else { low });
            }
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let slow: Vec<(u16, u32)> = Counts::new(&bytes).collect();
            let mut again = Vec::new();
            pack_counts(slow.iter().copied(), &mut again);
            let mut counts = vec![(9, 9)];
            let is_packed = unpack_counts(&bytes, &mut counts).is_some();
            assert_eq!(is_packed, again == bytes, "{bytes:?}");
            assert!(!is_packed || counts == slow, "{bytes:?}");
            found += u32::from(is_packed && !bytes.is_empty());
        }
        assert!(found > 10_000, "{found}");
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
