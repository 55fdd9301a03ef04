//! Whether the pods of a template can share no node with their like: then a new one cannot start
//! beside the one it replaces.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodAffinityTerm, PodSpec, PodTemplateSpec};
use kube::core::{Selector, SelectorExt};

/// The topology in which every node is a domain of its own.
const HOST: &str = "kubernetes.io/hostname";

/// Whether pods of this template, in this namespace, exclude each other from their nodes: by a port
/// of the node, or by a required anti-affinity to themselves.
pub(crate) fn excludes_its_like(namespace: &str, template: &PodTemplateSpec) -> bool {
    let Some(spec) = &template.spec else {
        return false;
    };
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    has_host_port(spec) || terms(spec).any(|term| repels(term, namespace, labels))
}

fn has_host_port(spec: &PodSpec) -> bool {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
    // Port 0 is no port. With the node's network every port is one of the node.
    ports
        .any(|port| port.host_port.is_some_and(|port| port != 0) || spec.host_network == Some(true))
}

fn terms(spec: &PodSpec) -> impl Iterator<Item = &PodAffinityTerm> {
    let anti = spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    anti.into_iter()
        .flat_map(|anti| anti.required_during_scheduling_ignored_during_execution.iter().flatten())
}

/// Whether a term speaks of pods with these labels in this namespace. A selector of namespaces by
/// their labels is taken to select this one: what is meant is then replaced once too gently.
fn repels(
    term: &PodAffinityTerm,
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> bool {
    let named = term.namespaces.as_deref().unwrap_or_default();
    let is_own = (named.is_empty() && term.namespace_selector.is_none())
        || named.iter().any(|one| one == namespace)
        || term.namespace_selector.is_some();
    // Without a selector a term speaks of no pod.
    let selector = term.label_selector.clone();
    let selector = selector.and_then(|selector| Selector::try_from(selector).ok());
    term.topology_key == HOST
        && is_own
        && selector.is_some_and(|selector| selector.matches(labels.unwrap_or(&BTreeMap::new())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(spec: &Value, expect: bool) {
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": spec});
        let template = serde_json::from_value(template).unwrap();
        assert_eq!(excludes_its_like("shop", &template), expect, "{spec}");
    }

    fn anti_affinity(term: &Value) -> Value {
        json!({"containers": [], "affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [term],
        }}})
    }

    #[test]
    fn a_port_of_the_node_excludes() {
        let with = |port: &Value| json!({"containers": [{"name": "app", "ports": [port]}]});
        check(&with(&json!({"containerPort": 80, "hostPort": 80})), true);
        check(&with(&json!({"containerPort": 80})), false);
        check(&with(&json!({"containerPort": 80, "hostPort": 0})), false);
        let mut network = with(&json!({"containerPort": 80}));
        network["hostNetwork"] = json!(true);
        check(&network, true);
    }

    #[test]
    fn a_required_anti_affinity_to_itself_by_host_excludes() {
        let check = |term: Value, expect| check(&anti_affinity(&term), expect);
        let own = json!({"matchLabels": {"app": "web"}});
        check(json!({"topologyKey": HOST, "labelSelector": own}), true);
        check(json!({"topologyKey": "topology.kubernetes.io/zone", "labelSelector": own}), false);
        let others = json!({"matchLabels": {"app": "api"}});
        check(json!({"topologyKey": HOST, "labelSelector": others}), false);
        let any = json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]});
        check(json!({"topologyKey": HOST, "labelSelector": any}), true);
        check(json!({"topologyKey": HOST}), false);
        check(json!({"topologyKey": HOST, "labelSelector": own, "namespaces": ["other"]}), false);
        check(json!({"topologyKey": HOST, "labelSelector": own, "namespaces": ["shop"]}), true);
        check(json!({"topologyKey": HOST, "labelSelector": own, "namespaceSelector": {}}), true);
    }

    #[test]
    fn a_preference_excludes_nothing() {
        check(
            &json!({"containers": [], "affinity": {"podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{
                    "weight": 1,
                    "podAffinityTerm": {
                        "topologyKey": HOST, "labelSelector": {"matchLabels": {"app": "web"}},
                    },
                }],
            }}}),
            false,
        );
    }
}
