//! Keeps the engine's histories in the cluster where there is no disk that outlives the pod: read once
//! at the start, written by the leader at a pace, and once more at the end.

mod plan;
mod task;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use plimsoll_cluster::{Checkpoint, CheckpointPage, Checkpoints, Cluster, ClusterError};
use plimsoll_domain::{ContainerKey, Timestamp, WorkloadId};
use plimsoll_engine::Engine;
use plimsoll_pipeline::Clock;
use plimsoll_store::{seal, unseal};

use super::clock::SystemClock;
use crate::args::ControllerArgs;
use plan::{EVERY, Plan};
use task::{PAGES, QUEUE, Read, Wrote};

/// How long a start waits for what is kept: 500 pages of 100 at 100 ms each, to ask for and to take in.
/// What comes later is taken in when it comes.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Writes at the end, one after the other at 10 ms each, beside the two a second: a cluster of so many
/// workloads loses nothing by a clean end. Of a larger one the longest unwritten are written.
const AT_END: usize = 300;

/// How long the end may take for it: with what it needs itself, half of the 60 s the chart gives it.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Objects that cannot be used and are told one by one.
const UNUSABLE_TOLD: usize = 10;

/// The checkpoints, if they are kept.
#[derive(Debug)]
pub(crate) struct ClusterKeeper(Option<Kept>);

/// What came of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpointed {
    /// Checkpoints taken in.
    pub(crate) restored: u64,
    /// Checkpoints written.
    pub(crate) written: u64,
    /// Writes that failed.
    pub(crate) failures: u64,
}

#[derive(Debug)]
struct Kept {
    cluster: Checkpoints,
    task: JoinHandle<()>,
    /// Until all are read.
    read: Option<mpsc::Receiver<Read>>,
    jobs: mpsc::Sender<Checkpoint>,
    wrote: mpsc::Receiver<Wrote>,
    plan: Plan,
    done: Checkpointed,
    /// Workloads of which a checkpoint was found, and objects that are of no use.
    found: u64,
    unusable: usize,
    /// What went wrong last time, so that it is said once.
    trouble: Option<String>,
}

impl ClusterKeeper {
    /// Gives the engine what is kept in the cluster, beside what it knows. What is of no use is said and
    /// left behind; nothing of it stops the program.
    pub(crate) async fn open(
        args: &ControllerArgs,
        cluster: &Cluster,
        engine: &mut Engine,
        cancel: &CancellationToken,
    ) -> Self {
        let is_on = args.checkpoints.unwrap_or_else(|| args.data_dir.is_none());
        if args.data_dir.is_none() {
            tell_what_is_lost(is_on);
        }
        if !is_on {
            return Self(None);
        }
        let mut kept = Kept::begin(cluster.checkpoints());
        let first = kept.take_in_first(engine);
        let in_time = tokio::time::timeout(START_LIMIT, first);
        if cancel.run_until_cancelled(in_time).await.is_some_and(|in_time| in_time.is_err()) {
            tracing::warn!("Checkpoints are slow to come, going on without the rest");
        }
        Self(Some(kept))
    }

    /// Takes in what came since the last turn, and hands over what is due.
    pub(crate) fn turn(&mut self, engine: &mut Engine, now: Timestamp) -> Checkpointed {
        let Some(kept) = &mut self.0 else { return Checkpointed::default() };
        while let Some(read) = kept.read.as_mut().and_then(|read| read.try_recv().ok()) {
            kept.note_read(engine, read, now);
        }
        kept.note_wrote(now);
        if kept.read.is_none() && kept.cluster.may_write() {
            kept.hand_over(engine, now);
        }
        std::mem::take(&mut kept.done)
    }

    /// Writes what changed since it was last written, as much as there is time for.
    pub(crate) async fn finish(self, engine: &Engine, now: Timestamp) {
        let Self(Some(mut kept)) = self else { return };
        kept.task.abort();
        kept.note_wrote(now);
        // What was not read must not be written over by less.
        if kept.read.is_none() && kept.cluster.may_write() {
            kept.plan.give_up_sent();
            let due = kept.due(&told(engine), now, Duration::ZERO, AT_END);
            let due: Vec<WorkloadId> = due.into_iter().cloned().collect();
            let mut written = 0_usize;
            let all = kept.write_now(engine, &due, now, &mut written);
            let in_time = tokio::time::timeout(END_LIMIT, all).await.is_ok();
            tracing::info!(written, due = due.len(), in_time, "Wrote checkpoints before the end");
        }
    }
}

