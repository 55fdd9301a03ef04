//! `plimsoll controller`: the line over a live cluster.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use plimsoll_admission::{AdmissionMetrics, PublishedIndex};
use plimsoll_cluster::{Cluster, ClusterOptions, Election, ElectionEnd, Lead, wait_for_api};
use plimsoll_domain::Rounding;
use plimsoll_engine::{Engine, Settings};
use plimsoll_pipeline::{ChangeBudget, Clock, Control, Intervals, Line, Ports, Role};
use plimsoll_policy::BuiltIn;

use crate::args::ControllerArgs;
use crate::wire::checkpoints::ClusterKeeper;
use crate::wire::clock::SystemClock;
use crate::wire::history::Keeper;
use crate::wire::http::{Health, serve_health, serve_metrics};
use crate::wire::journal::Journal;
use crate::wire::metrics::{Elsewhere, Metrics};
use crate::wire::past::Inlet;
use crate::wire::samples::samples;
use crate::wire::webhook::{self, WebhookParts};
use crate::wire::{client, log, signals};

/// The Lease that replicas elect their leader by.
pub(crate) const LEASE: &str = "plimsoll";
/// A line that has not ticked for this long, beside two intervals, hangs: the calls of a tick are
/// limited to 10 s for usage, 4 s for an unanswered resize and 20 s for status.
const STALL_AFTER: Duration = Duration::from_mins(5);
/// The API server goes on calling a webhook until it has heard that the pod ends. Endpoints follow
/// readiness within a second or two.
const DRAIN: Duration = Duration::from_secs(3);

/// Runs until told to end, or until leadership is lost. A failure is told as a log line: whoever
/// reads logs reads no plain text between them.
pub(crate) async fn run(args: ControllerArgs) -> anyhow::Result<ExitCode> {
    log::start(args.log_format, args.log_level)?;
    match control(args).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tracing::error!(error = crate::output::chain(&error), "Ended by a failure");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn control(args: ControllerArgs) -> anyhow::Result<()> {
    // The line ends first: what it sent must be noted, and its history kept. What serves it and
    // the webhook ends last.
    let (end, serving) = (CancellationToken::new(), CancellationToken::new());
    signals::cancel_on_end(&end)?;
    let clients = client::clients(&args.connect).await?;
    let admission = Arc::new(AdmissionMetrics::default());
    let lead = Lead::default();
    let elsewhere = Elsewhere {
        admission: Arc::clone(&admission),
        calls: clients.counts.clone(),
        lead: lead.clone(),
    };
    let metrics = Arc::new(Metrics::new(elsewhere));
    let health =
        Arc::new(Health::new(STALL_AFTER + args.collect_interval.max(args.evaluate_interval) * 2));
    // Served from the first moment: who waits for the API server is alive.
    let pages = serve_pages(&args, &metrics, &health, &serving);
    if end.run_until_cancelled(wait_for_api(&clients.calls)).await.is_none() {
        return Ok(());
    }
    health.ticked(SystemClock.now());
    let published = Arc::new(PublishedIndex::default());
    let cluster = Cluster::with_clients(clients, cluster_options(&args, &published, lead));
    let watches = cluster.spawn_watches(&serving);
    let (role, roles) = watch::channel(Role::Standby);
    let webhook = webhook::start(
        webhook_parts(&args, &admission),
        cluster.clients(),
        (published, cluster.index()),
        roles.clone(),
        serving.clone(),
    )
    .await?;
    let identity = identity(&args);
    let (mut election, leased) = stand_for_election(&args, &cluster, role, &identity);
    let observer = Observer { cluster: &cluster, metrics, health: Arc::clone(&health), identity };
    let ended = tokio::select! {
        ended = observer.drive(&args, Control { role: roles, cancel: end.clone() }) => ended,
        lost = lost(&mut election) => lost,
        failed = first_failure(watches, pages) => failed,
    };
    leased.cancel();
    if !election.is_finished() {
        election.await.ok();
    }
    if ended.is_ok() {
        health.set_ready(false);
        tokio::time::sleep(DRAIN).await;
    }
    webhook.end().await;
    serving.cancel();
    ended
}

/// Looks on while the line runs: keeps history, counts, logs.
struct Observer<'a> {
    cluster: &'a Cluster,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    identity: String,
}

