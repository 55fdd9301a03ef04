//! What containers use at present, by a Prometheus-compatible server.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_domain::{PerResource, Resource, Timestamp};
use plimsoll_pipeline::{Collected, PodUsage, PortError, SampleSource};
use tokio::time::timeout;

use super::query::usage_now;
use super::{Prometheus, PrometheusError, Series};
use crate::usage::amount;

/// How long both answers may take: a third of the interval they are asked at (30 s), as with the
/// metrics API.
const LIMIT: Duration = Duration::from_secs(10);

/// The most values of one answer: ten times the 100,000 containers that one Plimsoll is built for,
/// so that pods that ended a moment ago and doubles have room.
const MAX_VALUES: usize = 1_000_000;

/// A Prometheus-compatible server as a source of samples. CPU is the mean between the
/// last two scrapes.
#[derive(Clone, Debug)]
pub struct PrometheusSamples(Prometheus);

impl PrometheusSamples {
    /// Reads from this server.
    pub fn new(prometheus: Prometheus) -> Self {
        Self(prometheus)
    }

    async fn read(&self, now: Timestamp) -> Result<Collected, PrometheusError> {
        let scope = self.0.scope();
        let (cpu, memory) = (usage_now(scope, Resource::Cpu), usage_now(scope, Resource::Memory));
        let both = async {
            tokio::try_join!(
                self.0.now(&cpu, now, MAX_VALUES),
                self.0.now(&memory, now, MAX_VALUES)
            )
        };
        let (cpu, memory) =
            timeout(LIMIT, both).await.unwrap_or(Err(PrometheusError::Unanswered))?;
        Ok(joined(&cpu, &memory, now))
    }
}

impl SampleSource for PrometheusSamples {
    async fn collect(&mut self, now: Timestamp) -> Result<Collected, PortError> {
        self.read(now).await.map_err(|error| PortError::new("collect usage", error))
    }
}

/// CPU and memory of each container in one; values that are no usage are left out and counted.
fn joined(cpu: &[Series], memory: &[Series], now: Timestamp) -> Collected {
    let mut collected = Collected::default();
    let mut usages: BTreeMap<[&str; 3], PerResource<_>> = BTreeMap::new();
    for (resource, series) in [(Resource::Cpu, cpu), (Resource::Memory, memory)] {
        for one in series {
            let amount = one.points.last().and_then(|(_, value)| amount(resource, *value));
            match amount {
                Some(amount) => {
                    let names = ["namespace", "pod", "container"].map(|name| one.label(name));
                    *usages.entry(names).or_default().get_mut(resource) = Some(amount);
                }
                None => collected.dropped += 1,
            }
        }
    }
    let usages = usages.into_iter().map(|([namespace, pod, container], usage)| PodUsage {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        container: container.to_owned(),
        at: now,
        usage,
    });
    collected.usage = usages.collect();
    collected
}
