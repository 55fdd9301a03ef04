//! The cluster itself: nodes, workloads and their pods, and what happens to them as time passes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    Amount, Configuration, ContainerSpec, DecisionState, Evaluation, PerResource, Resources,
    RunningContainer, Stop, Timestamp, WorkloadId,
};
use plimsoll_engine::admit;

use crate::node::{Container, Effect, Node, NodePod};

/// What one container of one pod wants at a time after the start of the simulation.
pub type Usage = Arc<dyn Fn(&str, Duration) -> PerResource<Amount> + Send + Sync>;

/// A cluster of simulated nodes.
#[derive(Debug)]
pub struct SimulatedCluster {
    /// The present.
    pub now: Timestamp,
    /// When the simulation began.
    pub started_at: Timestamp,
    /// Whether usage can be read.
    pub metrics_available: bool,
    /// A person's order to stand still.
    pub stop: Option<Stop>,
    /// Its workloads, ordered by identity.
    pub workloads: Vec<SimulatedWorkload>,
    /// What the line published last, ordered by workload.
    pub published: Vec<Evaluation>,
    pub(super) nodes: Vec<Node>,
    node_size: PerResource<Amount>,
    pods_created: u64,
}

/// A workload of a simulated cluster.
#[derive(Clone)]
pub struct SimulatedWorkload {
    /// Who it is.
    pub id: WorkloadId,
    /// The containers of its template.
    pub containers: Vec<ContainerSpec>,
    /// What its owner asked for.
    pub configuration: Arc<Configuration>,
    /// What each of its pods uses; as many pods as there are entries.
    pub usage: Vec<Usage>,
    /// What was decided for it, as its object's status holds it.
    pub state: DecisionState,
    pub(super) pods: Vec<SimulatedPod>,
}

#[derive(Clone, Debug)]
pub(super) struct SimulatedPod {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) created_at: Timestamp,
    pub(super) resized_at: Option<Timestamp>,
    pub(super) node: usize,
    pub(super) usage: usize,
    /// Resources at creation: they fix the quality-of-service class.
    pub(super) created_with: Vec<Resources>,
}

impl fmt::Debug for SimulatedWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedWorkload").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SimulatedWorkload {
    /// A workload without pods: the cluster creates them.
    pub fn new(
        id: WorkloadId,
        containers: Vec<ContainerSpec>,
        configuration: Configuration,
        usage: Vec<Usage>,
    ) -> Self {
        Self {
            id,
            containers,
            configuration: Arc::new(configuration),
            usage,
            state: DecisionState::default(),
            pods: Vec::new(),
        }
    }
}

impl SimulatedCluster {
    /// An empty cluster whose nodes can hand out `node_size` each; nodes are added as needed.
    pub fn new(started_at: Timestamp, node_size: PerResource<Amount>) -> Self {
        Self {
            now: started_at,
            started_at,
            metrics_available: true,
            stop: None,
            workloads: Vec::new(),
            published: Vec::new(),
            nodes: Vec::new(),
            node_size,
            pods_created: 0,
        }
    }

    /// Adds a workload and creates its pods.
    pub fn add(&mut self, workload: SimulatedWorkload) {
        let at = self.workloads.partition_point(|other| other.id < workload.id);
        self.workloads.insert(at, workload);
        self.fill(at);
    }

    /// Replaces all pods of a workload, as a rollout does; new pods get what was published.
    pub fn roll_out(&mut self, id: &WorkloadId) {
        let Some(at) = self.workloads.iter().position(|workload| workload.id == *id) else {
            return;
        };
        for pod in std::mem::take(&mut self.workloads[at].pods) {
            self.nodes[pod.node].remove(&key(id, &pod.name));
        }
        self.fill(at);
    }

