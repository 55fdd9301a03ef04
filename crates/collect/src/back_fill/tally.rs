//! What a namespace's containers used by five minutes, over all their pods.

use std::collections::BTreeMap;

use plimsoll_domain::{Amount, ContainerKey, Resource, Timestamp, UsageCell};

use super::STEP;

/// Cells that are being gathered. Their values are those of the answers of one day, of which one has
/// 500,000 at most: 40 MB where every container has one pod, and less where it has more.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<ContainerKey, BTreeMap<Timestamp, Tally>>);

/// One cell.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    cpu_sum: f64,
    /// Pods whose CPU counts.
    cpu_pods: u32,
    cpu_max: Option<Amount>,
    memory_max: Option<Amount>,
    /// Pods of which something was told, by CPU and by memory: those of the one are nearly always
    /// among those of the other, so the greater number is the number of pods.
    seen: [u32; 2],
}

/// What one pod used in the five minutes up to a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodUsage {
    /// The last second of it.
    pub(super) at: Timestamp,
    pub(super) resource: Resource,
    pub(super) amount: Amount,
    /// Its CPU is that of a start.
    pub(super) starts: bool,
}

impl Tallies {
    /// Takes in what a pod used.
    pub(super) fn add(&mut self, key: &ContainerKey, usage: &PodUsage) {
        let cells = match self.0.get_mut(key) {
            Some(cells) => cells,
            None => self.0.entry(key.clone()).or_default(),
        };
        let length = STEP.as_secs().cast_signed();
        let start = usage.at.seconds().div_euclid(length).saturating_mul(length);
        let tally = cells.entry(Timestamp::from_seconds(start)).or_default();
        let [by_cpu, by_memory] = &mut tally.seen;
        match usage.resource {
            Resource::Cpu => {
                *by_cpu += 1;
                if !usage.starts {
                    tally.cpu_sum += usage.amount.value();
                    tally.cpu_pods += 1;
                    tally.cpu_max = tally.cpu_max.max(Some(usage.amount));
                }
            }
            Resource::Memory => {
                *by_memory += 1;
                tally.memory_max = tally.memory_max.max(Some(usage.amount));
            }
        }
    }

    /// The cells gathered so far, each container's in order of time; none are left.
    pub(super) fn take(&mut self) -> Vec<(ContainerKey, Vec<UsageCell>)> {
        let all = std::mem::take(&mut self.0).into_iter();
        all.map(|(key, cells)| {
            (key, cells.into_iter().map(|(start, tally)| tally.cell(start)).collect())
        })
        .collect()
    }
}

impl Tally {
    fn cell(self, start: Timestamp) -> UsageCell {
        let mean = (self.cpu_pods > 0).then(|| self.cpu_sum / f64::from(self.cpu_pods));
        let [by_cpu, by_memory] = self.seen;
        UsageCell {
            start,
            cpu_mean: mean.and_then(Amount::new),
            cpu_max: self.cpu_max,
            memory_max: self.memory_max,
            pods: by_cpu.max(by_memory),
        }
    }
}
