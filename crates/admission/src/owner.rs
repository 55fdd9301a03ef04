//! Whose pod a new pod may be, from the pod alone: no watch has to have seen its ReplicaSet or Job
//! yet. More than one workload can be meant; published values exist for the right one only.

use std::collections::BTreeMap;

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

/// The workloads that a pod with this controller and these labels may belong to, the likeliest
/// first; none for kinds that are never changed.
pub fn candidates(
    namespace: &str,
    controller: Controller<'_>,
    labels: &BTreeMap<String, String>,
) -> Vec<WorkloadId> {
    let id = |kind: WorkloadKind, name: &str| WorkloadId {
        namespace: namespace.to_owned(),
        kind,
        name: name.to_owned(),
    };
    let name = controller.name;
    let parent = |kind: WorkloadKind, label: &str| {
        let hash = labels.get(label)?;
        Some(id(kind, name.strip_suffix(hash.as_str())?.strip_suffix('-')?))
    };
    let group = controller.api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, controller.kind) {
        ("apps", "ReplicaSet") => [
            parent(WorkloadKind::Deployment, "pod-template-hash"),
            parent(WorkloadKind::Rollout, "rollouts-pod-template-hash"),
            Some(id(WorkloadKind::ReplicaSet, name)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ("apps", "StatefulSet") => vec![id(WorkloadKind::StatefulSet, name)],
        ("apps", "DaemonSet") => vec![id(WorkloadKind::DaemonSet, name)],
        ("batch", "Job") => cron_job(name)
            .map(|parent| id(WorkloadKind::CronJob, parent))
            .into_iter()
            .chain([id(WorkloadKind::Job, name)])
            .collect(),
        _ => Vec::new(),
    }
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
        let found: Vec<String> =
            candidates("shop", Controller { api_version, kind, name }, &labels)
                .iter()
                .map(ToString::to_string)
                .collect();
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
}
