//! The usage of all pods of a container by cells of five minutes, aligned to UTC, while it is being
//! gathered. What comes first within a cell does not matter.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{Amount, OomKill, Sample, Timestamp, UsageCell};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::container::STARTUP;

/// How long a cell is: what `auto` was measured with, ten samples at one every 30 s.
pub(super) const CELL: Duration = Duration::from_mins(5);
const CELL_SECONDS: i64 = 300;

/// Cells that are gathered at the same time: the present one and the one before, and as many again
/// for pods whose clocks are off. Samples of any further cell are left out.
const OPEN_MAX: usize = 4;

/// The cells that are not closed yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    open: BTreeMap<i64, Cell>,
    /// The number of the first cell that is not closed; absent before the first sample.
    next: Option<i64>,
}

/// What was seen in one cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pods: BTreeMap<Box<str>, PodUsage>,
    /// The least and the greatest memory limit at which a container was killed.
    pub(super) killed_at: Option<(Amount, Amount)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct PodUsage {
    cpu_sum: f64,
    cpu_samples: u32,
    memory_max: Option<Amount>,
}

impl Cells {
    /// Takes a sample in.
    pub(super) fn add(&mut self, sample: &Sample) {
        let Some(cell) = self.cell(sample.at) else { return };
        // A name is made once a cell, not once a sample.
        match cell.pods.get_mut(sample.pod.as_str()) {
            Some(pod) => pod.add(sample),
            None => cell.pods.entry(sample.pod.as_str().into()).or_default().add(sample),
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

    /// The next cell that ends at `until` or before, closed: when it began, and what was seen. `None`
    /// when there is none. After a gap that is longer than `most` cells the oldest are skipped.
    pub(super) fn close(&mut self, until: Timestamp, most: i64) -> Option<(Timestamp, Cell)> {
        let end = number(until);
        let next = self.next?;
        if next >= end {
            return None;
        }
        let number = next.max(end.saturating_sub(most));
        self.open = self.open.split_off(&number);
        self.next = Some(number.saturating_add(1));
        let cell = self.open.remove(&number).unwrap_or_default();
        Some((Timestamp::from_seconds(number.saturating_mul(CELL_SECONDS)), cell))
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
        Ok(Self { open: open.into_iter().collect(), next })
    }

    /// The cell of a time, if it is not closed and there is room for it.
    fn cell(&mut self, at: Timestamp) -> Option<&mut Cell> {
        let number = number(at);
        let next = *self.next.get_or_insert(number);
        let has_room = self.open.len() < OPEN_MAX || self.open.contains_key(&number);
        (number >= next && has_room).then(|| self.open.entry(number).or_default())
    }
}

impl PodUsage {
    fn add(&mut self, sample: &Sample) {
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
        let named = |number: usize| Box::from(number.to_string());
        let pod = |cpu: &Amount| PodUsage { cpu_sum: cpu.value(), cpu_samples: 1, memory_max };
        let mut pods: BTreeMap<Box<str>, PodUsage> =
            cpu.iter().enumerate().map(|(number, cpu)| (named(number), pod(cpu))).collect();
        if pods.is_empty() && memory_max.is_some() {
            pods.insert(named(0), PodUsage { memory_max, ..PodUsage::default() });
        }
        Self { pods, killed_at: None }
    }

    /// The pods whose CPU was seen, each with its mean.
    pub(super) fn cpu(&self) -> Vec<(&str, Amount)> {
        let pods = self.pods.iter().filter(|(_, pod)| pod.cpu_samples > 0);
        let means = pods.filter_map(|(uid, pod)| {
            Some((&**uid, Amount::new(pod.cpu_sum / f64::from(pod.cpu_samples))?))
        });
        means.collect()
    }

    /// What is stored of a cell that began at `start`; `None` where no pod was seen.
    pub(super) fn usage(&self, start: Timestamp) -> Option<UsageCell> {
        let pods = u32::try_from(self.pods.len()).ok().filter(|pods| *pods > 0)?;
        let cpu = self.cpu();
        let sum: f64 = cpu.iter().map(|(_, mean)| mean.value()).sum();
        Some(UsageCell {
            start,
            cpu_mean: Amount::new(sum / cpu.len() as f64),
            cpu_max: cpu.iter().map(|(_, mean)| *mean).max(),
            memory_max: self.memory(),
            pods,
        })
    }

    fn write(&self, out: &mut Writer) {
        out.option(self.killed_at, |out, (least, greatest)| {
            out.amount(least);
            out.amount(greatest);
        });
        out.length(self.pods.len());
        for (uid, pod) in &self.pods {
            out.block(uid.as_bytes());
            out.f64(pod.cpu_sum);
            out.u32(pod.cpu_samples);
            out.option(pod.memory_max, Writer::amount);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let killed_at = from.option(|from| Ok((from.amount()?, from.amount()?)))?;
        let pods = from.list(|from| {
            let uid = Box::from(from.text()?);
            let (cpu_sum, cpu_samples) = (from.f64()?, from.u32()?);
            Ok((uid, PodUsage { cpu_sum, cpu_samples, memory_max: from.option(Reader::amount)? }))
        })?;
        Ok(Self { pods: pods.into_iter().collect(), killed_at })
    }

    /// The most memory that any pod used.
    pub(super) fn memory(&self) -> Option<Amount> {
        self.pods.values().filter_map(|pod| pod.memory_max).max()
    }
}

fn number(at: Timestamp) -> i64 {
    at.seconds().div_euclid(CELL_SECONDS)
}