impl Kept {
    fn begin(cluster: Checkpoints) -> Self {
        let (read, was_read) = mpsc::channel(PAGES);
        let (jobs, to_write) = mpsc::channel(QUEUE);
        let (wrote, was_written) = mpsc::channel(QUEUE);
        let task = tokio::spawn(task::run(cluster.clone(), read, to_write, wrote));
        Self {
            cluster,
            task,
            read: Some(was_read),
            jobs,
            wrote: was_written,
            plan: Plan::default(),
            done: Checkpointed::default(),
            found: 0,
            unusable: 0,
            trouble: None,
        }
    }

    /// Takes in all there is, or up to the first failure.
    async fn take_in_first(&mut self, engine: &mut Engine) {
        while let Some(pages) = &mut self.read {
            let Some(read) = pages.recv().await else { return };
            let is_failure = matches!(read, Read::Failed(_));
            self.note_read(engine, read, SystemClock.now());
            if is_failure {
                return;
            }
        }
    }

    fn note_read(&mut self, engine: &mut Engine, read: Read, now: Timestamp) {
        match read {
            Read::Page(page) => self.take_in(engine, page, now),
            Read::Failed(error) => {
                let what =
                    "Checkpoints could not be read and none is written, trying again every minute";
                self.tell(Some(&error), what);
            }
            Read::Done => {
                self.read = None;
                self.trouble = None;
                let more = self.unusable.saturating_sub(UNUSABLE_TOLD);
                if more > 0 {
                    tracing::warn!(more, "More checkpoints could not be read");
                }
                tracing::info!(workloads = self.found, "Took in the checkpoints of histories");
            }
        }
    }

    fn take_in(&mut self, engine: &mut Engine, page: CheckpointPage, now: Timestamp) {
        for one in page.unusable {
            self.tell_unusable(&one.object, &one.why);
        }
        for checkpoint in page.checkpoints {
            let Checkpoint { workload, saved_at, containers } = checkpoint;
            let mut last_told = None;
            for (container, sealed) in containers {
                let key = ContainerKey { workload: workload.clone(), container: container.into() };
                if let Err(why) = restore(engine, &key, &sealed, now) {
                    let object = format!("{} of {workload}", key.container);
                    self.tell_unusable(&object, &why);
                }
                last_told = last_told.max(engine.last_told(&key));
            }
            let is_new = self.plan.found(workload, saved_at, last_told, now);
            self.done.restored += u64::from(is_new);
            self.found += u64::from(is_new);
        }
    }

    /// Says what came of the writes.
    fn note_wrote(&mut self, now: Timestamp) {
        while let Ok((id, result)) = self.wrote.try_recv() {
            self.note(&id, result, now);
        }
    }

    fn note(&mut self, id: &WorkloadId, result: Result<bool, ClusterError>, now: Timestamp) {
        match result {
            Ok(true) => {
                self.plan.arrived(id);
                self.done.written += 1;
                if self.trouble.is_some() && !self.plan.is_any_refused() {
                    self.tell(None, "");
                }
            }
            // The workload is new, and its object follows; or it is gone.
            Ok(false) | Err(ClusterError::LeadLost { .. }) => self.plan.put_off(id, now),
            Err(error @ ClusterError::CheckpointTooLarge { .. }) => {
                self.done.failures += 1;
                if self.plan.is_too_large(id, now) {
                    let error: &dyn Error = &error;
                    tracing::warn!(workload = %id, error, "Checkpoint is not kept");
                }
            }
            Err(error) => {
                self.done.failures += 1;
                self.plan.refused(id, now);
                self.tell(Some(&error), "Checkpoints cannot be written, trying again");
            }
        }
    }

