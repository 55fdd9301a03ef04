//! The answers of `metrics.k8s.io/v1beta1`, as metrics-server gives them.

use plimsoll_domain::{Amount, PerResource, Timestamp};
use plimsoll_replay::node::{Container, NodePod};
use serde_json::{Value, json};

use super::fleet::{Fleet, PodRecord};
use super::pod::PodFacts;
use super::status;

pub(crate) const VERSION: &str = "metrics.k8s.io/v1beta1";
/// What metrics-server with its usual resolution says of its measurements.
const WINDOW: &str = "15s";

/// The API group.
pub(crate) fn group() -> Value {
    let version = json!({"groupVersion": VERSION, "version": "v1beta1"});
    json!({
        "kind": "APIGroup", "apiVersion": "v1", "name": "metrics.k8s.io",
        "versions": [version], "preferredVersion": version,
    })
}

/// The kinds of the group.
pub(crate) fn resources() -> Value {
    let kind = |name: &str, kind: &str, namespaced: bool| {
        json!({
            "name": name, "singularName": "", "namespaced": namespaced, "kind": kind,
            "verbs": ["get", "list"],
        })
    };
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": VERSION,
        "resources": [kind("pods", "PodMetrics", true), kind("nodes", "NodeMetrics", false)],
    })
}

/// The usage of the wanted pods. As from metrics-server, a pod is left out while one of its
/// containers does not run or has only just started: it would seem to use nothing.
pub(super) fn pods(fleet: &Fleet, now: Timestamp, wanted: impl Fn(&PodFacts) -> bool) -> Value {
    let all = fleet.running(None).filter(|(record, _)| wanted(&record.facts));
    let measured = all.filter(|(_, pod)| pod.containers().iter().all(is_measured));
    let items: Vec<Value> =
        measured.map(|(record, pod)| pod_metrics(fleet, record, pod, now)).collect();
    list("PodMetricsList", &items)
}

/// The usage of the wanted nodes: that of their pods.
pub(super) fn nodes(fleet: &Fleet, now: Timestamp, wanted: impl Fn(&str) -> bool) -> Value {
    let items: Vec<Value> = fleet
        .node_names()
        .filter(|node| wanted(node))
        .map(|node| {
            json!({
                "kind": "NodeMetrics", "apiVersion": VERSION,
                "metadata": {"name": node},
                "timestamp": status::time(now), "window": WINDOW,
                "usage": usage(node_usage(fleet, node)),
            })
        })
        .collect();
    list("NodeMetricsList", &items)
}

/// The only item of a list.
pub(super) fn single(mut list: Value) -> Option<Value> {
    list["items"].as_array_mut()?.pop()
}

/// All that a node's pods use.
pub(super) fn node_usage(fleet: &Fleet, node: &str) -> PerResource<Amount> {
    let containers: Vec<&Container> =
        fleet.running(Some(node)).flat_map(|(_, pod)| pod.containers()).collect();
    PerResource::from_fn(|resource| {
        let sum = containers.iter().map(|container| container.used.get(resource).value()).sum();
        Amount::new(sum).unwrap_or_default()
    })
}

fn is_measured(container: &Container) -> bool {
    container.is_running() && !container.ran_for.is_zero()
}

fn list(kind: &str, items: &[Value]) -> Value {
    json!({"kind": kind, "apiVersion": VERSION, "metadata": {}, "items": items})
}

fn pod_metrics(fleet: &Fleet, record: &PodRecord, pod: &NodePod, now: Timestamp) -> Value {
    let facts = &record.facts;
    let containers: Vec<Value> = pod
        .containers()
        .iter()
        .map(|container| {
            let name = &container.running.name;
            let mut usage = usage(container.used);
            if let Some(instead) = fleet.rules.reported.find(&facts.namespace, &facts.name, name) {
                for (key, text) in [("cpu", &instead.cpu), ("memory", &instead.memory)] {
                    if let Some(text) = text {
                        usage[key] = json!(text);
                    }
                }
            }
            json!({"name": name, "usage": usage})
        })
        .collect();
    json!({
        "kind": "PodMetrics", "apiVersion": VERSION,
        "metadata": {
            "name": facts.name, "namespace": facts.namespace, "labels": facts.labels,
            "creationTimestamp": status::time(now),
        },
        "timestamp": status::time(now), "window": WINDOW,
        "containers": containers,
    })
}

/// In metrics-server's own units.
fn usage(used: PerResource<Amount>) -> Value {
    json!({
        "cpu": format!("{:.0}n", used.cpu.value() * 1e9),
        "memory": format!("{:.0}Ki", (used.memory.value() / 1024.0).ceil()),
    })
}