impl Observer<'_> {
    async fn drive(self, args: &ControllerArgs, control: Control) -> anyhow::Result<()> {
        let mut engine = Engine::new(Settings {
            rounding: Rounding::Kubernetes,
            cooldown: args.cooldown,
            dry_run: args.dry_run,
        });
        let mut keeper = Keeper::open(args.data_dir.as_deref(), args.keep_cells, &mut engine)?;
        let mut in_cluster =
            ClusterKeeper::open(args, self.cluster, &mut engine, &control.cancel).await;
        let mut past = Inlet::open(args, self.cluster, &engine, &control.cancel)?;
        let ports = Ports {
            clock: SystemClock,
            samples: samples(args, self.cluster.clients()).await?,
            workloads: self.cluster.workload_source(),
            actuator: self.cluster.actuator(),
            sink: self.cluster.sink(&self.identity),
        };
        let mut line =
            Line::new(engine, ports, ChangeBudget::new(args.max_changed_pods_per_minute));
        let intervals =
            Intervals { collect: args.collect_interval, evaluate: args.evaluate_interval };
        let mut journal = Journal::default();
        let index = self.cluster.index();
        plimsoll_pipeline::run(&mut line, intervals, control, |engine, report, elapsed| {
            journal.note(report);
            tokio::task::block_in_place(|| {
                keeper.tell_unkept(engine);
                past.take_in(engine, keeper.fill());
            });
            self.metrics.observe(report, elapsed);
            self.health.ticked(report.at);
            self.health.set_ready(index.is_synced());
            if report.evaluation_due || report.samples > 0 {
                let kept = tokio::task::block_in_place(|| keeper.save(engine, report.at));
                self.metrics.note_history(kept);
                let turn = || in_cluster.turn(engine, report.at);
                self.metrics.note_checkpoints(tokio::task::block_in_place(turn));
                tokio::task::block_in_place(|| keeper.recall(engine));
            }
        })
        .await;
        keeper.save_all(&mut line.engine, SystemClock.now());
        in_cluster.finish(&line.engine, SystemClock.now()).await;
        Ok(())
    }
}

fn cluster_options(
    args: &ControllerArgs,
    published: &Arc<PublishedIndex>,
    lead: Lead,
) -> ClusterOptions {
    ClusterOptions {
        namespace: args.connect.plimsoll_namespace.clone(),
        built_in: BuiltIn { confidence_required: args.confidence_required },
        dry_run: args.dry_run,
        published: Some(webhook::hook(published)),
        lead,
    }
}

fn webhook_parts(args: &ControllerArgs, metrics: &Arc<AdmissionMetrics>) -> WebhookParts {
    let namespace = args.connect.plimsoll_namespace.clone();
    let names = if args.webhook_names.is_empty() {
        let service = format!("plimsoll-webhook.{namespace}");
        vec![format!("{service}.svc"), format!("{service}.svc.cluster.local")]
    } else {
        args.webhook_names.clone()
    };
    WebhookParts {
        bind: args.webhook_bind,
        names,
        namespace,
        dry_run: args.dry_run,
        metrics: Arc::clone(metrics),
    }
}

fn serve_pages(
    args: &ControllerArgs,
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
    cancel: &CancellationToken,
) -> JoinSet<anyhow::Result<()>> {
    let mut pages = JoinSet::new();
    pages.spawn(serve_metrics(args.metrics_bind, Arc::clone(metrics), cancel.clone()));
    pages.spawn(serve_health(args.health_bind, Arc::clone(health), cancel.clone()));
    pages
}

/// The second value, once cancelled, gives the lease back.
fn stand_for_election(
    args: &ControllerArgs,
    cluster: &Cluster,
    role: watch::Sender<Role>,
    identity: &str,
) -> (JoinHandle<ElectionEnd>, CancellationToken) {
    let leased = CancellationToken::new();
    let namespace = &args.connect.plimsoll_namespace;
    let leases = cluster.clients().leases.clone();
    let election = Election::new(leases, namespace, LEASE, identity, cluster.lead());
    (tokio::spawn(election.run(role, leased.clone())), leased)
}

/// Resolves when leadership was lost: the process must end, since another may lead by now.
async fn lost(election: &mut JoinHandle<ElectionEnd>) -> anyhow::Result<()> {
    match election.await.context("the leader election ended by a defect")? {
        ElectionEnd::Lost => bail!("leadership was lost; another replica goes on"),
        ElectionEnd::Released => Ok(()),
    }
}

/// Resolves when something that should run for ever did not.
async fn first_failure(
    mut watches: JoinSet<()>,
    mut pages: JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        Some(ended) = watches.join_next() => ended.context("a watch ended by a defect"),
        Some(ended) = pages.join_next() => {
            ended.context("an HTTP page ended by a defect")?.context("failed to serve a page")
        }
        else => Ok(()),
    }
}

/// Who this run is: the lease needs another name for every run. Process ids repeat in containers
/// and names of pods in a StatefulSet, so the moment of the start is part of it.
fn identity(args: &ControllerArgs) -> String {
    let host = args.identity.clone().unwrap_or_else(|| {
        let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        name.trim().to_owned()
    });
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let started = started.unwrap_or_default().as_nanos();
    format!("{host}_{}_{started:x}", std::process::id())
}
