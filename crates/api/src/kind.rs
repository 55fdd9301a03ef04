//! Kinds of workloads from what objects say of themselves and of their controllers: one place, so
//! that discovery and admission find the same workload for the same pod.

use std::collections::BTreeMap;

use plimsoll_domain::{WorkloadId, WorkloadKind};

/// A label in a pod template, or on a pod: pods with the same value and the same kind of controller
/// are one workload.
pub const CUSTOM_WORKLOAD_LABEL: &str = "workloads.cast.ai/custom-workload";

/// What custom workloads of pods without a controller are called after.
const NO_CONTROLLER: &str = "Pod";

/// The kind that an API version and a kind name. A kind of a known name in a group that is not its
/// own (`StatefulSet` of `apps.kruise.io`) is another kind, and its name says so.
pub fn workload_kind(api_version: &str, kind: &str) -> WorkloadKind {
    let known = WorkloadKind::from_name(kind);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let home = match &known {
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet => "apps",
        WorkloadKind::Job | WorkloadKind::CronJob => "batch",
        WorkloadKind::Rollout => "argoproj.io",
        WorkloadKind::Custom(_) | WorkloadKind::Other(_) => return known,
    };
    if group == home { known } else { WorkloadKind::Other(format!("{kind}.{group}")) }
}

/// The name of the custom workload that labels speak of; none without the label, or where it is
/// empty, which names nothing.
pub fn custom_workload_name(labels: &BTreeMap<String, String>) -> Option<&str> {
    labels.get(CUSTOM_WORKLOAD_LABEL).map(String::as_str).filter(|name| !name.is_empty())
}

/// The custom workload of this name whose pods have a controller of this kind, or none.
pub fn custom_workload(
    namespace: &str,
    name: &str,
    controller: Option<&WorkloadKind>,
) -> WorkloadId {
    WorkloadId {
        namespace: namespace.into(),
        kind: WorkloadKind::custom(controller.map_or(NO_CONTROLLER, WorkloadKind::name)),
        name: name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(api_version: &str, kind: &str, expect: &str) {
        let kind = workload_kind(api_version, kind);
        assert_eq!(kind.name(), expect, "{api_version}");
        let id = custom_workload("shop", "etl", Some(&kind));
        assert_eq!(id.kind, WorkloadKind::Custom(format!("Custom-{expect}")));
    }

    #[test]
    fn a_kind_is_known_in_its_own_group_alone() {
        check("apps/v1", "Deployment", "Deployment");
        check("batch/v1", "Job", "Job");
        check("argoproj.io/v1alpha1", "Rollout", "Rollout");
        check("apps.kruise.io/v1beta1", "StatefulSet", "StatefulSet.apps.kruise.io");
        check("v1", "Job", "Job.");
        check("sparkoperator.k8s.io/v1beta2", "SparkApplication", "SparkApplication");
    }

    #[test]
    fn pods_without_a_controller_are_a_custom_workload_of_their_own() {
        assert_eq!(custom_workload("shop", "etl", None).to_string(), "shop/custom-pod/etl");
    }

    #[test]
    fn an_empty_label_names_nothing() {
        let labels =
            |value: &str| BTreeMap::from([(CUSTOM_WORKLOAD_LABEL.to_owned(), value.to_owned())]);
        assert_eq!(custom_workload_name(&labels("etl")), Some("etl"));
        assert_eq!(custom_workload_name(&labels("")), None);
        assert_eq!(custom_workload_name(&BTreeMap::new()), None);
    }
}
