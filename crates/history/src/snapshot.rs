//! A history as bytes and back: a magic number, a version, then fields in fixed order, all numbers
//! little-endian. The same history always gives the same bytes; nothing read is trusted.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use plimsoll_domain::{Amount, Timestamp};

use crate::bucket::bucket_of;
use crate::bytes::{ReadError, Reader, Writer};
use crate::coverage::{Coverage, Ring};
use crate::history::{ContainerHistory, MAX_LIVE_PODS, PodHistory};
use crate::oom::{OomMemory, OomRecord};
use crate::packed::{Packer, pack_counts, unpack_counts};
use crate::runs::{MAX_RUNS, Runs};
use crate::sketch::{Extremes, Sketch};
use crate::slot::{Hour, Slot};
use crate::sub_history::SubHistory;

/// What every snapshot begins with.
const MAGIC: [u8; 8] = *b"plimhist";

/// Goes up with every change of what follows.
const VERSION: u16 = 2;

/// The version before runs were remembered.
const WITHOUT_RUNS: u16 = 1;

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
        let version = from.u16()?;
        if !matches!(version, VERSION | WITHOUT_RUNS) {
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
    let mut room = (Packer::with_room(), Room::with_capacity(128));
    let ended = read_usage(from, &mut room)?;
    let runs = if version == WITHOUT_RUNS { Runs::default() } else { read_runs(from)? };
    let pods = from.list(|from| Ok((from.text()?.into(), Box::new(read_pod(from, &mut room)?))))?;
    let ordered = pods.is_sorted_by(|a: &(Box<str>, _), b| a.0 < b.0);
    if !ordered || pods.len() > MAX_LIVE_PODS {
        return Err(ReadError::Malformed("list of pods"));
    }
    Ok(ContainerHistory {
        pods: BTreeMap::from_iter(pods),
        ended,
        runs,
        coverage,
        oom,
        last_seen,
        horizon,
    })
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
    out.time(pod.last_seen);
    for reading in pod.working_sets {
        out.option(reading, |out, (at, amount)| {
            out.time(at);
            out.amount(amount);
        });
    }
    write_usage(out, &pod.usage);
}

