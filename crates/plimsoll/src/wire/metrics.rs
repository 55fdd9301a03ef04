//! What the program says about itself to Prometheus. No pod name is ever a label.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use plimsoll_admission::AdmissionMetrics;
use plimsoll_cluster::{ApiCalls, Lead};
use plimsoll_domain::{Reason, Running};
use plimsoll_pipeline::TickReport;

use super::checkpoints::Checkpointed;
use super::forecast_metrics::ForecastMetrics;
use super::history::Kept;

/// The program's metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    samples: Counter,
    dropped: Counter,
    unmatched: Counter,
    port_errors: Counter,
    tick_seconds: Histogram,
    workloads: Family<DecisionLabel, Gauge>,
    changes: Family<ResultLabel, Counter>,
    history_bytes: Gauge,
    history_failures: Counter,
    checkpoints: CheckpointCounters,
    forecasts: ForecastMetrics,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DecisionLabel {
    /// `Apply`, or the code of the reason for holding.
    decision: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl Metrics {
    /// All metrics at zero, beside those that are kept elsewhere.
    pub(crate) fn new(elsewhere: Elsewhere) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("plimsoll"),
            samples: Counter::default(),
            dropped: Counter::default(),
            unmatched: Counter::default(),
            port_errors: Counter::default(),
            // 1 ms to 16 s: a tick over 1,000 workloads is expected well below a second.
            tick_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            workloads: Family::default(),
            changes: Family::default(),
            history_bytes: Gauge::default(),
            history_failures: Counter::default(),
            checkpoints: CheckpointCounters::default(),
            forecasts: ForecastMetrics::default(),
        };
        metrics.register();
        metrics.registry.register_collector(Box::new(elsewhere));
        metrics
    }

    /// Counts what a tick did.
    pub(crate) fn observe(&self, report: &TickReport, elapsed: Duration) {
        self.samples.inc_by(report.samples);
        self.dropped.inc_by(report.dropped);
        self.unmatched.inc_by(report.unmatched);
        self.port_errors.inc_by(report.errors.len() as u64);
        self.tick_seconds.observe(elapsed.as_secs_f64());
        if report.evaluations.is_empty() {
            return;
        }
        for code in Reason::CODES.into_iter().chain(["Apply"]) {
            let count = report.evaluations.iter().filter(|e| code_of(&e.decision.running) == code);
            let count = i64::try_from(count.count()).unwrap_or(i64::MAX);
            self.workloads.get_or_create(&DecisionLabel { decision: code }).set(count);
        }
        self.forecasts.observe(&report.evaluations);
        for outcome in report.evaluations.iter().flat_map(|evaluation| &evaluation.outcomes) {
            let label = ResultLabel { result: outcome.result.code() };
            self.changes.get_or_create(&label).inc();
        }
    }

    /// Says how large the kept history is, and counts what could not be written of it.
    pub(crate) fn note_history(&self, kept: Kept) {
        self.history_bytes.set(i64::try_from(kept.bytes).unwrap_or(i64::MAX));
        self.history_failures.inc_by(kept.failures);
    }

    /// Counts what became of checkpoints.
    pub(crate) fn note_checkpoints(&self, done: Checkpointed) {
        self.checkpoints.restored.inc_by(done.restored);
        self.checkpoints.written.inc_by(done.written);
        self.checkpoints.failures.inc_by(done.failures);
    }

    /// The page Prometheus reads.
    pub(crate) fn page(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        encode(&mut page, &self.registry)?;
        Ok(page)
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("samples", "Usage samples taken in", self.samples.clone());
        r.register("samples_dropped", "Values that were no usage", self.dropped.clone());
        r.register(
            "samples_unmatched",
            "Values of containers that belong to no known workload",
            self.unmatched.clone(),
        );
        r.register("port_errors", "Times a port did not answer", self.port_errors.clone());
        r.register("tick_duration_seconds", "Length of a tick", self.tick_seconds.clone());
        r.register("workloads", "Workloads by what was decided", self.workloads.clone());
        r.register("pod_changes", "Changes of running pods by result", self.changes.clone());
        r.register("history_bytes", "Size of the kept history", self.history_bytes.clone());
        r.register(
            "history_write_failures",
            "Times that history could not be written to --data-dir",
            self.history_failures.clone(),
        );
        self.checkpoints.register(r);
        self.forecasts.register(r);
    }
}

/// What became of the checkpoints in the cluster.
#[derive(Debug, Default)]
struct CheckpointCounters {
    restored: Counter,
    written: Counter,
    failures: Counter,
}

impl CheckpointCounters {
    fn register(&self, r: &mut Registry) {
        let help = "Checkpoints of histories taken in, by workload";
        r.register("checkpoints_restored", help, self.restored.clone());
        let help = "Checkpoints of histories written, by workload";
        r.register("checkpoints_written", help, self.written.clone());
        let help = "Checkpoints that could not be written, or were too large";
        r.register("checkpoint_write_failures", help, self.failures.clone());
    }
}

/// What is kept elsewhere and read when the page is.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    /// What the webhook answered.
    pub(crate) admission: Arc<AdmissionMetrics>,
    /// What the API server was asked.
    pub(crate) calls: ApiCalls,
    /// Whether this replica leads at that moment.
    pub(crate) lead: Lead,
}

impl Collector for Elsewhere {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Pods the webhook was asked about, by what it answered";
        let mut reviews =
            encoder.encode_descriptor("admission_reviews", help, None, MetricType::Counter)?;
        for (how, count) in self.admission.reviews() {
            let labels = [("result", how.code())];
            reviews.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "Settings the webhook was asked about, by what it answered";
        let mut validations =
            encoder.encode_descriptor("admission_validations", help, None, MetricType::Counter)?;
        for (how, count) in self.admission.validations() {
            let labels = [("result", how.code())];
            validations
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "Calls of the Kubernetes API, by verb and resource";
        let mut calls = encoder.encode_descriptor("api_calls", help, None, MetricType::Counter)?;
        for (verb, resource, count) in self.calls.counts() {
            let labels = [("verb", verb.name()), ("resource", resource.as_str())];
            calls.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "1 on the replica that decides";
        encoder
            .encode_descriptor("leader", help, None, MetricType::Gauge)?
            .encode_gauge(&i64::from(self.lead.holds()))
    }
}

fn code_of(running: &Running) -> &'static str {
    match running {
        Running::Apply(_) => "Apply",
        Running::Hold(reason) => reason.code(),
    }
}
