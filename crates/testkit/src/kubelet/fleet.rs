//! The fake kubelet's nodes and the pods on them: what was asked, what became of it, and which
//! pods' statuses have yet to be written. No I/O; time is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_domain::{Amount, PerResource, Ratio, ResizeStatus, Timestamp};
use plimsoll_replay::node::{Container, Effect, NoRoom, Node, NodePod, ResizeFault};
use serde_json::Value;

use super::pod::PodFacts;
use super::rules::{PodMatcher, RuleBook};
use super::status;
use super::usage::{Moment, UsageModel};

/// Nodes, pods and the rules a test has set.
#[derive(Debug)]
pub(super) struct Fleet {
    nodes: BTreeMap<String, Node>,
    /// By uid, which is also a pod's name in the node model.
    pods: BTreeMap<String, PodRecord>,
    /// The uids of pods whose status may differ from what was last written.
    dirty: BTreeSet<String>,
    pub rules: RuleBook,
    default_usage: UsageModel,
    addresses_used: u32,
}

/// A pod on one of the nodes.
#[derive(Debug)]
pub(super) struct PodRecord {
    pub facts: PodFacts,
    pub ip: String,
    pub ordinal: usize,
    pub started_at: Timestamp,
    /// Whether it is ready, and since when that is so.
    pub ready: (bool, Timestamp),
    pub resize_since: Timestamp,
    pub ended: Option<Ended>,
    /// Why its node never started it.
    refused: Option<NoRoom>,
    written: Option<Value>,
}

/// How a pod ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub phase: &'static str,
    pub reason: &'static str,
    pub message: String,
    pub container_reason: &'static str,
    pub at: Timestamp,
    /// The pod as its node ran it last.
    last: NodePod,
}

/// A write that the API server has yet to get.
#[derive(Debug)]
pub(super) enum Write {
    Status { namespace: String, name: String, patch: Value },
    Delete { namespace: String, name: String },
}

impl Fleet {
    pub(super) fn new(
        nodes: impl IntoIterator<Item = String>,
        allocatable: PerResource<Amount>,
    ) -> Self {
        let share = Ratio::new(0.3).unwrap_or_default();
        Self {
            nodes: nodes.into_iter().map(|name| (name, Node::new(allocatable))).collect(),
            pods: BTreeMap::new(),
            dirty: BTreeSet::new(),
            rules: RuleBook::default(),
            default_usage: UsageModel::ShareOfRequest(share),
            addresses_used: 0,
        }
    }

    /// Takes in a pod as the API shows it: starts it, resizes it, or notes that it is to go.
    pub(super) fn observe(&mut self, facts: PodFacts, now: Timestamp) {
        let uid = facts.uid.clone();
        if !self.nodes.contains_key(&facts.node) {
            return;
        }
        match self.pods.get_mut(&uid) {
            Some(known) => {
                let changed = known.facts.generation != facts.generation || facts.deleting;
                known.facts = facts;
                if changed {
                    self.follow(&uid, now);
                }
            }
            None if facts.deleting => {
                self.start(facts, now);
                self.follow(&uid, now);
            }
            None if facts.finished => {}
            None => self.start(facts, now),
        }
    }

    /// The pod is gone from the API.
    pub(super) fn forget(&mut self, uid: &str) {
        let gone = self.pods.remove(uid);
        if let Some(node) = gone.and_then(|gone| self.nodes.get_mut(&gone.facts.node)) {
            node.remove(uid);
        }
        self.dirty.remove(uid);
    }

    /// Forgets every pod but these.
    pub(super) fn retain(&mut self, uids: &BTreeSet<String>) {
        let gone: Vec<String> =
            self.pods.keys().filter(|uid| !uids.contains(*uid)).cloned().collect();
        for uid in gone {
            self.forget(&uid);
        }
    }

    /// Runs all nodes up to `now`.
    pub(super) fn step(&mut self, now: Timestamp) {
        let nodes: Vec<String> = self.nodes.keys().cloned().collect();
        for node in nodes {
            self.step_node(&node, now);
        }
        let ending = |pod: &&PodRecord| pod.ended.is_none() && pod.completes_by(now);
        let due: Vec<String> =
            self.pods.values().filter(ending).map(|pod| pod.facts.uid.clone()).collect();
        for uid in due {
            self.end(&uid, "Succeeded", "Completed", now);
        }
    }

