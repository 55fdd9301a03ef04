//! What is remembered of one container in little room, for where there is no disk: a compact history
//! and what `auto` learned, in the form of a snapshot. What was seen for forecasts takes too much.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use plimsoll_domain::{ContainerKey, Timestamp, WorkloadId};
use plimsoll_history::{ContainerHistory, SnapshotError};

use crate::Engine;
use crate::auto::ContainerAuto;

/// How far the clock of whoever wrote a checkpoint may be ahead: nodes are told the time to well
/// below a second; minutes are a node that is not.
const AHEAD_MAX: Duration = Duration::from_mins(10);

/// Why a checkpoint is of no use. Reads after "could not be read: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// It cannot be read.
    Snapshot(SnapshotError),
    /// It tells of the future.
    Ahead {
        /// Of when.
        newest: Timestamp,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(error) => error.fmt(f),
            Self::Ahead { newest } => {
                write!(f, "it tells of the future ({} s since the epoch)", newest.seconds())
            }
        }
    }
}

impl Error for CheckpointError {}

impl From<SnapshotError> for CheckpointError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

impl Engine {
    /// All that is to outlive this process of one container, as bytes; `None` where nothing is known.
    pub fn checkpoint(&self, key: &ContainerKey) -> Option<Vec<u8>> {
        let mut apart = Self::new(self.settings);
        apart.histories.insert(key.clone(), self.histories.get(key)?.compact());
        if let Some(auto) = self.autos.get(key) {
            apart.autos.insert(key.clone(), Box::new(auto.compact()));
        }
        apart.snapshots().next().map(|(_, bytes)| bytes)
    }

    /// Takes in what [`checkpoint`](Self::checkpoint) gave: of the history those six hours of which
    /// nothing is known here, of `auto` whatever watched for longer. So it may come late, and twice.
    pub fn take_in_checkpoint(
        &mut self,
        key: &ContainerKey,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), CheckpointError> {
        let mut apart = Self::new(self.settings);
        apart.restore_snapshot(key.clone(), bytes)?;
        let Some(past) = apart.histories.remove(key) else { return Ok(()) };
        if let Some(newest) = past.newest_told().filter(|newest| *newest > now.plus(AHEAD_MAX)) {
            return Err(CheckpointError::Ahead { newest });
        }
        self.histories.entry(key.clone()).or_default().fill_in(&past);
        let known = self.autos.get(key);
        let longer = |auto: &ContainerAuto| known.is_none_or(|known| auto.watched_longer(known));
        if let Some(auto) = apart.autos.remove(key).filter(|auto| longer(auto)) {
            self.autos.insert(key.clone(), auto);
        }
        Ok(())
    }

    /// When a container was last told of, by a sample or a kill.
    pub fn last_told(&self, key: &ContainerKey) -> Option<Timestamp> {
        self.histories.get(key).and_then(last_told)
    }

    /// The containers of a workload of which anything is known, in order.
    pub fn containers_of(&self, id: &WorkloadId) -> impl Iterator<Item = &ContainerKey> {
        let first = ContainerKey { workload: id.clone(), container: String::new() };
        let from = self.histories.range(first..).map(|(key, _)| key);
        from.take_while(move |key| key.workload == *id)
    }

    /// The containers of which anything is known, in order, each with when it was last told of, by a
    /// sample or a kill: whether a checkpoint of then still says all.
    pub fn told(&self) -> impl Iterator<Item = (&ContainerKey, Option<Timestamp>)> {
        self.histories.iter().map(|(key, history)| (key, last_told(history)))
    }
}

fn last_told(history: &ContainerHistory) -> Option<Timestamp> {
    let last_kill = history.oom_kills().iter().map(|kill| kill.at).max();
    history.last_seen().max(last_kill)
}
