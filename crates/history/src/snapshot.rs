//! A history as bytes and back: a magic number, a version, then fields in fixed order, all numbers
//! little-endian. The same history always gives the same bytes; nothing read is trusted.

use std::error::Error;
use std::fmt;

use plimsoll_domain::{Amount, Timestamp};

use crate::bucket::bucket_of;
use crate::bytes::{ReadError, Reader, Writer};
use crate::coverage::{Coverage, Ring};
use crate::history::{ContainerHistory, MAX_LIVE_PODS};
use crate::oom::{OomMemory, OomRecord};
use crate::open::OpenSketch;
use crate::packed::{Packer, pack_counts, unpack_counts};
use crate::pods::{PodHistory, Pods};
use crate::runs::{MAX_RUNS, Runs};
use crate::sketch::Peak;
use crate::slot::{Hour, Slot};
use crate::sub_history::SubHistory;

/// What every snapshot begins with.
const MAGIC: [u8; 8] = *b"plimhist";

/// Goes up with every change of what follows.
const VERSION: u16 = 2;

/// The version before: runs were not remembered, and sketches had a minimum.
const BEFORE: u16 = 1;

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
        for moment in self.runs.moments() {
            out.option(moment, Writer::time);
        }
        out.length(self.pods.len());
        for pod in self.pods.iter() {
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
        let version = from.u16()?;
        if !matches!(version, VERSION | BEFORE) {
            return Err(SnapshotError::UnknownVersion { found: version });
        }
        let history = read_history(&mut from, version)?;
        if !from.is_at_end() {
            return Err(SnapshotError::TrailingBytes);
        }
        Ok(history)
    }
}

fn read_history(from: &mut Reader<'_>, version: u16) -> Result<ContainerHistory, ReadError> {
    let horizon = from.option(Reader::time)?;
    let last_seen = from.option(Reader::time)?;
    let coverage = read_coverage(from)?;
    let kills = from.list(read_kill)?;
    let oom = OomMemory::from_records(kills).ok_or(ReadError::Malformed("list of kills"))?;
    let mut room = Room { version, packer: Packer::with_room(), counts: Vec::with_capacity(128) };
    let ended = read_usage(from, &mut room)?;
    let runs = if version == BEFORE { Runs::default() } else { read_runs(from)? };
    let pods = from.list(|from| read_pod(from, &mut room))?;
    let pods = Pods::from_sorted(pods).filter(|pods| pods.len() <= MAX_LIVE_PODS);
    let pods = pods.ok_or(ReadError::Malformed("list of pods"))?;
    Ok(ContainerHistory { pods, ended, runs, coverage, oom, last_seen, horizon })
}

fn read_runs(from: &mut Reader<'_>) -> Result<Runs, ReadError> {
    let mut moments = [None; MAX_RUNS];
    for moment in &mut moments {
        *moment = from.option(Reader::time)?;
    }
    Runs::from_moments(moments).ok_or(ReadError::Malformed("list of runs"))
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
    out.block(pod.uid.as_bytes());
    out.time(pod.last_seen);
    for reading in pod.working_sets {
        out.option(reading, |out, (at, amount)| {
            out.time(at);
            out.amount(amount);
        });
    }
    write_usage(out, &pod.usage);
}

fn read_pod(from: &mut Reader<'_>, room: &mut Room) -> Result<PodHistory, ReadError> {
    let reading = |from: &mut Reader<'_>| -> Result<(Timestamp, Amount), ReadError> {
        Ok((from.time()?, from.amount()?))
    };
    Ok(PodHistory {
        uid: from.text()?.into(),
        last_seen: from.time()?,
        working_sets: [from.option(reading)?, from.option(reading)?],
        usage: read_usage(from, room)?,
    })
}

fn write_usage(out: &mut Writer, usage: &SubHistory) {
    out.u32(usage.newest.0);
    out.length(usage.packed.len());
    for sketch in usage.packed.iter() {
        write_sketch(out, sketch.slot, sketch.peak, sketch.counts.bytes());
    }
    out.length(usage.open.len());
    for sketch in &usage.open {
        let mut packed = Vec::new();
        pack_counts(sketch.closed().counts.iter().copied(), &mut packed);
        write_sketch(out, sketch.slot, sketch.peak(), &packed);
    }
}

