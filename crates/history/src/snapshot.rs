//! A history as bytes and back: a magic number, a version, then fields in fixed order, all numbers
//! little-endian. The same history always gives the same bytes; nothing read is trusted.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use plimsoll_domain::{Amount, Timestamp};

use crate::bucket::{BUCKETS, bucket_of};
use crate::bytes::{ReadError, Reader, Writer};
use crate::coverage::{Coverage, Ring};
use crate::history::{ContainerHistory, MAX_LIVE_PODS, PodHistory};
use crate::oom::{OomMemory, OomRecord};
use crate::packed::{Counts, Packed, pack_counts};
use crate::sketch::{Extremes, Sketch};
use crate::slot::{Hour, Slot};
use crate::sub_history::SubHistory;

/// What every snapshot begins with.
const MAGIC: [u8; 8] = *b"plimhist";

/// Goes up with every change of what follows.
const VERSION: u16 = 1;

/// Why bytes are no snapshot. Reads after "failed to restore a history: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// They do not begin as one.
    NotASnapshot,
    /// They are one of another version of this program.
    UnknownVersion {
        /// The version they name.
        found: u16,
    },
    /// They end too early.
    Truncated,
    /// They go on after the end.
    TrailingBytes,
    /// They hold something that is never written.
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot => f.write_str("not a history snapshot"),
            Self::UnknownVersion { found } => write!(
                f,
                "snapshot has version {found}, this program reads version {VERSION}: \
                 use the version of the program that wrote it"
            ),
            Self::Truncated => f.write_str("snapshot ends too early"),
            Self::TrailingBytes => f.write_str("snapshot goes on after its end"),
            Self::Malformed { what } => write!(f, "snapshot is damaged: unexpected {what}"),
        }
    }
}

impl Error for SnapshotError {}

impl From<ReadError> for SnapshotError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated => Self::Truncated,
            ReadError::Malformed(what) => Self::Malformed { what },
        }
    }
}

impl ContainerHistory {
    /// The history as bytes: versioned, the same bytes for equal histories.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes.extend(MAGIC);
        out.u16(VERSION);
        out.option(self.horizon, Writer::time);
        out.option(self.last_seen, Writer::time);
        write_coverage(&mut out, &self.coverage);
        out.length(self.oom.records().len());
        for record in self.oom.records() {
            write_kill(&mut out, record);
        }
        write_usage(&mut out, &self.ended);
        out.length(self.pods.len());
        for (uid, pod) in &self.pods {
            out.block(uid.as_bytes());
            write_pod(&mut out, pod);
        }
        out.bytes
    }

    /// The history that [`snapshot`](Self::snapshot) was taken of.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(bytes);
        if from.take(MAGIC.len()) != Ok(&MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        match from.u16()? {
            VERSION => {}
            found => return Err(SnapshotError::UnknownVersion { found }),
        }
        let history = read_history(&mut from)?;
        if !from.is_at_end() {
            return Err(SnapshotError::TrailingBytes);
        }
        Ok(history)
    }
}

fn read_history(from: &mut Reader<'_>) -> Result<ContainerHistory, ReadError> {
    let horizon = from.option(Reader::time)?;
    let last_seen = from.option(Reader::time)?;
    let coverage = read_coverage(from)?;
    let kills = from.list(read_kill)?;
    let oom = OomMemory::from_records(kills).ok_or(ReadError::Malformed("list of kills"))?;
    let ended = read_usage(from)?;
    let pods = from.list(|from| Ok((from.text()?.into(), Box::new(read_pod(from)?))))?;
    let ordered = pods.is_sorted_by(|a: &(Box<str>, _), b| a.0 < b.0);
    if !ordered || pods.len() > MAX_LIVE_PODS {
        return Err(ReadError::Malformed("list of pods"));
    }
    Ok(ContainerHistory {
        pods: BTreeMap::from_iter(pods),
        ended,
        coverage,
        oom,
        last_seen,
        horizon,
    })
}

fn write_coverage(out: &mut Writer, coverage: &Coverage) {
    out.option(coverage.newest, |out, newest| {
        out.i64(newest);
        for word in coverage.seen.0 {
            out.u64(word);
        }
    });
}

fn read_coverage(from: &mut Reader<'_>) -> Result<Coverage, ReadError> {
    let coverage = from.option(|from| {
        let newest = from.i64()?;
        let mut seen = Ring::default();
        for word in &mut seen.0 {
            *word = from.u64()?;
        }
        Coverage::from_parts(newest, seen).ok_or(ReadError::Malformed("coverage"))
    })?;
    Ok(coverage.unwrap_or_default())
}

fn write_kill(out: &mut Writer, record: &OomRecord) {
    out.block(record.pod.as_bytes());
    out.time(record.at);
    out.option(record.limit, Writer::amount);
    out.option(record.working_set, Writer::amount);
}

fn read_kill(from: &mut Reader<'_>) -> Result<OomRecord, ReadError> {
    Ok(OomRecord {
        pod: from.text()?.to_owned(),
        at: from.time()?,
        limit: from.option(Reader::amount)?,
        working_set: from.option(Reader::amount)?,
    })
}

fn write_pod(out: &mut Writer, pod: &PodHistory) {
    out.time(pod.last_seen);
    for reading in pod.working_sets {
        out.option(reading, |out, (at, amount)| {
            out.time(at);
            out.amount(amount);
        });
    }
    write_usage(out, &pod.usage);
}

