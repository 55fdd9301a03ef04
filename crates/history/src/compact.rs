//! A history made small, for where there is little room; and what such a one tells, taken in where
//! nothing is known.
//!
//! Small means: all pods are one, hours are put together by six. Answers keep their age classes,
//! maxima and counts; a look-back of up to 24 h counts whole six hours too, as longer ones always do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_domain::{OomKill, Resource, Timestamp};

use crate::coverage::Coverage;
use crate::history::ContainerHistory;
use crate::packed::Packed;
use crate::pods::Pods;
use crate::sketch::Sketch;
use crate::slot::{Hour, Slot};
use crate::sub_history::SubHistory;

/// Seconds of an hour, and of the five minutes that coverage is told by.
const HOUR: i64 = 3600;
const COVERED: i64 = 300;

impl ContainerHistory {
    /// The same in little room, however many pods there are: all of them as if they were gone, and
    /// their hours put together by six. The pods that live are not counted as runs that ended: where
    /// they go on living they would count twice.
    #[must_use]
    pub fn compact(&self) -> Self {
        let usages = self.pods.iter().map(|pod| &pod.usage).chain([&self.ended]);
        Self {
            pods: Pods::default(),
            ended: by_six(usages),
            runs: self.runs,
            coverage: self.coverage.clone(),
            oom: self.oom.clone(),
            last_seen: self.last_seen,
            horizon: self.horizon,
        }
    }

    /// Takes in what another history of the same container tells of those six hours of which
    /// nothing is known here: of no moment both are counted, so that the poorer never stands in for
    /// the richer and the same may be taken in twice. Where one ends and the other begins, up to
    /// six hours of it are left out.
    pub fn fill_in(&mut self, other: &Self) {
        let known = self.blocks();
        let mut missing = other.compact();
        missing.ended = without(&missing.ended, &known);
        missing.coverage = uncovered(&missing.coverage, &known);
        let (own, kills) = (self.runs.moments(), std::mem::take(&mut missing.oom));
        let runs = std::mem::take(&mut missing.runs).moments();
        self.absorb(missing);
        for moment in runs.into_iter().filter(|moment| !own.contains(moment)).flatten() {
            self.recall_end(moment);
        }
        for record in kills.records().iter().filter(|record| self.horizon < Some(record.at)) {
            let kill = OomKill { at: record.at, limit: record.limit };
            self.oom.remember(&record.pod, &kill, record.working_set);
        }
    }

    /// The latest moment that it tells of. One ahead of the clock would push out all that is seen
    /// until then.
    pub fn newest_told(&self) -> Option<Timestamp> {
        let of_hour = |hour: Hour| Timestamp::from_seconds(i64::from(hour.0) * HOUR);
        let usages = self.pods.iter().map(|pod| &pod.usage).chain([&self.ended]);
        let hours = usages.flat_map(|usage| slots(usage).map(Slot::hour).chain([usage.newest]));
        let covered = self.coverage.newest.and_then(|cell| cell.checked_mul(COVERED));
        let pods = self.pods.iter().map(|pod| pod.last_seen);
        let kills = self.oom.records().iter().map(|record| record.at);
        let ends = self.runs.moments().into_iter().flatten();
        let others = [self.last_seen, self.horizon, covered.map(Timestamp::from_seconds)];
        let all = pods.chain(kills).chain(ends).chain(others.into_iter().flatten());
        all.chain(hours.map(of_hour)).max()
    }

    /// The six hours of which anything is known.
    fn blocks(&self) -> BTreeSet<Hour> {
        let usages = self.pods.iter().map(|pod| &pod.usage).chain([&self.ended]);
        usages.flat_map(slots).map(|slot| slot.block().hour()).collect()
    }
}

fn slots(usage: &SubHistory) -> impl Iterator<Item = Slot> {
    usage.packed.slots().chain(usage.open.iter().map(|sketch| sketch.slot))
}

/// All of them as one, in slots of six hours.
fn by_six<'a>(usages: impl Iterator<Item = &'a SubHistory>) -> SubHistory {
    let mut sketches = BTreeMap::<Slot, Sketch>::new();
    let mut newest = Hour::default();
    for usage in usages {
        newest = newest.max(usage.newest);
        for sketch in usage.packed.iter() {
            let joined = sketches.entry(sketch.slot.block()).or_default();
            joined.merge_counts(sketch.peak, sketch.counts);
        }
        for sketch in &usage.open {
            sketches.entry(sketch.slot.block()).or_default().merge(&sketch.closed());
        }
    }
    let mut packed = Packed::default();
    packed.put(sketches, |_| true);
    SubHistory { newest, open: Vec::new(), packed }
}

/// What is in slots of six hours, but for those that begin in these hours.
fn without(usage: &SubHistory, known: &BTreeSet<Hour>) -> SubHistory {
    let mut packed = usage.packed.clone();
    packed.put(BTreeMap::new(), |slot| !known.contains(&slot.hour()));
    SubHistory { newest: usage.newest, open: Vec::new(), packed }
}

/// What was seen, but for these six hours.
fn uncovered(coverage: &Coverage, known: &BTreeSet<Hour>) -> Coverage {
    let mut left = Coverage::default();
    let (Some(oldest), Some(newest)) = (coverage.oldest(), coverage.newest) else { return left };
    let first = oldest.seconds().div_euclid(COVERED);
    for cell in first..=newest {
        let at = Timestamp::from_seconds(cell.saturating_mul(COVERED));
        let slot = Hour::of(at).map(|hour| Slot::new(hour, Resource::Cpu, Duration::ZERO));
        let block = slot.map(|slot| slot.block().hour());
        if coverage.has(at) && block.is_none_or(|block| !known.contains(&block)) {
            left.mark(at);
        }
    }
    left
}