fn read_usage(from: &mut Reader<'_>, room: &mut Room) -> Result<SubHistory, ReadError> {
    let newest = Hour::from_number(from.u32()?).ok_or(ReadError::Malformed("hour"))?;
    read_sketches(from, room, |room, slot, peak, block| room.packer.add(slot, peak, block))?;
    let mut open = Vec::new();
    read_sketches(from, room, |room, slot, peak, _| {
        let mut sketch = OpenSketch::new(slot, peak);
        sketch.merge(peak, room.counts.iter().copied());
        open.push(sketch);
    })?;
    let mut usage = SubHistory { newest, open, ..SubHistory::default() };
    room.packer.finish(&mut usage.packed);
    Ok(usage)
}

/// What reading needs besides the bytes. A history has a hundred sketches, and making room for the
/// counts of each would take most of the time of reading it.
struct Room {
    version: u16,
    packer: Packer,
    /// Of the sketch that was read last.
    counts: Vec<(u16, u32)>,
}

/// Gives each sketch: slot, peak, counts as they were packed.
fn read_sketches(
    from: &mut Reader<'_>,
    room: &mut Room,
    mut each: impl FnMut(&mut Room, Slot, Peak, &[u8]),
) -> Result<(), ReadError> {
    let mut last = None;
    for _ in 0..from.u32()? {
        let (slot, peak, block) = read_sketch(from, room)?;
        if last.replace(slot) >= Some(slot) {
            return Err(ReadError::Malformed("order of sketches"));
        }
        each(room, slot, peak, block);
    }
    Ok(())
}

fn write_sketch(out: &mut Writer, slot: Slot, peak: Peak, counts: &[u8]) {
    out.u32(slot.marked(peak.is_constant));
    out.amount(peak.max);
    out.block(counts);
}

/// Reads one sketch, and its counts into the room.
fn read_sketch<'a>(
    from: &mut Reader<'a>,
    room: &mut Room,
) -> Result<(Slot, Peak, &'a [u8]), ReadError> {
    let (slot, peak) = if room.version == BEFORE {
        let code = from.u32()?;
        let (min, max) = (from.amount()?, from.amount()?);
        (Slot::from_code(code), Peak { max, is_constant: min == max })
    } else {
        let (slot, is_constant) = Slot::unmarked(from.u32()?);
        (Slot::from_code(slot.code()), Peak { max: from.amount()?, is_constant })
    };
    let slot = slot.ok_or(ReadError::Malformed("slot"))?;
    let block = from.block()?;
    if unpack_counts(block, &mut room.counts).is_none() || !fits(&room.counts, peak) {
        return Err(ReadError::Malformed("counts"));
    }
    Ok((slot, peak, block))
}

