//! In-place resizes: what the node grants, what waits, what never can, and what fails.
//!
//! A resize goes in two steps, as in the kubelet: the node first grants it (allocated), all
//! containers of a pod or none, then carries it out (actual).

use std::collections::BTreeMap;

use plimsoll_domain::{
    Amount, PerResource, ResizeRestart, ResizeStatus, Resource, Resources, Timestamp,
};

use super::{Container, Effect, Node, NodePod, ROUNDING, sum};

/// What keeps a node from carrying out the resizes it granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResizeFault {
    /// They fail with this message, and are tried again.
    Error(String),
    /// They take for ever.
    Stall,
}

impl Node {
    /// Retries every resize that waits: those that only free room first, then the longest wait.
    /// (Between the two the kubelet looks at priority and QoS class, which the model lacks.)
    pub(super) fn settle(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut waiting: Vec<(bool, Timestamp, String)> = self
            .pods
            .iter()
            .filter(|(_, pod)| pod.has_resize())
            .map(|(name, pod)| (pod.wants_more(), pod.asked_at, name.clone()))
            .collect();
        waiting.sort();
        waiting.iter().flat_map(|(_, _, pod)| self.settle_pod(pod, now)).collect()
    }

    pub(super) fn settle_pod(&mut self, name: &str, now: Timestamp) -> Vec<Effect> {
        let refused = self.pods.get(name).and_then(|pod| self.refusal(name, pod));
        let Some(pod) = self.pods.get_mut(name) else { return Vec::new() };
        let (status, restarted) = match refused {
            Some(refused) => (refused, Vec::new()),
            None => pod.carry_out(now),
        };
        let mut effects: Vec<Effect> = restarted
            .into_iter()
            .map(|container| Effect::Restarted { pod: name.to_owned(), container })
            .collect();
        if pod.resize != status {
            pod.resize = status.clone();
            effects.push(Effect::Resize { pod: name.to_owned(), status });
        }
        effects
    }

    /// Why the node does not grant what a pod wants, if it does not.
    fn refusal(&self, name: &str, pod: &NodePod) -> Option<ResizeStatus> {
        if !pod.has_resize() {
            return None;
        }
        let lacking = |room: &dyn Fn(Resource) -> f64| {
            Resource::ALL.into_iter().find(|resource| {
                let wanted = pod.wanted(*resource);
                // Shrinking is granted even where the node is overcommitted.
                wanted > pod.allocated(*resource) && wanted.value() > room(*resource)
            })
        };
        let requested = |resource| in_kubelet_units(resource, pod.wanted(resource).value());
        let capacity = |resource: Resource| self.allocatable.get(resource).value();
        if let Some(resource) = lacking(&|it| capacity(it) + ROUNDING) {
            let message = format!(
                "Node didn't have enough capacity: {}, requested: {}, capacity: {}",
                resource.name(),
                requested(resource),
                in_kubelet_units(resource, capacity(resource)),
            );
            return Some(ResizeStatus::Infeasible { message });
        }
        let resource = lacking(&|it| self.room_without(name, it))?;
        let used = capacity(resource) - self.room_without(name, resource);
        let message = format!(
            "Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}",
            resource.name(),
            requested(resource),
            in_kubelet_units(resource, used),
            in_kubelet_units(resource, capacity(resource)),
        );
        Some(ResizeStatus::Deferred { message })
    }
}

/// Thousandths of a core, or bytes.
fn in_kubelet_units(resource: Resource, value: f64) -> String {
    match resource {
        Resource::Cpu => format!("{:.0}", value * 1e3),
        Resource::Memory => format!("{value:.0}"),
    }
}

impl NodePod {
    /// Takes note of what is wanted; whether that is anything new.
    pub(super) fn ask(&mut self, wanted: &BTreeMap<String, Resources>) -> bool {
        let mut new = false;
        for container in &mut self.containers {
            if let Some(resources) = wanted.get(&container.running.name) {
                new |= container.running.resources != *resources;
                container.running.resources = *resources;
            }
        }
        new
    }

    fn has_resize(&self) -> bool {
        self.resize != ResizeStatus::Settled
            || self.containers.iter().any(|container| {
                let wanted = container.running.resources;
                wanted != container.allocated || wanted != container.actual
            })
    }

    fn wants_more(&self) -> bool {
        Resource::ALL.into_iter().any(|resource| self.wanted(resource) > self.allocated(resource))
    }

    fn wanted(&self, resource: Resource) -> Amount {
        sum(self
            .containers
            .iter()
            .filter_map(|container| container.running.resources.get(resource).request))
    }

    /// Grants what is wanted and makes it so; the names of the containers this restarted.
    fn carry_out(&mut self, now: Timestamp) -> (ResizeStatus, Vec<String>) {
        for container in &mut self.containers {
            container.allocated = container.running.resources;
        }
        let changed = || self.containers.iter().filter(|it| it.allocated != it.actual);
        let failure = match &self.fault {
            _ if changed().next().is_none() => None,
            Some(ResizeFault::Stall) => return (ResizeStatus::InProgress, Vec::new()),
            Some(ResizeFault::Error(message)) => Some(message.clone()),
            None => changed().find_map(limit_below_usage),
        };
        if let Some(message) = failure {
            return (ResizeStatus::Failed { message }, Vec::new());
        }
        let restarted = self.containers.iter_mut().filter_map(|it| it.take_allocated(now));
        (ResizeStatus::Settled, restarted.collect())
    }
}

impl Container {
    /// Runs under what was granted; its name when this restarted it.
    fn take_allocated(&mut self, now: Timestamp) -> Option<String> {
        let restarts = self.is_running() && self.restarts_for_change();
        self.actual = self.allocated;
        restarts.then(|| {
            self.restart(now);
            self.running.name.clone()
        })
    }

    fn restarts_for_change(&self) -> bool {
        let changed = PerResource::from_fn(|it| self.allocated.get(it) != self.actual.get(it));
        changed.iter().any(|(resource, changed)| {
            let restart = *self.running.resize_restart.get(resource);
            *changed && restart == ResizeRestart::RestartContainer
        })
    }
}

/// The kubelet refuses to lower a memory limit to what is in use or less, and tries again later; a
/// container that is restarted for the change gets the limit before it uses anything.
fn limit_below_usage(container: &Container) -> Option<String> {
    let limit = container.allocated.memory.limit?;
    let lowers = container.actual.memory.limit.is_none_or(|actual| limit < actual);
    let refused = container.is_running()
        && lowers
        && container.used.memory >= limit
        && !container.restarts_for_change();
    refused.then(|| {
        format!(
            "cannot decrease memory limits: attempting to set container {:?} memory limit ({:.0}) \
             below current usage ({:.0})",
            container.running.name,
            limit.value(),
            container.used.memory.value()
        )
    })
}
