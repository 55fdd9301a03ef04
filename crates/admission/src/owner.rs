//! Whose pod a new pod may be, from the pod alone: no watch has to have seen its ReplicaSet or Job
//! yet. More than one workload can be meant; published values exist for the right one only.

use std::collections::BTreeMap;

use plimsoll_api::{custom_workload, custom_workload_name, workload_kind};
use plimsoll_domain::{WorkloadId, WorkloadKind};

/// The controller that created a pod, as its owner reference names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller<'a> {
    /// For example `apps/v1`.
    pub api_version: &'a str,
    /// For example `ReplicaSet`.
    pub kind: &'a str,
    /// For example `web-7d4b9c6f5`.
    pub name: &'a str,
}

/// The workloads that a pod with this controller, or without any, and these labels may belong to,
/// the likeliest first; none for kinds that are never changed.
///
/// A pod whose label makes it part of a custom workload belongs to no other: neither to the workload
/// of its controller, nor, where nothing is published for the custom one, to anything.
pub fn candidates(
    namespace: &str,
    controller: Option<Controller<'_>>,
    labels: &BTreeMap<String, String>,
) -> Vec<WorkloadId> {
    let custom = custom_workload_name(labels);
    let Some(controller) = controller else {
        return custom.map(|name| custom_workload(namespace, name, None)).into_iter().collect();
    };
    let owners = owners(controller, labels);
    let of = |(kind, owner): (WorkloadKind, &str)| match custom {
        Some(name) => Some(custom_workload(namespace, name, Some(&kind))),
        None => kind.is_known().then(|| WorkloadId {
            namespace: namespace.into(),
            kind,
            name: owner.into(),
        }),
    };
    owners.into_iter().filter_map(of).collect()
}

/// The objects that may be at the top of a pod's owners: kind and name, the likeliest first; none
/// for pods of a node, which nobody may change.
fn owners<'a>(
    controller: Controller<'a>,
    labels: &BTreeMap<String, String>,
) -> Vec<(WorkloadKind, &'a str)> {
    let name = controller.name;
    let own = workload_kind(controller.api_version, controller.kind);
    let parent = |kind: WorkloadKind, label: &str| {
        let hash = labels.get(label)?;
        Some((kind, name.strip_suffix(hash.as_str())?.strip_suffix('-')?))
    };
    let parents = match &own {
        WorkloadKind::ReplicaSet => [
            parent(WorkloadKind::Deployment, "pod-template-hash"),
            parent(WorkloadKind::Rollout, "rollouts-pod-template-hash"),
        ],
        WorkloadKind::Job => [cron_job(name).map(|name| (WorkloadKind::CronJob, name)), None],
        WorkloadKind::Other(kind) if kind == "Node" => return Vec::new(),
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::CronJob
        | WorkloadKind::Rollout
        | WorkloadKind::Custom(_)
        | WorkloadKind::Other(_) => [None, None],
    };
    parents.into_iter().flatten().chain([(own, name)]).collect()
}

/// A CronJob names its Jobs `<name>-<minutes since 1970>`.
fn cron_job(job: &str) -> Option<&str> {
    let (name, minutes) = job.rsplit_once('-')?;
    let is_number = !minutes.is_empty() && minutes.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(controller: [&str; 3], labels: &[(&str, &str)], expect: &[&str]) {
        let [api_version, kind, name] = controller;
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let controller = (!name.is_empty()).then_some(Controller { api_version, kind, name });
        let found = candidates("shop", controller, &labels);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expect);
    }

    const HASH: (&str, &str) = ("pod-template-hash", "7d4b9c");

    #[test]
    fn a_replica_set_with_the_hash_of_a_template_is_a_deployments() {
        check(
            ["apps/v1", "ReplicaSet", "web-7d4b9c"],
            &[HASH],
            &["shop/deployment/web", "shop/replicaset/web-7d4b9c"],
        );
    }

    #[test]
    fn a_replica_set_with_the_hash_of_a_rollout_is_a_rollouts() {
        check(
            ["apps/v1", "ReplicaSet", "web-7d4b9c"],
            &[("rollouts-pod-template-hash", "7d4b9c")],
            &["shop/rollout/web", "shop/replicaset/web-7d4b9c"],
        );
    }

    #[test]
    fn a_replica_set_whose_name_does_not_end_with_the_hash_stands_alone() {
        check(["apps/v1", "ReplicaSet", "web"], &[HASH], &["shop/replicaset/web"]);
        check(["apps/v1", "ReplicaSet", "7d4b9c"], &[HASH], &["shop/replicaset/7d4b9c"]);
        check(["apps/v1", "ReplicaSet", "web7d4b9c"], &[HASH], &["shop/replicaset/web7d4b9c"]);
    }

    #[test]
    fn a_job_with_a_number_may_be_a_cron_jobs() {
        check(
            ["batch/v1", "Job", "nightly-29012345"],
            &[],
            &["shop/cronjob/nightly", "shop/job/nightly-29012345"],
        );
        check(["batch/v1", "Job", "import-a1"], &[], &["shop/job/import-a1"]);
        check(["batch/v1", "Job", "-1"], &[], &["shop/job/-1"]);
    }

    #[test]
    fn other_controllers_own_their_pods_or_are_never_changed() {
        check(["apps/v1", "StatefulSet", "db"], &[], &["shop/statefulset/db"]);
        check(["apps/v1", "DaemonSet", "log"], &[], &["shop/daemonset/log"]);
        check(["v1", "Node", "n1"], &[], &[]);
        check(["other.io/v1", "StatefulSet", "db"], &[], &[]);
    }
    const CUSTOM: (&str, &str) = ("workloads.cast.ai/custom-workload", "etl");

    #[test]
    fn a_labelled_pod_is_its_custom_workloads_alone_by_the_kind_of_its_controller() {
        check(["", "", ""], &[CUSTOM], &["shop/custom-pod/etl"]);
        check(["batch/v1", "Job", "load"], &[CUSTOM], &["shop/custom-job/etl"]);
        check(
            ["batch/v1", "Job", "load-29012345"],
            &[CUSTOM],
            &["shop/custom-cronjob/etl", "shop/custom-job/etl"],
        );
        check(
            ["apps/v1", "ReplicaSet", "web-7d4b9c"],
            &[HASH, CUSTOM],
            &["shop/custom-deployment/etl", "shop/custom-replicaset/etl"],
        );
        let spark = ["sparkoperator.k8s.io/v1beta2", "SparkApplication", "daily"];
        check(spark, &[CUSTOM], &["shop/custom-sparkapplication/etl"]);
    }

    #[test]
    fn an_empty_label_and_pods_of_a_node_make_no_custom_workload() {
        let empty = ("workloads.cast.ai/custom-workload", "");
        check(["apps/v1", "StatefulSet", "db"], &[empty], &["shop/statefulset/db"]);
        check(["", "", ""], &[empty], &[]);
        check(["", "", ""], &[], &[]);
        check(["v1", "Node", "n1"], &[CUSTOM], &[]);
    }
}
