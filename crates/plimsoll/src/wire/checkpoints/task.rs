//! The calls of the API server for checkpoints, beside the line: first all are read, then those that
//! come in are written, at a pace.

use std::time::Duration;

use plimsoll_cluster::{Checkpoint, CheckpointPage, Checkpoints, ClusterError};
use plimsoll_domain::WorkloadId;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// Between two writes: two a second, 7,200 an hour, beside the hundreds a second that an API server
/// takes; of more workloads each has its turn less often. At 6 KB each that is 1 GB a day through etcd,
/// which keeps some minutes of it.
const PACE: Duration = Duration::from_millis(500);

/// Writes that wait for their turn: what a minute has, since ticks may be as far apart.
pub(super) const QUEUE: usize = 120;

/// Pages that wait to be taken in, where a start no longer waits for them: as many as a tick takes in
/// within a second. A megabyte each.
pub(super) const PAGES: usize = 16;

/// Between two attempts to read. The right to read, or the definition, may be granted meanwhile.
const READ_AGAIN: Duration = Duration::from_mins(1);

/// News of the reading.
#[derive(Debug)]
pub(super) enum Read {
    /// Part of what there is; after a failure parts come again.
    Page(CheckpointPage),
    /// It failed, and begins anew in a minute.
    Failed(ClusterError),
    /// That was all.
    Done,
}

/// What came of a write; false where the workload has no ScaledWorkload.
pub(super) type Wrote = (WorkloadId, Result<bool, ClusterError>);

/// Reads all, then writes what comes in. Ends when nobody listens any more.
pub(super) async fn run(
    cluster: Checkpoints,
    read: mpsc::Sender<Read>,
    mut jobs: mpsc::Receiver<Checkpoint>,
    wrote: mpsc::Sender<Wrote>,
) {
    while let Err(error) = read_all(&cluster, &read).await {
        if read.send(Read::Failed(error)).await.is_err() {
            return;
        }
        tokio::time::sleep(READ_AGAIN).await;
    }
    if read.send(Read::Done).await.is_err() {
        return;
    }
    drop(read);
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(job) = jobs.recv().await {
        pace.tick().await;
        let result = cluster.write(&job).await;
        if wrote.send((job.workload, result)).await.is_err() {
            return;
        }
    }
}

async fn read_all(cluster: &Checkpoints, read: &mpsc::Sender<Read>) -> Result<(), ClusterError> {
    let mut rest = None;
    loop {
        let mut page = cluster.page(rest.as_deref()).await?;
        rest = page.rest.take();
        // Nobody listens where the program ends.
        if read.send(Read::Page(page)).await.is_err() || rest.is_none() {
            return Ok(());
        }
    }
}