fn read_pod(from: &mut Reader<'_>, room: &mut (Packer, Room)) -> Result<PodHistory, ReadError> {
    let reading = |from: &mut Reader<'_>| -> Result<(Timestamp, Amount), ReadError> {
        Ok((from.time()?, from.amount()?))
    };
    Ok(PodHistory {
        last_seen: from.time()?,
        working_sets: [from.option(reading)?, from.option(reading)?],
        usage: read_usage(from, room)?,
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

fn read_usage(
    from: &mut Reader<'_>,
    (packer, room): &mut (Packer, Room),
) -> Result<SubHistory, ReadError> {
    let newest = Hour::from_number(from.u32()?).ok_or(ReadError::Malformed("hour"))?;
    read_sketches(from, room, |slot, extremes, block, _| {
        packer.add(slot, extremes, |counts| counts.extend(block));
    })?;
    let mut open = Vec::new();
    read_sketches(from, room, |slot, extremes, _, counts| {
        open.push((slot, Sketch { extremes: Some(extremes), counts: counts.to_vec() }));
    })?;
    Ok(SubHistory { newest, packed: packer.finish(), open })
}

/// Where counts are looked at: a history has a hundred sketches, and making room for each would take
/// most of the time of reading it.
type Room = Vec<(u16, u32)>;

/// Gives each sketch: slot, extremes, counts as they were packed and as numbers.
fn read_sketches(
    from: &mut Reader<'_>,
    room: &mut Room,
    mut each: impl FnMut(Slot, Extremes, &[u8], &[(u16, u32)]),
) -> Result<(), ReadError> {
    let mut last = None;
    for _ in 0..from.u32()? {
        let (slot, extremes, block) = read_sketch(from, room)?;
        if last.replace(slot) >= Some(slot) {
            return Err(ReadError::Malformed("order of sketches"));
        }
        each(slot, extremes, block, room);
    }
    Ok(())
}

fn write_sketch(out: &mut Writer, slot: Slot, extremes: Extremes, counts: &[u8]) {
    out.u32(slot.code());
    out.amount(extremes.min);
    out.amount(extremes.max);
    out.block(counts);
}

/// Reads one sketch, and its counts into the room.
fn read_sketch<'a>(
    from: &mut Reader<'a>,
    counts: &mut Room,
) -> Result<(Slot, Extremes, &'a [u8]), ReadError> {
    let slot = Slot::from_code(from.u32()?).ok_or(ReadError::Malformed("slot"))?;
    let extremes = Extremes { min: from.amount()?, max: from.amount()? };
    let block = from.block()?;
    if unpack_counts(block, counts).is_none() || !fits(counts, extremes) {
        return Err(ReadError::Malformed("counts"));
    }
    Ok((slot, extremes, block))
}

/// Whether the extremes are in order, counts lie just between them and none is zero.
fn fits(counts: &[(u16, u32)], extremes: Extremes) -> bool {
    let ends = counts.first().zip(counts.last());
    let expect = (bucket_of(extremes.min), bucket_of(extremes.max));
    extremes.min <= extremes.max
        && ends.is_some_and(|(first, last)| (first.0, last.0) == expect)
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

    /// A sketch of one sample of zero, but for its counts and its maximum.
    fn mk_sketch(out: &mut Writer, counts: &[u8], max: f64) {
        out.u32(0);
        out.u64(0);
        out.u64(max.to_bits());
        out.block(counts);
    }

    fn read(from: &mut Reader<'_>) -> Result<(), ReadError> {
        read_sketch(from, &mut Room::default()).map(drop)
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
        let two_of_a_bucket = |out: &mut Writer, min: f64, max: f64| {
            out.u32(0);
            out.u64(min.to_bits());
            out.u64(max.to_bits());
            let mut counts = Vec::new();
            pack_counts(&[(bucket_of(Amount::from_millicores(1000)), 2)], &mut counts);
            out.block(&counts);
        };
        let mut good = Writer::default();
        two_of_a_bucket(&mut good, 1.0, 1.01);
        assert!(read(&mut Reader::new(&good.bytes)).is_ok());
        check(|out| two_of_a_bucket(out, 1.01, 1.0), read, "counts");
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
            |from: &mut Reader<'_>| read_sketches(from, &mut Room::default(), |_, _, _, _| {});
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

    /// The snapshot as the version before wrote it: without the runs, which stand before the pods.
    fn mk_without_runs(history: &ContainerHistory) -> Vec<u8> {
        let mut runs = Writer::default();
        for moment in history.runs.moments() {
            runs.option(moment, Writer::time);
        }
        let mut pods = Writer::default();
        pods.length(history.pods.len());
        for (uid, pod) in &history.pods {
            pods.block(uid.as_bytes());
            write_pod(&mut pods, pod);
        }
        let mut bytes = history.snapshot();
        let end = bytes.len() - pods.bytes.len();
        bytes.drain(end - runs.bytes.len()..end);
        bytes[8] = 1;
        bytes
    }

    #[test]
    fn a_snapshot_of_the_version_before_comes_back_without_the_pods_gone() {
        let mut history = ContainerHistory::new();
        for (second, pod) in (0..).step_by(30).zip(["a", "b", "c"]) {
            history.observe(&Sample {
                container: ContainerKey {
                    workload: WorkloadId {
                        namespace: String::new(),
                        kind: WorkloadKind::CronJob,
                        name: String::new(),
                    },
                    container: String::new(),
                },
                pod: pod.to_owned(),
                at: Timestamp::from_seconds(second),
                age: Duration::from_mins(1),
                usage: PerResource::from_fn(|_| Some(Amount::ZERO)),
            });
        }
        history.end_pod("a");
        history.end_pod("b");
        let restored = ContainerHistory::restore(&mk_without_runs(&history));
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
        check(two_of_a_name, |from| read_history(from, VERSION), "list of pods");
    }
}
