//! Pods that were above the request for some ticks in a row.

use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// The runs that go on: few, since a pod that was not above its request has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(Vec<Run>);

#[derive(Clone, Debug)]
struct Run {
    pod: Box<str>,
    ticks: u32,
    /// The least usage in it.
    least: f64,
}

impl Runs {
    /// A pod's usage in one tick, and whether that is above its request. A tick without usage of the
    /// pod changes nothing.
    pub(super) fn note(&mut self, pod: &str, usage: f64, is_above: bool) {
        let found = self.0.iter().position(|run| *run.pod == *pod);
        match (found, is_above) {
            (Some(index), false) => {
                self.0.swap_remove(index);
            }
            (Some(index), true) => {
                if let Some(run) = self.0.get_mut(index) {
                    run.ticks = run.ticks.saturating_add(1);
                    run.least = run.least.min(usage);
                }
            }
            (None, true) => self.0.push(Run { pod: pod.into(), ticks: 1, least: usage }),
            (None, false) => {}
        }
    }

    /// A pod is gone.
    pub(super) fn end(&mut self, pod: &str) {
        self.0.retain(|run| *run.pod != *pod);
    }

    /// The usage that covers every pod that was above its request for so many ticks; none without
    /// such a pod.
    pub(super) fn least_of(&self, ticks: u32) -> Option<f64> {
        let runs = self.0.iter().filter(|run| ticks > 0 && run.ticks >= ticks);
        runs.map(|run| run.least).reduce(f64::max)
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let mut runs: Vec<&Run> = self.0.iter().collect();
        runs.sort_by(|a, b| a.pod.cmp(&b.pod));
        out.length(runs.len());
        for run in runs {
            out.block(run.pod.as_bytes());
            out.u32(run.ticks);
            out.f64(run.least);
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, ReadError> {
        let runs = from.list(|from| {
            Ok(Run { pod: from.text()?.into(), ticks: from.u32()?, least: from.f64()? })
        })?;
        Ok(Self(runs))
    }
}
