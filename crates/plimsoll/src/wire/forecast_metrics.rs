//! How well forecasts do, by kind of workload.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use plimsoll_domain::{Estimate, Evaluation, Foreseen, Trial, WorkloadKind};

type Share = Gauge<f64, AtomicU64>;

/// Set anew at each evaluation: counts, and means over the forecasts that were tried.
#[derive(Debug, Default)]
pub(super) struct ForecastMetrics {
    forecasts: Family<VerdictLabel, Gauge>,
    loss_ratio: Family<KindLabel, Share>,
    above: Family<KindLabel, Share>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct VerdictLabel {
    kind: &'static str,
    /// `Followed`, `NoSkill` or `NotTried`.
    verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

impl ForecastMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "forecasts",
            "Forecasts of a container's resource, by whether they are followed",
            self.forecasts.clone(),
        );
        registry.register(
            "forecast_loss_ratio",
            "What tried forecasts lost over what repeating the window just over lost, the mean; below 1 is better",
            self.loss_ratio.clone(),
        );
        registry.register(
            "forecast_above_ratio",
            "The share of tried windows that peaked above the 90th percentile forecast, the mean; 0.1 is as it should be",
            self.above.clone(),
        );
    }

    pub(super) fn observe(&self, evaluations: &[Evaluation]) {
        self.forecasts.clear();
        self.loss_ratio.clear();
        self.above.clear();
        for (kind, foreseen) in by_kind(evaluations) {
            for one in &foreseen {
                let label = VerdictLabel { kind, verdict: one.code() };
                self.forecasts.get_or_create(&label).inc();
            }
            let tried: Vec<Trial> = foreseen.iter().filter_map(|one| one.trial).collect();
            let mean =
                |of: fn(&Trial) -> f64| tried.iter().map(of).sum::<f64>() / tried.len() as f64;
            if !tried.is_empty() {
                let label = KindLabel { kind };
                self.loss_ratio.get_or_create(&label).set(mean(|trial| trial.loss_ratio.value()));
                self.above.get_or_create(&label).set(mean(|trial| trial.above.value()));
            }
        }
    }
}

fn by_kind(evaluations: &[Evaluation]) -> BTreeMap<&'static str, Vec<&Foreseen>> {
    let mut kinds: BTreeMap<&'static str, Vec<&Foreseen>> = BTreeMap::new();
    for evaluation in evaluations {
        let estimates =
            evaluation.containers.iter().flat_map(|container| container.estimates.iter());
        for (_, estimate) in estimates {
            if let Estimate::Known(trail) = estimate
                && let Some(foreseen) = &trail.foreseen
            {
                kinds.entry(name(&evaluation.workload.kind)).or_default().push(foreseen);
            }
        }
    }
    kinds
}

/// The kinds that are known by name; nothing a user writes becomes a label.
fn name(kind: &WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "Deployment",
        WorkloadKind::StatefulSet => "StatefulSet",
        WorkloadKind::DaemonSet => "DaemonSet",
        WorkloadKind::ReplicaSet => "ReplicaSet",
        WorkloadKind::Job => "Job",
        WorkloadKind::CronJob => "CronJob",
        WorkloadKind::Rollout => "Rollout",
        WorkloadKind::Custom(_) => "Custom",
        WorkloadKind::Other(_) => "Other",
    }
}
