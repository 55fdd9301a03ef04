//! The five ports of the line, over a simulated cluster. They are always ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_domain::{
    Action, Evaluation, Outcome, OutcomeResult, PodChange, Resources, Timestamp, World,
};
use plimsoll_pipeline::{
    Actuator, Clock, Collected, EvaluationSink, PodUsage, PortError, Ports, SampleSource,
    WorkloadSource,
};

use crate::node::NodePod;

use super::cluster::{SimulatedCluster, key};

/// One cluster behind all five ports; clones share it.
#[derive(Clone, Debug)]
pub struct SimulatedPorts(Arc<Mutex<SimulatedCluster>>);

impl SimulatedPorts {
    /// Ports over a cluster.
    pub fn new(cluster: SimulatedCluster) -> Self {
        Self(Arc::new(Mutex::new(cluster)))
    }

    /// All five, as a line takes them.
    pub fn for_line(&self) -> Ports<Self, Self, Self, Self, Self> {
        Ports {
            clock: self.clone(),
            samples: self.clone(),
            workloads: self.clone(),
            actuator: self.clone(),
            sink: self.clone(),
        }
    }

    /// The cluster, to change it between ticks.
    pub fn cluster(&self) -> MutexGuard<'_, SimulatedCluster> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimulatedPorts {
    fn now(&self) -> Timestamp {
        self.cluster().now
    }
}

impl SampleSource for SimulatedPorts {
    async fn collect(&mut self, now: Timestamp) -> Result<Collected, PortError> {
        let cluster = self.cluster();
        if !cluster.metrics_available {
            return Err(PortError::plain("read usage: the simulated metrics API is down"));
        }
        let mut usage = Vec::new();
        for workload in &cluster.workloads {
            for pod in &workload.pods {
                let name = key(&workload.id, &pod.name);
                let containers =
                    cluster.nodes[pod.node].pod(&name).into_iter().flat_map(NodePod::containers);
                for container in containers.filter(|container| container.is_running()) {
                    usage.push(PodUsage {
                        namespace: workload.id.namespace.to_string(),
                        pod: pod.name.clone(),
                        container: container.running.name.clone(),
                        at: now,
                        usage: plimsoll_domain::PerResource {
                            cpu: Some(container.used.cpu),
                            memory: Some(container.used.memory),
                        },
                    });
                }
            }
        }
        Ok(Collected { usage, dropped: 0 })
    }
}

impl WorkloadSource for SimulatedPorts {
    async fn world(&mut self, _now: Timestamp) -> Result<World, PortError> {
        Ok(self.cluster().world())
    }
}

impl Actuator for SimulatedPorts {
    async fn apply(&mut self, action: &Action, now: Timestamp) -> Vec<Outcome> {
        let mut cluster = self.cluster();
        let outcomes = action.changes.iter().map(|change| Outcome {
            workload: action.workload.clone(),
            pod: change.pod.clone(),
            at: now,
            result: resize(&mut cluster, action, change, now),
        });
        outcomes.collect()
    }
}

impl EvaluationSink for SimulatedPorts {
    async fn publish(
        &mut self,
        evaluations: &[Evaluation],
        _now: Timestamp,
    ) -> Result<(), PortError> {
        let mut cluster = self.cluster();
        for evaluation in evaluations {
            let found = cluster.workloads.iter_mut().find(|w| w.id == evaluation.workload);
            if let Some(workload) = found {
                workload.state = evaluation.state.clone();
            }
        }
        cluster.published = evaluations.to_vec();
        Ok(())
    }
}

fn resize(
    cluster: &mut SimulatedCluster,
    action: &Action,
    change: &PodChange,
    now: Timestamp,
) -> OutcomeResult {
    let workload = cluster.workloads.iter_mut().find(|workload| workload.id == action.workload);
    let mut pods = workload.into_iter().flat_map(|workload| &mut workload.pods);
    let Some(pod) = pods.find(|pod| *pod.uid == *change.uid) else {
        return OutcomeResult::Gone;
    };
    pod.resized_at = Some(now);
    let node = pod.node;
    let wanted: BTreeMap<String, Resources> =
        change.containers.iter().map(|c| (c.container.clone(), c.to)).collect();
    cluster.nodes[node].resize(&key(&action.workload, &change.pod), &wanted, now);
    OutcomeResult::Accepted
}