    /// Lets time pass; what happened to containers on the way is returned in the order of nodes
    /// and pods, pods as `namespace/name`.
    pub fn step(&mut self, by: Duration) -> Vec<Effect> {
        self.now = self.now.plus(by);
        let elapsed = self.now.since(self.started_at);
        let demand = self.demands();
        let mut effects = Vec::new();
        for node in &mut self.nodes {
            effects.extend(node.step(self.now, |pod, container| {
                demand
                    .binary_search_by(|(known, _)| known.as_str().cmp(pod))
                    .ok()
                    .and_then(|found| demand.get(found))
                    .map(|(_, usage)| usage(&container.running.name, elapsed))
                    .unwrap_or_default()
            }));
        }
        effects
    }

    /// All running containers with the workload they belong to.
    pub fn containers(&self) -> impl Iterator<Item = (&SimulatedWorkload, &Container)> {
        self.workloads.iter().flat_map(move |workload| {
            workload.pods.iter().flat_map(move |pod| {
                let found = self.nodes[pod.node].pod(&key(&workload.id, &pod.name));
                found
                    .into_iter()
                    .flat_map(NodePod::containers)
                    .map(move |container| (workload, container))
            })
        })
    }

    fn demands(&self) -> Vec<(String, Usage)> {
        let pods = self.workloads.iter().flat_map(|workload| {
            workload.pods.iter().filter_map(|pod| {
                let usage = workload.usage.get(pod.usage)?;
                Some((key(&workload.id, &pod.name), Arc::clone(usage)))
            })
        });
        let mut demands: Vec<_> = pods.collect();
        demands.sort_by(|(a, _), (b, _)| a.cmp(b));
        demands
    }

    /// Creates the pods a workload lacks.
    fn fill(&mut self, at: usize) {
        let workload = &self.workloads[at];
        let patched = admitted(workload);
        let (id, wanted) = (workload.id.clone(), workload.usage.len());
        for usage in workload.pods.len()..wanted {
            self.pods_created += 1;
            let name = format!("{}-{:05}", id.name, self.pods_created);
            let node = self.place(&key(&id, &name), &patched);
            self.workloads[at].pods.push(SimulatedPod {
                uid: format!("uid-{:05}", self.pods_created),
                name,
                created_at: self.now,
                resized_at: None,
                node,
                usage,
                created_with: patched.iter().map(|container| container.resources).collect(),
            });
        }
    }

    /// Starts a pod on the first node with room, or on a new one.
    fn place(&mut self, pod: &str, containers: &[RunningContainer]) -> usize {
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if node.start(pod, containers.to_vec(), self.now).is_ok() {
                return at;
            }
        }
        let mut node = Node::new(self.node_size);
        // A pod larger than a whole node would wait for ever in a real cluster; here it gets a
        // node of its own size.
        if node.start(pod, containers.to_vec(), self.now).is_err() {
            node = Node::new(PerResource::from_fn(|resource| {
                let requests = containers.iter().filter_map(|c| c.resources.get(resource).request);
                Amount::new(requests.map(Amount::value).sum()).unwrap_or_default()
            }));
            node.start(pod, containers.to_vec(), self.now).ok();
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

/// The name a pod has on its node.
pub(super) fn key(id: &WorkloadId, pod: &str) -> String {
    format!("{}/{pod}", id.namespace)
}

/// The containers of a new pod, with the values the webhook gives them.
fn admitted(workload: &SimulatedWorkload) -> Vec<RunningContainer> {
    let patches = workload.state.published.as_ref();
    let patches = patches.map(|published| admit(&workload.containers, published));
    let patches = patches.unwrap_or_default();
    let containers = workload.containers.iter().map(|spec| {
        let patch = patches.iter().find(|patch| *patch.container == *spec.name);
        RunningContainer {
            name: spec.name.to_string(),
            counts_as: None,
            resources: patch.map_or(spec.original, |patch| patch.resources),
            resize_restart: PerResource::default(),
            started_at: None,
            restart_count: 0,
            last_oom: None,
        }
    });
    containers.collect()
}
