//! A node that runs pods: throttling, kills for memory, restarts and in-place resizes.
//!
//! Nothing here reads a clock or a cluster: time and demand are arguments, so that the fake
//! kubelet of the tests, replay and the demo share one behaviour. It follows the kubelet of
//! Kubernetes 1.34 and later. Left out, since no stage looks at it: contention between containers
//! for the node's CPU (a container gets what it demands up to its limit), pressure on the node's
//! memory, and resources of a pod as a whole.

mod container;
mod effect;
mod resize;

pub use container::{Container, RunState};
pub use effect::Effect;
pub use resize::ResizeFault;

use std::collections::BTreeMap;

use plimsoll_domain::{
    Amount, PerResource, ResizeStatus, Resource, Resources, RunningContainer, Timestamp,
};

/// A node and the pods it runs.
#[derive(Clone, Debug)]
pub struct Node {
    allocatable: PerResource<Amount>,
    pods: BTreeMap<String, NodePod>,
    stepped_at: Option<Timestamp>,
}

/// A pod as its node runs it.
#[derive(Clone, Debug)]
pub struct NodePod {
    /// In the order they were given.
    containers: Vec<Container>,
    resize: ResizeStatus,
    /// When the resize under way was asked for: the longest wait is served first.
    asked_at: Timestamp,
    fault: Option<ResizeFault>,
}

/// A pod asks for more than its node has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("start the pod: the node has not enough {} left", .lacking.name())]
pub struct NoRoom {
    /// What the node lacks.
    pub lacking: Resource,
}

impl Node {
    /// An empty node that can hand out `allocatable` in requests.
    pub fn new(allocatable: PerResource<Amount>) -> Self {
        Self { allocatable, pods: BTreeMap::new(), stepped_at: None }
    }

    /// What the node can hand out in requests.
    pub fn allocatable(&self) -> PerResource<Amount> {
        self.allocatable
    }

    /// The requests granted to its pods.
    pub fn allocated(&self) -> PerResource<Amount> {
        PerResource::from_fn(|resource| sum(self.pods.values().map(|pod| pod.allocated(resource))))
    }

    /// The pods, by name.
    pub fn pods(&self) -> impl Iterator<Item = (&str, &NodePod)> {
        self.pods.iter().map(|(name, pod)| (name.as_str(), pod))
    }

    /// One pod.
    pub fn pod(&self, pod: &str) -> Option<&NodePod> {
        self.pods.get(pod)
    }

    /// Starts a pod's containers; a pod that already runs under the name is replaced. Of each
    /// container the name, the resources, what a resize restarts and the restart count are taken.
    pub fn start(
        &mut self,
        pod: &str,
        containers: Vec<RunningContainer>,
        now: Timestamp,
    ) -> Result<(), NoRoom> {
        self.remove(pod);
        let containers: Vec<Container> =
            containers.into_iter().map(|container| Container::started(container, now)).collect();
        let started =
            NodePod { containers, resize: ResizeStatus::Settled, asked_at: now, fault: None };
        for resource in Resource::ALL {
            let room = self.room_without(pod, resource);
            if started.allocated(resource).value() > room {
                return Err(NoRoom { lacking: resource });
            }
        }
        self.pods.insert(pod.to_owned(), started);
        Ok(())
    }

    /// Ends a pod; pods whose resize waits for room may get it in the next step.
    pub fn remove(&mut self, pod: &str) -> Option<NodePod> {
        self.pods.remove(pod)
    }

    /// Asks that containers, by name, get new resources, and tries at once. Containers that are not
    /// named keep theirs. The effects are those of this pod alone.
    pub fn resize(
        &mut self,
        pod: &str,
        wanted: &BTreeMap<String, Resources>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(changed) = self.pods.get_mut(pod) else { return Vec::new() };
        if changed.ask(wanted) {
            changed.asked_at = now;
        }
        self.settle_pod(pod, now)
    }

    /// Makes every resize of a pod fail or stall from now on, or work again.
    pub fn set_resize_fault(&mut self, pod: &str, fault: Option<ResizeFault>) {
        if let Some(pod) = self.pods.get_mut(pod) {
            pod.fault = fault;
        }
    }

    /// Runs all containers up to `now` under the given demand: what each would use if nothing held
    /// it back. A container that does not run is not asked for. Then retries what waits: restarts
    /// and resizes.
    pub fn step(
        &mut self,
        now: Timestamp,
        mut demand: impl FnMut(&str, &Container) -> PerResource<Amount>,
    ) -> Vec<Effect> {
        let before = self.stepped_at.replace(now).unwrap_or_default();
        let mut effects = Vec::new();
        for (name, pod) in &mut self.pods {
            for container in &mut pod.containers {
                let happened = container.restart_if_due(now).into_iter().chain(
                    container
                        .is_running()
                        .then(|| demand(name, container))
                        .and_then(|demand| container.consume(demand, before, now)),
                );
                effects.extend(
                    happened.flat_map(|event| event.into_effects(name, &container.running.name)),
                );
            }
        }
        effects.extend(self.settle(now));
        effects
    }

    /// Kills a container as if it had exceeded its memory limit; nothing happens when it does not
    /// run.
    pub fn kill_out_of_memory(&mut self, pod: &str, name: &str, now: Timestamp) -> Vec<Effect> {
        let found = self.pods.get_mut(pod).into_iter().flat_map(|pod| &mut pod.containers);
        found
            .filter(|container| container.running.name == name && container.is_running())
            .flat_map(|container| container.killed(now).into_effects(pod, name))
            .collect()
    }

    /// What the other pods leave of a resource.
    fn room_without(&self, pod: &str, resource: Resource) -> f64 {
        let others = self.pods.iter().filter(|(name, _)| *name != pod);
        let granted = sum(others.map(|(_, other)| other.allocated(resource)));
        self.allocatable.get(resource).value() - granted.value() + ROUNDING
    }
}

/// Sums of fractions of a core may miss the whole by their last bits; a billionth of a core is
/// nothing, and so is that of a byte.
const ROUNDING: f64 = 1e-9;

impl NodePod {
    /// Its containers.
    pub fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// How the last resize asked for is going.
    pub fn resize(&self) -> &ResizeStatus {
        &self.resize
    }

    fn allocated(&self, resource: Resource) -> Amount {
        sum(self
            .containers
            .iter()
            .filter_map(|container| container.allocated.get(resource).request))
    }
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    Amount::new(amounts.map(Amount::value).sum()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