fn read_pod(from: &mut Reader<'_>) -> Result<PodHistory, ReadError> {
    let reading = |from: &mut Reader<'_>| -> Result<(Timestamp, Amount), ReadError> {
        Ok((from.time()?, from.amount()?))
    };
    Ok(PodHistory {
        last_seen: from.time()?,
        working_sets: [from.option(reading)?, from.option(reading)?],
        usage: read_usage(from)?,
    })
}

fn write_usage(out: &mut Writer, usage: &SubHistory) {
    out.u32(usage.newest.0);
    out.length(usage.packed.len());
    for sketch in usage.packed.iter() {
        write_sketch(out, sketch.slot, sketch.extremes, sketch.counts.bytes());
    }
    let open = usage
        .open
        .iter()
        .filter_map(|(slot, sketch)| Some((slot, sketch.extremes?, &sketch.counts)));
    out.length(usage.open.len());
    for (slot, extremes, counts) in open {
        let mut packed = Vec::new();
        pack_counts(counts, &mut packed);
        write_sketch(out, *slot, extremes, &packed);
    }
}

fn read_usage(from: &mut Reader<'_>) -> Result<SubHistory, ReadError> {
    let newest = Hour::from_number(from.u32()?).ok_or(ReadError::Malformed("hour"))?;
    Ok(SubHistory { newest, packed: Packed::new(read_sketches(from)?), open: read_sketches(from)? })
}

fn read_sketches(from: &mut Reader<'_>) -> Result<Vec<(Slot, Sketch)>, ReadError> {
    let sketches = from.list(read_sketch)?;
    if sketches.is_sorted_by(|a, b| a.0 < b.0) {
        Ok(sketches)
    } else {
        Err(ReadError::Malformed("order of sketches"))
    }
}

fn write_sketch(out: &mut Writer, slot: Slot, extremes: Extremes, counts: &[u8]) {
    out.u32(slot.code());
    out.amount(extremes.min);
    out.amount(extremes.max);
    out.block(counts);
}

fn read_sketch(from: &mut Reader<'_>) -> Result<(Slot, Sketch), ReadError> {
    let slot = Slot::from_code(from.u32()?).ok_or(ReadError::Malformed("slot"))?;
    let extremes = Extremes { min: from.amount()?, max: from.amount()? };
    let block = from.block()?;
    let counts: Vec<(u16, u32)> = Counts::new(block).take(BUCKETS).collect();
    let mut again = Vec::new();
    pack_counts(&counts, &mut again);
    // Reading skips what it does not understand; what does not come out the same was never written.
    if again != block || !fits(&counts, extremes) {
        return Err(ReadError::Malformed("counts"));
    }
    let sketch = Sketch { extremes: Some(extremes), counts };
    Ok((slot, sketch))
}

/// Whether counts lie just between the extremes and none is zero.
fn fits(counts: &[(u16, u32)], extremes: Extremes) -> bool {
    let ends = counts.first().zip(counts.last());
    let expect = (bucket_of(extremes.min), bucket_of(extremes.max));
    ends.is_some_and(|(first, last)| (first.0, last.0) == expect)
        && counts.iter().all(|entry| entry.1 > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes something with `write`, reads it with `read`; expects this to be found wrong.
    fn check<T: fmt::Debug + PartialEq>(
        write: impl FnOnce(&mut Writer),
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, ReadError>,
        expect: &'static str,
    ) {
        let mut out = Writer::default();
        write(&mut out);
        let found = read(&mut Reader::new(&out.bytes));
        assert_eq!(found, Err(ReadError::Malformed(expect)));
    }

    /// A sketch of one sample of zero, but for its counts and its maximum.
    fn mk_sketch(out: &mut Writer, counts: &[u8], max: f64) {
        out.u32(0);
        out.u64(0);
        out.u64(max.to_bits());
        out.block(counts);
    }

    #[test]
    fn a_sketch_that_contradicts_itself_is_refused() {
        let mut good = Writer::default();
        mk_sketch(&mut good, &[2], 0.0);
        assert!(read_sketch(&mut Reader::new(&good.bytes)).is_ok());
        for (counts, max) in [
            (&[][..], 0.0),
            (&[0], 0.0),
            (&[2, 3], 0.0),
            (&[0x82, 0], 0.0),
            (&[1, 2], 0.0),
            (&[2], 1.0),
            (&[2, 2], 0.0),
        ] {
            check(|out| mk_sketch(out, counts, max), read_sketch, "counts");
        }
        check(|out| mk_sketch(out, &[2], -1.0), read_sketch, "amount");
        check(|out| mk_sketch(out, &[2], f64::NAN), read_sketch, "amount");
    }

    #[test]
    fn sketches_out_of_order_are_refused() {
        let two_of_a_slot = |out: &mut Writer| {
            out.length(2);
            mk_sketch(out, &[2], 0.0);
            mk_sketch(out, &[2], 0.0);
        };
        check(two_of_a_slot, read_sketches, "order of sketches");
    }

    #[test]
    fn a_cell_beyond_the_range_of_moments_is_refused() {
        let coverage = |out: &mut Writer| {
            out.option(Some(i64::MIN), Writer::i64);
            (0..36).for_each(|_| out.u64(0));
        };
        check(coverage, read_coverage, "coverage");
    }

    #[test]
    fn pods_out_of_order_are_refused() {
        let two_of_a_name = |out: &mut Writer| {
            out.bytes.extend([0, 0, 0]);
            out.length(0);
            write_usage(out, &SubHistory::default());
            out.length(2);
            let pod = PodHistory {
                last_seen: Timestamp::from_seconds(0),
                working_sets: [None; 2],
                usage: SubHistory::default(),
            };
            for _ in 0..2 {
                out.block(b"a");
                write_pod(out, &pod);
            }
        };
        check(two_of_a_name, read_history, "list of pods");
    }
}