    /// Kills the matching containers that run, as the kernel would; how many.
    pub(super) fn kill_out_of_memory(&mut self, matcher: &PodMatcher, now: Timestamp) -> usize {
        let mut effects = Vec::new();
        for pod in self.pods.values() {
            let facts = &pod.facts;
            let Some(node) = self.nodes.get_mut(&facts.node) else { continue };
            for container in &facts.containers {
                let name = &container.running.name;
                if matcher.matches(&facts.namespace, &facts.name, name) {
                    effects.extend(node.kill_out_of_memory(&facts.uid, name, now));
                }
            }
        }
        self.take_in(&effects, now);
        effects.iter().filter(|effect| matches!(effect, Effect::OomKilled { .. })).count()
    }

    /// Ends the matching pods well, as their processes would; how many.
    pub(super) fn complete(&mut self, matcher: &PodMatcher, now: Timestamp) -> usize {
        let running = self.pods.values().filter(|pod| pod.ended.is_none());
        let ends: Vec<String> = running
            .filter(|pod| matcher.matches_pod(&pod.facts.namespace, &pod.facts.name))
            .map(|pod| pod.facts.uid.clone())
            .collect();
        for uid in &ends {
            self.end(uid, "Succeeded", "Completed", now);
        }
        ends.len()
    }

    pub(super) fn set_resize_fault(&mut self, matcher: PodMatcher, fault: Option<ResizeFault>) {
        self.rules.resize_faults.set(matcher, fault);
        for pod in self.pods.values() {
            let rule = self.rules.resize_faults.find_pod(&pod.facts.namespace, &pod.facts.name);
            if let Some(node) = self.nodes.get_mut(&pod.facts.node) {
                node.set_resize_fault(&pod.facts.uid, rule.cloned().flatten());
            }
        }
    }

    /// At most `count` pods whose status may have to be written; they are no longer due.
    pub(super) fn take_due(&mut self, count: usize) -> Vec<String> {
        std::iter::from_fn(|| self.dirty.pop_first()).take(count).collect()
    }

    pub(super) fn mark_due(&mut self, uids: impl IntoIterator<Item = String>) {
        self.dirty.extend(uids);
    }

    /// What the API server has yet to hear of a pod.
    pub(super) fn write(&self, uid: &str) -> Option<Write> {
        let pod = self.pods.get(uid)?;
        let (namespace, name) = (pod.facts.namespace.clone(), pod.facts.name.clone());
        if pod.facts.deleting {
            return Some(Write::Delete { namespace, name });
        }
        let patch = match pod.refused {
            Some(no_room) => status::refused(pod, no_room.lacking),
            None => status::patch(pod, self.on_node(pod)?),
        };
        (pod.written.as_ref() != Some(&patch)).then_some(Write::Status { namespace, name, patch })
    }

    pub(super) fn written(&mut self, uid: &str, patch: Value) {
        if let Some(pod) = self.pods.get_mut(uid) {
            pod.written = Some(patch);
        }
    }

    /// The pods that run, with what their node says of them; all nodes, or one.
    pub(super) fn running(
        &self,
        node: Option<&str>,
    ) -> impl Iterator<Item = (&PodRecord, &NodePod)> {
        let wanted = move |pod: &&PodRecord| node.is_none_or(|node| node == pod.facts.node);
        let live = self.pods.values().filter(|pod| pod.ended.is_none()).filter(wanted);
        live.filter_map(|pod| Some((pod, self.on_node(pod)?)))
    }

    pub(super) fn node_names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    fn on_node<'a>(&'a self, pod: &'a PodRecord) -> Option<&'a NodePod> {
        match &pod.ended {
            Some(ended) => Some(&ended.last),
            None => self.nodes.get(&pod.facts.node)?.pod(&pod.facts.uid),
        }
    }

    fn start(&mut self, facts: PodFacts, now: Timestamp) {
        let uid = facts.uid.clone();
        let mut record = PodRecord {
            ip: self.address(&facts),
            ordinal: self.ordinal(&facts),
            started_at: now,
            ready: (true, now),
            resize_since: now,
            ended: None,
            refused: None,
            written: None,
            facts,
        };
        let Some(node) = self.nodes.get_mut(&record.facts.node) else { return };
        record.refused = node.start(&uid, record.facts.running(), now).err();
        let faults = &self.rules.resize_faults;
        let fault = faults.find_pod(&record.facts.namespace, &record.facts.name);
        node.set_resize_fault(&uid, fault.cloned().flatten());
        self.pods.insert(uid.clone(), record);
        self.dirty.insert(uid);
    }

