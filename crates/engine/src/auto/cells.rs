//! The usage of all pods of a container by cells of five minutes, aligned to UTC, while it is being
//! gathered. What comes first within a cell does not matter.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{Amount, OomKill, Sample, Timestamp, UsageCell};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::container::STARTUP;

/// How long a cell is: what `auto` was measured with, ten samples at one every 30 s.
pub(super) const CELL: Duration = Duration::from_mins(5);
const CELL_SECONDS: i64 = 300;

/// A cell is closed this long after its end: usage is measured every 15 s to 60 s and read every
/// 30 s.
const LATE: Duration = Duration::from_mins(2);

/// Cells that are gathered at the same time: the present one and the one before, and as many again
/// for pods whose clocks are off. Samples of any further cell are left out.
const OPEN_MAX: usize = 4;

/// The cells that are not closed yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    /// By number.
    open: Vec<(i64, Cell)>,
    /// The number of the first cell that is not closed; absent before the first sample.
    next: Option<i64>,
    /// A closed cell, to be used again: the next one has the same pods.
    spare: Option<Cell>,
}

/// What was seen in one cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// By uid; some may not have been seen yet.
    pods: Vec<PodUsage>,
    /// The least and the greatest memory limit at which a container was killed.
    pub(super) killed_at: Option<(Amount, Amount)>,
}

#[derive(Clone, Debug)]
struct PodUsage {
    uid: Arc<str>,
    is_seen: bool,
    cpu_samples: u32,
    cpu_sum: f64,
    memory_max: Option<Amount>,
}

impl Cells {
    /// Takes a sample in.
    pub(super) fn add(&mut self, sample: &Sample) {
        if let Some(cell) = self.cell(sample.at) {
            cell.pod(&sample.pod).add(sample);
        }
    }

    /// Takes a kill in.
    pub(super) fn kill(&mut self, kill: &OomKill) {
        let Some(limit) = kill.limit else { return };
        if let Some(cell) = self.cell(kill.at) {
            let (least, greatest) = cell.killed_at.unwrap_or((limit, limit));
            cell.killed_at = Some((least.min(limit), greatest.max(limit)));
        }
    }

    /// The next cell before the one with the number `end`, closed: when it began, and what was seen.
    /// `None` when there is none. After a gap that is longer than `most` cells the oldest are skipped.
    pub(super) fn close(&mut self, end: i64, most: i64) -> Option<(Timestamp, Cell)> {
        let next = self.next?;
        if next >= end {
            return None;
        }
        let number = next.max(end.saturating_sub(most));
        self.next = Some(number.saturating_add(1));
        self.open.retain(|(open, _)| *open >= number);
        let is_first = self.open.first().is_some_and(|(first, _)| *first == number);
        let mut cell = if is_first { self.open.remove(0).1 } else { Cell::default() };
        cell.pods.retain(|pod| pod.is_seen);
        Some((Timestamp::from_seconds(number.saturating_mul(CELL_SECONDS)), cell))
    }

    /// Takes a closed cell back, of which nothing is needed any more.
    pub(super) fn reuse(&mut self, mut cell: Cell) {
        cell.killed_at = None;
        cell.pods.iter_mut().for_each(PodUsage::reset);
        self.spare = Some(cell);
    }

    /// Where nothing was seen yet: the cells before this time count as closed.
    pub(super) fn resume(&mut self, at: Timestamp) {
        self.next.get_or_insert_with(|| number(at));
    }

    /// When the first cell begins that is not closed.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.next.map(|number| Timestamp::from_seconds(number.saturating_mul(CELL_SECONDS)))
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.option(self.next, Writer::i64);
        out.length(self.open.len());
        for (number, cell) in &self.open {
            out.i64(*number);
            cell.write(out);
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let next = from.option(Reader::i64)?;
        let open = from.list(|from| Ok((from.i64()?, Cell::read(from)?)))?;
        if open.len() > OPEN_MAX {
            return Err(ReadError::Malformed("number of cells"));
        }
        if !open.is_sorted_by(|one: &(i64, Cell), later| one.0 < later.0) {
            return Err(ReadError::Malformed("order of cells"));
        }
        Ok(Self { open, next, spare: None })
    }

    /// The cell of a time, if it is not closed and there is room for it.
    fn cell(&mut self, at: Timestamp) -> Option<&mut Cell> {
        let number = number(at);
        let next = *self.next.get_or_insert(number);
        if number < next {
            return None;
        }
        let place = match self.open.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => place,
            Err(_) if self.open.len() >= OPEN_MAX => return None,
            Err(place) => {
                self.open.insert(place, (number, self.spare.take().unwrap_or_default()));
                place
            }
        };
        self.open.get_mut(place).map(|(_, cell)| cell)
    }
}