    fn hand_over(&mut self, engine: &Engine, now: Timestamp) {
        self.plan.retain(|id| knows(engine, id));
        for id in self.due(&told(engine), now, EVERY, self.jobs.capacity()) {
            let Some(checkpoint) = make(engine, id, now) else {
                self.note_unmade(id, now);
                continue;
            };
            if self.jobs.try_send(checkpoint).is_ok() {
                self.plan.sent(id, now, last_told(engine, id));
            }
        }
    }

    /// At most so many that were not written for so long. Of a workload that is gone nothing is written,
    /// as long as it is remembered.
    fn due<'a>(
        &self,
        told: &[(&'a WorkloadId, Option<Timestamp>)],
        now: Timestamp,
        every: Duration,
        most: usize,
    ) -> Vec<&'a WorkloadId> {
        let due = self.plan.due(told, now, now.minus(every));
        due.into_iter().filter(|id| self.cluster.has_place(id)).take(most).collect()
    }

    async fn write_now(
        &mut self,
        engine: &Engine,
        due: &[WorkloadId],
        now: Timestamp,
        written: &mut usize,
    ) {
        for id in due {
            let Some(checkpoint) = make(engine, id, now) else { continue };
            let result = self.cluster.write(&checkpoint).await;
            *written += usize::from(matches!(result, Ok(true)));
            self.note(id, result, now);
        }
    }

    fn note_unmade(&mut self, id: &WorkloadId, now: Timestamp) {
        self.done.failures += 1;
        if self.plan.is_too_large(id, now) {
            tracing::warn!(workload = %id, "Checkpoint is not kept: a container's is too large");
        }
    }

    fn tell_unusable(&mut self, object: &str, why: &str) {
        self.unusable += 1;
        if self.unusable <= UNUSABLE_TOLD {
            tracing::warn!(object, why, "Checkpoint could not be read, it is left out");
        }
    }

    /// Says what is new: that something fails, or another thing, or nothing any longer.
    fn tell(&mut self, error: Option<&ClusterError>, what: &'static str) {
        // What fails of one object fails of all of them: its name is no news.
        let trouble = error.map(|error| format!("{what} {:?}", error.code()));
        if trouble == self.trouble {
            return;
        }
        if let Some(error) = error {
            let error: &dyn Error = error;
            tracing::warn!(error, "{what}");
        } else {
            tracing::info!("Checkpoints are written again");
        }
        self.trouble = trouble;
    }
}

fn tell_what_is_lost(is_on: bool) {
    if is_on {
        tracing::info!(
            "No --data-dir given: histories are kept as checkpoints in the cluster, and no usage is \
             stored to replay or forecast from"
        );
    } else {
        tracing::warn!(
            "No --data-dir given: history starts anew at every start, and no usage is stored \
             to replay or forecast from"
        );
    }
}

fn restore(
    engine: &mut Engine,
    key: &ContainerKey,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), String> {
    let bytes = unseal(sealed).map_err(|error| error.to_string())?;
    engine.take_in_checkpoint(key, &bytes, now).map_err(|error| error.to_string())
}

/// The checkpoint of all containers of a workload of which anything is known; `None` where one is too
/// large.
fn make(engine: &Engine, id: &WorkloadId, now: Timestamp) -> Option<Checkpoint> {
    let mut containers = BTreeMap::new();
    for key in engine.containers_of(id) {
        if let Some(bytes) = engine.checkpoint(key) {
            containers.insert(key.container.to_string(), seal(&bytes)?);
        }
    }
    Some(Checkpoint { workload: id.clone(), saved_at: now, containers })
}

/// All workloads of which anything is known, each with when it was last told of.
fn told(engine: &Engine) -> Vec<(&WorkloadId, Option<Timestamp>)> {
    let mut told: Vec<(&WorkloadId, Option<Timestamp>)> = Vec::new();
    for (key, at) in engine.told() {
        match told.last_mut() {
            // Containers of one workload come one after the other.
            Some((id, last)) if **id == key.workload => *last = (*last).max(at),
            _ => told.push((&key.workload, at)),
        }
    }
    told
}

fn knows(engine: &Engine, id: &WorkloadId) -> bool {
    engine.containers_of(id).next().is_some()
}

fn last_told(engine: &Engine, id: &WorkloadId) -> Option<Timestamp> {
    engine.containers_of(id).filter_map(|key| engine.last_told(key)).max()
}