    fn step_node(&mut self, name: &str, now: Timestamp) {
        let Some(node) = self.nodes.get_mut(name) else { return };
        let effects = node.step(now, |uid, container| {
            let pod = self.pods.get(uid);
            pod.map(|pod| pod.demand(container, &self.rules, &self.default_usage, now))
                .unwrap_or_default()
        });
        self.take_in(&effects, now);
    }

    /// Brings the node to what the pod's manifest says now.
    fn follow(&mut self, uid: &str, now: Timestamp) {
        // Also without an effect: a resize done at once changes the resources that are shown.
        self.dirty.insert(uid.to_owned());
        let Some(name) = self.pods.get(uid).map(|pod| pod.facts.node.clone()) else { return };
        // A pod that has just started uses nothing before the first step, and a memory limit
        // below its usage would be accepted.
        self.step_node(&name, now);
        let Some(pod) = self.pods.get(uid) else { return };
        let Some(node) = self.nodes.get_mut(&name) else { return };
        if pod.facts.deleting {
            node.remove(uid);
        } else if pod.ended.is_none() {
            let effects = node.resize(uid, &pod.facts.wanted(), now);
            self.take_in(&effects, now);
        }
    }

    fn take_in(&mut self, effects: &[Effect], now: Timestamp) {
        for effect in effects {
            let uid = effect.pod();
            let Some(pod) = self.pods.get_mut(uid) else { continue };
            self.dirty.insert(uid.to_owned());
            match effect {
                Effect::Resize { status, .. } => {
                    pod.resize_since = now;
                    let ResizeStatus::Failed { message } = status else { continue };
                    tracing::debug!(pod = pod.facts.name, message, "Resize failed");
                }
                Effect::OomKilled { .. } if pod.facts.restart_policy == "Never" => {
                    let uid = uid.to_owned();
                    self.end(&uid, "Failed", "OOMKilled", now);
                }
                Effect::OomKilled { .. } | Effect::Restarted { .. } => {
                    let node = self.nodes.get(&pod.facts.node).and_then(|node| node.pod(uid));
                    let ready = node
                        .is_some_and(|node| node.containers().iter().all(Container::is_running));
                    if pod.ready.0 != ready {
                        pod.ready = (ready, now);
                    }
                }
            }
        }
    }

    fn end(
        &mut self,
        uid: &str,
        phase: &'static str,
        container_reason: &'static str,
        now: Timestamp,
    ) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        let last = self.nodes.get_mut(&pod.facts.node).and_then(|node| node.remove(uid));
        let Some(last) = last else { return };
        let message = format!("all containers ended: {container_reason}");
        let reason = container_reason;
        pod.ready = (false, now);
        pod.ended = Some(Ended { phase, reason, message, container_reason, at: now, last });
        self.dirty.insert(uid.to_owned());
    }

    /// The lowest place free among the live pods of its owner.
    fn ordinal(&self, facts: &PodFacts) -> usize {
        let Some(owner) = &facts.owner else { return 0 };
        let siblings = self.pods.values().filter(|pod| pod.facts.owner.as_ref() == Some(owner));
        let taken: BTreeSet<usize> =
            siblings.filter(|pod| !pod.facts.deleting).map(|pod| pod.ordinal).collect();
        (0..taken.len()).find(|ordinal| !taken.contains(ordinal)).unwrap_or(taken.len())
    }

    fn address(&mut self, facts: &PodFacts) -> String {
        if facts.host_network {
            return "127.0.0.1".to_owned();
        }
        self.addresses_used = self.addresses_used.wrapping_add(1);
        let [_, b, c, d] = self.addresses_used.to_be_bytes();
        format!("10.{b}.{c}.{d}")
    }
}

impl PodRecord {
    fn demand(
        &self,
        container: &Container,
        rules: &RuleBook,
        default: &UsageModel,
        now: Timestamp,
    ) -> PerResource<Amount> {
        let running = &container.running;
        let began = running.started_at.unwrap_or(now);
        let rule = rules.usage.find(&self.facts.namespace, &self.facts.name, &running.name);
        let own = self.facts.containers.iter().find(|own| own.running.name == running.name);
        let annotated = own.and_then(|own| own.usage.as_ref());
        let (model, began) = match rule {
            Some((model, set_at)) => (model, began.max(*set_at)),
            None => (annotated.unwrap_or(default), began),
        };
        let moment = Moment { elapsed: now.since(began), ordinal: self.ordinal };
        model.demand(moment, &container.actual)
    }

    fn completes_by(&self, now: Timestamp) -> bool {
        let ran: Duration = now.since(self.started_at);
        self.facts.completes_after.is_some_and(|after| ran >= after)
    }
}

#[cfg(test)]
mod tests;