impl PodUsage {
    fn new(uid: Arc<str>) -> Self {
        Self { uid, is_seen: false, cpu_samples: 0, cpu_sum: 0.0, memory_max: None }
    }

    fn reset(&mut self) {
        (self.is_seen, self.cpu_samples, self.cpu_sum, self.memory_max) = (false, 0, 0.0, None);
    }

    fn add(&mut self, sample: &Sample) {
        self.is_seen = true;
        if let Some(cpu) = sample.usage.cpu.filter(|_| sample.age >= STARTUP) {
            self.cpu_sum += cpu.value();
            self.cpu_samples += 1;
        }
        self.memory_max = self.memory_max.max(sample.usage.memory);
    }
}

impl Cell {
    /// A cell in which pods without names used this much CPU each, and no more than this memory.
    pub(super) fn of(cpu: &[Amount], memory_max: Option<Amount>) -> Self {
        let pods = cpu.len().max(usize::from(memory_max.is_some()));
        let pod = |number: usize| PodUsage {
            is_seen: true,
            cpu_samples: u32::from(number < cpu.len()),
            cpu_sum: cpu.get(number).map_or(0.0, |cpu| cpu.value()),
            memory_max,
            ..PodUsage::new(number.to_string().into())
        };
        let mut pods: Vec<PodUsage> = (0..pods).map(pod).collect();
        pods.sort_by(|one, other| one.uid.cmp(&other.uid));
        Self { pods, killed_at: None }
    }

    /// The pods whose CPU was seen, each with its mean.
    pub(super) fn cpu(&self) -> impl Iterator<Item = (&str, Amount)> + Clone {
        let pods = self.pods.iter().filter(|pod| pod.cpu_samples > 0);
        pods.filter_map(|pod| {
            Some((&*pod.uid, Amount::new(pod.cpu_sum / f64::from(pod.cpu_samples))?))
        })
    }

    /// What is stored of a cell that began at `start`; `None` where no pod was seen.
    pub(super) fn usage(&self, start: Timestamp) -> Option<UsageCell> {
        let pods = u32::try_from(self.pods.len()).ok().filter(|pods| *pods > 0)?;
        let cpu = self.cpu().map(|(_, mean)| mean);
        let sum: f64 = cpu.clone().map(Amount::value).sum();
        Some(UsageCell {
            start,
            cpu_mean: Amount::new(sum / cpu.clone().count() as f64),
            cpu_max: cpu.max(),
            memory_max: self.memory(),
            pods,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.option(self.killed_at, |out, (least, greatest)| {
            out.amount(least);
            out.amount(greatest);
        });
        let seen = || self.pods.iter().filter(|pod| pod.is_seen);
        out.length(seen().count());
        for pod in seen() {
            out.block(pod.uid.as_bytes());
            out.f64(pod.cpu_sum);
            out.u32(pod.cpu_samples);
            out.option(pod.memory_max, Writer::amount);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let killed_at = from.option(|from| Ok((from.amount()?, from.amount()?)))?;
        let pods = from.list(|from| {
            Ok(PodUsage {
                uid: from.text()?.into(),
                is_seen: true,
                cpu_sum: from.f64()?,
                cpu_samples: from.u32()?,
                memory_max: from.option(Reader::amount)?,
            })
        })?;
        if !pods.is_sorted_by(|one: &PodUsage, next| one.uid < next.uid) {
            return Err(ReadError::Malformed("order of pods"));
        }
        Ok(Self { pods, killed_at })
    }

    fn pod(&mut self, uid: &Arc<str>) -> &mut PodUsage {
        // Text that lies in the same place need not be read.
        let compare = |pod: &PodUsage| {
            if Arc::ptr_eq(&pod.uid, uid) { Ordering::Equal } else { pod.uid.cmp(uid) }
        };
        let place = match self.pods.binary_search_by(compare) {
            Ok(place) => place,
            Err(place) => {
                // Most containers have one pod; a list makes room for four at first.
                self.pods.reserve_exact(usize::from(self.pods.is_empty()));
                self.pods.insert(place, PodUsage::new(Arc::clone(uid)));
                place
            }
        };
        &mut self.pods[place]
    }

    /// The most memory that any pod used.
    pub(super) fn memory(&self) -> Option<Amount> {
        self.pods.iter().filter_map(|pod| pod.memory_max).max()
    }
}

/// The number of the cell that a time lies in.
pub(crate) fn number(at: Timestamp) -> i64 {
    at.seconds().div_euclid(CELL_SECONDS)
}

/// The number of the first cell that is not to be closed yet at this time.
pub(crate) fn first_open(now: Timestamp) -> i64 {
    number(now.minus(LATE))
}
