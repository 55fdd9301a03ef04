//! The cluster as a tick reads it.

use plimsoll_domain::{
    Capabilities, PerResource, Pod, PodPhase, QosClass, Resources, Rollout, Workload, World,
};

use super::cluster::{SimulatedCluster, SimulatedPod, SimulatedWorkload, key};

/// A simulated cluster behaves as Kubernetes 1.34 and later.
const CAPABILITIES: Capabilities = Capabilities { resize: true, lower_memory_limit: true };

impl SimulatedCluster {
    /// Everything a tick reads about the cluster.
    pub(super) fn world(&self) -> World {
        World {
            workloads: self.workloads.iter().map(|workload| self.workload(workload)).collect(),
            stop: self.stop.clone(),
            capabilities: CAPABILITIES,
        }
    }

    fn workload(&self, workload: &SimulatedWorkload) -> Workload {
        Workload {
            id: workload.id.clone(),
            api_version: "apps/v1".to_owned(),
            uid: format!("uid-of-{}", workload.id.name),
            containers: workload.containers.clone(),
            pods: workload.pods.iter().filter_map(|pod| self.pod(workload, pod)).collect(),
            desired_replicas: u32::try_from(workload.usage.len()).ok(),
            rollout: Rollout::Settled,
            configuration: workload.configuration.clone(),
            excludes_its_like: false,
            opt_out: None,
            foreign_actuator: None,
            hpa_on: PerResource::default(),
            state: workload.state.clone(),
        }
    }

    fn pod(&self, workload: &SimulatedWorkload, pod: &SimulatedPod) -> Option<Pod> {
        let on_node = self.nodes[pod.node].pod(&key(&workload.id, &pod.name))?;
        Some(Pod {
            name: pod.name.clone(),
            uid: pod.uid.as_str().into(),
            created_at: pod.created_at,
            node: Some(format!("node-{}", pod.node)),
            phase: PodPhase::Running,
            ready: on_node.containers().iter().all(crate::node::Container::is_running),
            qos: qos(&pod.created_with),
            opted_out: false,
            has_pod_level_resources: false,
            resize: on_node.resize().clone(),
            resized_at: pod.resized_at,
            containers: on_node.containers().iter().map(|c| c.running.clone()).collect(),
        })
    }
}

/// Kubernetes' rule: Guaranteed when request equals limit for both resources of every container,
/// BestEffort when nothing is set at all.
fn qos(containers: &[Resources]) -> QosClass {
    let mut allocations = containers.iter().flat_map(|resources| [resources.cpu, resources.memory]);
    if allocations.clone().all(|a| a.request.is_none() && a.limit.is_none()) {
        QosClass::BestEffort
    } else if allocations.all(|a| a.limit.is_some() && a.request == a.limit) {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}
