//! The past, from Prometheus: asked for once at the start, beside the line, which never waits for it.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use plimsoll_cluster::{Cluster, ClusterSource};
use plimsoll_collect::{BackFill, Known, Past, Prometheus, back_fill};
use plimsoll_engine::Engine;
use plimsoll_pipeline::{Clock, WorkloadSource};

use super::clock::SystemClock;
use super::fill::Fill;
use super::samples::prometheus;
use crate::args::ControllerArgs;

/// The share of the asked-for past that must have been seen live for a workload to need no other:
/// what is lacking then is less than a restart or two a week leave out.
const ENOUGH: f64 = 0.95;

/// How often the watches are asked whether they have seen the whole cluster, which takes seconds.
const SYNC_PAUSE: Duration = Duration::from_millis(200);

/// Where the past comes in.
#[derive(Debug)]
pub(crate) struct Inlet {
    receive: Option<mpsc::Receiver<Past>>,
}

impl Inlet {
    /// Begins to ask, if the arguments say whom. What the engine knows already is left alone.
    pub(crate) fn open(
        args: &ControllerArgs,
        cluster: &Cluster,
        engine: &Engine,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let sources = &args.sources;
        let Some(url) = sources.prometheus_url.as_ref().filter(|_| !sources.back_fill.is_zero())
        else {
            tracing::info!(
                "No past is asked for: a recommendation is sure once usage covers its look-back \
                 (24h to 7d), counting what was restored; --prometheus-url makes it sure at once"
            );
            return Ok(Self { receive: None });
        };
        let prometheus = prometheus(url, &sources.prometheus)?;
        let mut plan = BackFill::up_to(SystemClock.now(), sources.back_fill);
        plan.collect_interval = args.collect_interval;
        plan.seen = engine.histories().map(|(key, it)| (key.clone(), it.seen())).collect();
        let (send, receive) = BackFill::channel();
        let workloads = cluster.workload_source();
        let cancel = cancel.clone();
        tokio::spawn(async move {
            cancel.run_until_cancelled(fill(prometheus, plan, workloads, send)).await;
        });
        Ok(Self { receive: Some(receive) })
    }

    /// Gives the engine the histories that came in since the last time, and lays the cells by.
    pub(crate) fn take_in(&mut self, engine: &mut Engine, fill: &mut Fill) {
        let Some(receive) = &mut self.receive else { return };
        loop {
            match receive.try_recv() {
                Ok(Past::Cells(cells)) => fill.add(cells),
                Ok(Past::Histories(histories)) => {
                    for (key, history) in histories {
                        engine.recall(&key, history);
                    }
                }
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    fill.end();
                    self.receive = None;
                    return;
                }
            }
        }
    }
}

async fn fill(
    prometheus: Prometheus,
    mut plan: BackFill,
    mut workloads: ClusterSource,
    send: mpsc::Sender<Past>,
) {
    let world = loop {
        match workloads.world(SystemClock.now()).await {
            Ok(world) => break world,
            Err(_) => tokio::time::sleep(SYNC_PAUSE).await,
        }
    };
    plan.known = Some(world.workloads.iter().map(Known::of).collect());
    drop(world);
    let poor = plan.leave_out_the_rich(ENOUGH);
    let hours = plan.until.since(plan.from).as_secs() / 3600;
    tracing::info!(workloads = poor, hours, "Asks Prometheus for the past");
    let begun = Instant::now();
    let done = back_fill(&prometheus, &plan, send).await;
    let seconds = begun.elapsed().as_secs();
    match done {
        Ok(done) => tracing::info!(
            containers = done.containers,
            values = done.values,
            cells = done.cells,
            dropped = done.dropped,
            unknown_series = done.unknown,
            questions = done.questions,
            hours_missed = done.hours_missed,
            seconds,
            "Took the past in"
        ),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, seconds, "Prometheus was given up; what it told so far is kept");
        }
    }
}