/// Whether the last count is that of the maximum, the only one where all samples are equal, and none
/// is zero.
fn fits(counts: &[(u16, u32)], peak: Peak) -> bool {
    counts.last().is_some_and(|last| last.0 == bucket_of(peak.max))
        && (counts.len() == 1 || !peak.is_constant)
        && counts.iter().all(|entry| entry.1 > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_domain::{ContainerKey, PerResource, Sample, WorkloadId, WorkloadKind};

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

    /// A sketch of samples of zero, but for its counts and its maximum.
    fn mk_sketch(out: &mut Writer, counts: &[u8], max: f64) {
        out.u32(Slot::from_code(0).map_or(0, |slot| slot.marked(true)));
        out.u64(max.to_bits());
        out.block(counts);
    }

    fn mk_room(version: u16) -> Room {
        Room { version, packer: Packer::default(), counts: Vec::new() }
    }

    fn read(from: &mut Reader<'_>) -> Result<(), ReadError> {
        read_sketch(from, &mut mk_room(VERSION)).map(drop)
    }

    #[test]
    fn a_sketch_that_contradicts_itself_is_refused() {
        let mut good = Writer::default();
        mk_sketch(&mut good, &[2], 0.0);
        assert!(read(&mut Reader::new(&good.bytes)).is_ok());
        for (counts, max) in [
            (&[][..], 0.0),
            (&[0], 0.0),
            (&[2, 3], 0.0),
            (&[0x82, 0], 0.0),
            (&[1, 2], 0.0),
            (&[2], 1.0),
            (&[2, 2], 0.0),
        ] {
            check(|out| mk_sketch(out, counts, max), read, "counts");
        }
        check(|out| mk_sketch(out, &[2], -1.0), read, "amount");
        check(|out| mk_sketch(out, &[2], f64::NAN), read, "amount");
    }

    #[test]
    fn sketches_out_of_order_are_refused() {
        let two_of_a_slot = |out: &mut Writer| {
            out.length(2);
            mk_sketch(out, &[2], 0.0);
            mk_sketch(out, &[2], 0.0);
        };
        let all =
            |from: &mut Reader<'_>| read_sketches(from, &mut mk_room(VERSION), |_, _, _, _| {});
        check(two_of_a_slot, all, "order of sketches");
    }

    #[test]
    fn a_cell_beyond_the_range_of_moments_is_refused() {
        let coverage = |out: &mut Writer| {
            out.option(Some(i64::MIN), Writer::i64);
            (0..36).for_each(|_| out.u64(0));
        };
        check(coverage, read_coverage, "coverage");
    }

    /// A snapshot of a history of an hour as the version before wrote it: without the runs, each sketch
    /// with its minimum before its maximum, which are the same here.
    fn mk_before(history: &ContainerHistory) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes.extend(MAGIC);
        out.u16(BEFORE);
        out.option(history.horizon, Writer::time);
        out.option(history.last_seen, Writer::time);
        write_coverage(&mut out, &history.coverage);
        out.length(0);
        let usage = |out: &mut Writer, usage: &SubHistory| {
            out.u32(usage.newest.0);
            out.length(0);
            out.length(usage.open.len());
            for sketch in &usage.open {
                let max = sketch.peak().max;
                out.u32(sketch.slot.code());
                out.amount(max);
                out.amount(max);
                let mut counts = Vec::new();
                pack_counts(sketch.closed().counts.iter().copied(), &mut counts);
                out.block(&counts);
            }
        };
        usage(&mut out, &history.ended);
        out.length(history.pods.len());
        for pod in history.pods.iter() {
            let mut last = Writer::default();
            write_pod(&mut last, pod);
            let mut written = Writer::default();
            write_usage(&mut written, &pod.usage);
            out.bytes.extend(&last.bytes[..last.bytes.len() - written.bytes.len()]);
            usage(&mut out, &pod.usage);
        }
        out.bytes
    }

    #[test]
    fn a_snapshot_of_the_version_before_comes_back_without_the_pods_gone() {
        let mut history = ContainerHistory::new();
        for (second, pod) in (0..).step_by(30).zip(["a", "b", "c"]) {
            history.observe(&Sample {
                container: ContainerKey {
                    workload: WorkloadId {
                        namespace: "".into(),
                        kind: WorkloadKind::CronJob,
                        name: "".into(),
                    },
                    container: "".into(),
                },
                pod: pod.into(),
                at: Timestamp::from_seconds(second),
                age: Duration::from_mins(1),
                usage: PerResource::from_fn(|_| Some(Amount::ZERO)),
            });
        }
        history.end_pod("a");
        history.end_pod("b");
        let restored = ContainerHistory::restore(&mk_before(&history));
        history.runs = Runs::default();
        assert_eq!(restored, Ok(history));
    }

    #[test]
    fn runs_out_of_order_are_refused() {
        let rising = |out: &mut Writer| {
            for second in 1..=3 {
                out.option(Some(Timestamp::from_seconds(second)), Writer::time);
            }
        };
        check(rising, read_runs, "list of runs");
    }

    #[test]
    fn pods_out_of_order_are_refused() {
        let two_of_a_name = |out: &mut Writer| {
            out.bytes.extend([0, 0, 0]);
            out.length(0);
            write_usage(out, &SubHistory::default());
            out.bytes.extend([0; MAX_RUNS]);
            out.length(2);
            let pod = PodHistory::beginning_at("a", Timestamp::from_seconds(0));
            for _ in 0..2 {
                write_pod(out, &pod);
            }
        };
        check(two_of_a_name, |from| read_history(from, VERSION), "list of pods");
    }
}
