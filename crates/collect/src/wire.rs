//! `metrics.k8s.io/v1beta1` as far as it is read, and what is usage in it.

use k8s_openapi::jiff;
use plimsoll_api::parse_quantity;
use plimsoll_domain::{Amount, PerResource, Resource, Timestamp};
use plimsoll_pipeline::{Collected, PodUsage};
use serde::Deserialize;

use crate::usage;

/// A list of pods' usage.
#[derive(Debug, Deserialize)]
pub(crate) struct PodMetricsList {
    #[serde(default)]
    items: Vec<PodMetrics>,
}

#[derive(Debug, Deserialize)]
struct PodMetrics {
    metadata: Metadata,
    /// When the window of the measurement ended, RFC 3339.
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    containers: Vec<ContainerMetrics>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Debug, Deserialize)]
struct ContainerMetrics {
    name: String,
    #[serde(default)]
    usage: Usage,
}

/// Quantities, as text.
#[derive(Debug, Default, Deserialize)]
struct Usage {
    cpu: Option<String>,
    memory: Option<String>,
}

impl PodMetricsList {
    /// The usage in a list. Values that are none (no number, negative, absurd, no time) are left
    /// out and counted, a container without any value once.
    pub(crate) fn collected(self) -> Collected {
        let mut collected = Collected::default();
        for pod in self.items {
            let at = pod.timestamp.parse::<jiff::Timestamp>();
            let at = at.map(|at| Timestamp::from_seconds(at.as_second()));
            for container in pod.containers {
                let (usage, dropped) = container.usage.amounts();
                collected.dropped += dropped;
                let Ok(at) = at else {
                    collected.dropped += 1;
                    continue;
                };
                if usage.cpu.is_none() && usage.memory.is_none() {
                    collected.dropped += u64::from(dropped == 0);
                    continue;
                }
                collected.usage.push(PodUsage {
                    namespace: pod.metadata.namespace.clone(),
                    pod: pod.metadata.name.clone(),
                    container: container.name,
                    at,
                    usage,
                });
            }
        }
        collected
    }
}

impl Usage {
    /// The values that are usage, and how many were given that are not.
    fn amounts(&self) -> (PerResource<Option<Amount>>, u64) {
        let mut dropped = 0;
        let amounts = PerResource::from_fn(|resource| {
            let text = match resource {
                Resource::Cpu => self.cpu.as_deref(),
                Resource::Memory => self.memory.as_deref(),
            };
            let amount = parse_quantity(text?).ok();
            let amount = amount.and_then(|amount| usage::amount(resource, amount.value()));
            dropped += u64::from(amount.is_none());
            amount
        });
        (amounts, dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One container with this usage: what is collected as `cpu memory`, and how much is dropped.
    fn check(usage: &str, expect: Option<(Option<f64>, Option<f64>)>, dropped: u64) {
        let list = format!(
            r#"{{"items": [{{
                "metadata": {{"name": "web-1", "namespace": "shop"}},
                "timestamp": "1970-01-01T00:01:00Z", "window": "15s",
                "containers": [{{"name": "app", "usage": {usage}}}]
            }}]}}"#
        );
        let list: PodMetricsList = serde_json::from_str(&list).unwrap();
        let collected = list.collected();
        let value = |amount: Option<Amount>| amount.map(Amount::value);
        let found = collected.usage.first();
        let found = found.map(|found| (value(found.usage.cpu), value(found.usage.memory)));
        assert_eq!(found, expect, "{usage}");
        assert_eq!(collected.dropped, dropped, "{usage}");
    }

    #[test]
    fn reads_usage_in_the_units_that_servers_write() {
        check(r#"{"cpu": "250m", "memory": "64Mi"}"#, Some((Some(0.25), Some(67_108_864.0))), 0);
        check(r#"{"cpu": "1500000n", "memory": "1Ki"}"#, Some((Some(0.0015), Some(1024.0))), 0);
        check(r#"{"cpu": "0", "memory": "0"}"#, Some((Some(0.0), Some(0.0))), 0);
    }

    #[test]
    fn drops_and_counts_what_is_no_usage() {
        check(r#"{"cpu": "NaN", "memory": "1Ki"}"#, Some((None, Some(1024.0))), 1);
        check(r#"{"cpu": "-1", "memory": "1Ki"}"#, Some((None, Some(1024.0))), 1);
        check(r#"{"cpu": "10001", "memory": "1Ki"}"#, Some((None, Some(1024.0))), 1);
        check(r#"{"cpu": "1", "memory": "2Pi"}"#, Some((Some(1.0), None)), 1);
        check(r#"{"cpu": "", "memory": "many"}"#, None, 2);
        check("{}", None, 1);
    }

    #[test]
    fn keeps_one_resource_where_the_other_is_absent() {
        check(r#"{"cpu": "1"}"#, Some((Some(1.0), None)), 0);
    }

    #[test]
    fn usage_without_a_time_is_dropped() {
        let list = r#"{"items": [{
            "metadata": {"name": "a"}, "timestamp": "soon",
            "containers": [{"name": "app", "usage": {"cpu": "1"}}]
        }]}"#;
        let list: PodMetricsList = serde_json::from_str(list).unwrap();
        let collected = list.collected();
        assert_eq!((collected.usage.len(), collected.dropped), (0, 1));
    }
}
