//! Replay of vertical sizing: each recorded series is one container, sized in simulated time by
//! our recommender or a peer's, with every change that would really be applied written to a file.
//!
//! A tick is the series' step or 5 minutes, whichever is longer, counted from the epoch; its CPU
//! is the mean of its samples, its memory their maximum. A decision stamped `t` has seen samples
//! before `t` only. A memory tick above the limit in force is a kill: the recommender is told of
//! the limit, not of the usage.
//!
//! Decisions are gzipped CSV, `series_id,timestamp_s,request,limit`: one row for each change, in
//! force from that time on; `limit` is empty where none is set. Scores are JSON, `groups` by name
//! with the figures of [`Summary`]; timings are the fields of [`Timing`].

mod cells;
mod drive;
mod ours;
mod output;
mod peer;
mod policied;
mod score;
mod summary;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use plimsoll_domain::{Policy, Ratio, Resource};

use crate::part;
use crate::recorded::Recorded;
use crate::trace::SeriesInfo;
use cells::Cells;
use drive::Recommender;
use score::Scores;

pub use score::{Scored, SeriesScore};

pub use crate::error::ReplayError;
pub use crate::timing::Timing;
pub use peer::Peer;
pub use summary::{Group, Summary};

/// What a change costs, which the recommender weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Apply {
    /// A resize of the running pod.
    #[default]
    InPlace,
    /// A restarted pod.
    Restart,
}

/// How a container's memory limit relates to its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// They are one.
    #[default]
    Guaranteed,
    /// The limit is its own.
    Burstable,
}

/// Who recommends.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// Plimsoll's `auto`.
    Auto {
        /// What a change costs.
        apply: Apply,
        /// How memory limit and request relate.
        memory: Memory,
        /// Another price of risk than the standard one.
        price: Option<Ratio>,
    },
    /// The engine, as a policy says.
    Policy {
        /// The policy, taken as turned on.
        policy: Box<Policy>,
        /// How memory limit and request relate.
        memory: Memory,
    },
    /// Another recommender, written anew from its published constants.
    Peer(Peer),
}

/// A replay to be run.
#[derive(Clone, Debug)]
pub struct VerticalReplay {
    /// CPU or memory.
    pub resource: Resource,
    /// Who recommends.
    pub who: Who,
    /// No decision is taken so long after a series begins.
    pub warm_up: Duration,
    /// Which series are scored.
    pub scored: Scored,
    /// Where the decisions go, if anywhere; gzipped, whole or not at all.
    pub decisions: Option<PathBuf>,
    /// Where the score goes.
    pub score: Option<PathBuf>,
    /// Where the timing goes.
    pub timing: Option<PathBuf>,
}

/// What came out, beside the files.
#[derive(Clone, Debug, PartialEq)]
pub struct VerticalReport {
    /// The score by group, `all` first.
    pub groups: Vec<(Group, Summary)>,
    /// Scored series for which nothing was decided.
    pub missing: Vec<String>,
    /// The score of each scored series, in the order in which they were read.
    pub series: Vec<SeriesScore>,
    /// How fast it went.
    pub timing: Timing,
}

/// How far a replay has come: series done, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Series done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

impl VerticalReplay {
    /// Runs it. No file appears unless everything could be read.
    pub fn run(
        &self,
        recorded: &mut dyn Recorded,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VerticalReport, ReplayError> {
        let started = Instant::now();
        let mut output = self.decisions.as_deref().map(output::Decisions::create).transpose()?;
        let mut scores = Scores::new(self.resource, self.scored.clone(), self.warm_up);
        let mut timing = Timing::new(self.who.state_bytes(self.resource));
        let wanted = recorded.index().iter().filter(|info| info.resource == self.resource);
        let mut seen = Progress { done: 0, of: wanted.count() };
        recorded.read(self.resource, &mut |info, series| {
            timing.count(series.points.len());
            if let Some(cells) = Cells::new(info, &series)? {
                let mut recommender = self.who.recommender(info, &cells);
                let rows = drive::drive(recommender.as_mut(), &cells, self.warm_up);
                if let Some(output) = &mut output {
                    output.write(&info.id, &rows)?;
                }
                scores.add(info, &cells, &rows);
            }
            seen.done += 1;
            progress(seen);
            Ok(())
        })?;
        let timing = timing.finish(started.elapsed());
        let (groups, missing) = (scores.groups(), scores.missing());
        let report = VerticalReport { groups, missing, series: scores.into_series(), timing };
        self.write(output, &report)?;
        Ok(report)
    }

    /// The small files first: the decisions are what the others are about.
    fn write(
        &self,
        output: Option<output::Decisions>,
        report: &VerticalReport,
    ) -> Result<(), ReplayError> {
        if let Some(path) = &self.score {
            part::whole(path, &summary::json(self.resource, report))?;
        }
        if let Some(path) = &self.timing {
            part::whole(path, &report.timing.json())?;
        }
        output.map_or(Ok(()), output::Decisions::finish)
    }
}

impl Who {
    fn recommender(&self, info: &SeriesInfo, cells: &Cells) -> Box<dyn Recommender> {
        match *self {
            Self::Auto { apply, memory, price } => {
                ours::recommender(info, cells.tick(), apply, memory, price)
            }
            Self::Policy { ref policy, memory } => {
                Box::new(policied::Policied::new(policy, info, cells.tick(), memory))
            }
            Self::Peer(peer) => peer.recommender(info, cells.tick()),
        }
    }

    /// The state one container of this resource takes.
    fn state_bytes(&self, resource: Resource) -> usize {
        match self {
            Self::Auto { memory, .. } => ours::state_bytes(resource, *memory),
            Self::Policy { .. } | Self::Peer(_) => 0,
        }
    }
}
