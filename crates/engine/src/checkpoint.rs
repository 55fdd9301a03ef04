//! What is remembered of one container in little room, for where there is no disk: a compact history
//! and what `auto` learned, in the form of a snapshot. What was seen for forecasts takes too much.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use plimsoll_domain::{ContainerKey, Timestamp, WorkloadId};
use plimsoll_history::{ContainerHistory, SnapshotError};

use crate::Engine;
use crate::container::Container;

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
        let Container { history, auto, forecast: _ } = self.containers.get(key)?;
        let small = Container { history: history.compact(), auto: auto.compact(), forecast: None };
        Some(small.snapshot())
    }

    /// Takes in what [`checkpoint`](Self::checkpoint) gave: of the history those six hours of which
    /// nothing is known here, of `auto` whatever watched for longer. So it may come late, and twice.
    pub fn take_in_checkpoint(
        &mut self,
        key: &ContainerKey,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), CheckpointError> {
        let Container { history: past, auto, forecast: _ } = Container::restore(bytes)?;
        if let Some(newest) = past.newest_told().filter(|newest| *newest > now.plus(AHEAD_MAX)) {
            return Err(CheckpointError::Ahead { newest });
        }
        let known = self.containers.get_or_new(key);
        known.history.fill_in(&past);
        if auto.watched_longer(&known.auto) {
            known.auto = auto;
        }
        Ok(())
    }

    /// When a container was last told of, by a sample or a kill.
    pub fn last_told(&self, key: &ContainerKey) -> Option<Timestamp> {
        self.containers.get(key).and_then(|known| last_told(&known.history))
    }

    /// The containers of a workload of which anything is known, in order.
    pub fn containers_of(&self, id: &WorkloadId) -> impl Iterator<Item = &ContainerKey> {
        let first = ContainerKey { workload: id.clone(), container: "".into() };
        let from = self.containers.range(first..).map(|(key, _)| key);
        from.take_while(move |key| key.workload == *id)
    }

    /// The containers of which anything is known, in order, each with when it was last told of, by a
    /// sample or a kill: whether a checkpoint of then still says all.
    pub fn told(&self) -> impl Iterator<Item = (&ContainerKey, Option<Timestamp>)> {
        self.histories().map(|(key, history)| (key, last_told(history)))
    }
}

fn last_told(history: &ContainerHistory) -> Option<Timestamp> {
    let last_kill = history.oom_kills().iter().map(|kill| kill.at).max();
    history.last_seen().max(last_kill)
}
