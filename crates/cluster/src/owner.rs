//! Finds the workload that a pod belongs to, from controller references and what is known about
//! the objects between: pod -> ReplicaSet -> Deployment, pod -> Job -> CronJob.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use plimsoll_api::workload_kind;
use plimsoll_domain::{WorkloadId, WorkloadKind};

/// A controller as an owner reference names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: Arc<str>,
    /// Its API version; kept for kinds that are not watched, which nothing else describes.
    pub api_version: Option<Box<str>>,
    /// Its uid; kept for the same kinds.
    pub uid: Option<Box<str>>,
}

/// What is known about an object that may stand between a pod and its workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It is a workload itself.
    Workload,
    /// It belongs to another.
    OwnedBy(Owner),
    /// Nothing owns it, and it is nothing that is sized (a Job without a CronJob) unless its pods
    /// say that they are a custom workload.
    Alone,
    /// It is not known (yet).
    Unknown,
}

/// The controller among owner references, if there is one.
pub(crate) fn controller(references: &[OwnerReference]) -> Option<Owner> {
    let reference = references.iter().find(|reference| reference.controller == Some(true))?;
    let kind = workload_kind(&reference.api_version, &reference.kind);
    let is_known = kind.is_known();
    let unless_watched = |text: &str| (!is_known).then(|| text.into());
    Some(Owner {
        name: reference.name.as_str().into(),
        api_version: unless_watched(&reference.api_version),
        uid: unless_watched(&reference.uid),
        kind,
    })
}

/// What stands at the top of a pod's owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Top {
    /// A workload.
    Workload(Owner),
    /// No workload, but pods that it controls may say that they are one: a Job without a CronJob.
    Alone(Owner),
    /// Nothing: a bare pod. It may say that it is part of a workload.
    Bare,
    /// A node (static pods), or something that is not known yet.
    Nothing,
}

/// What a pod with this controller belongs to. `link` says what is known about the ReplicaSet or Job
/// of that name in the pod's namespace.
pub(crate) fn top_owner(
    controller: Option<&Owner>,
    link: impl Fn(&WorkloadKind, &str) -> Link,
) -> Top {
    let Some(owner) = controller else {
        return Top::Bare;
    };
    match &owner.kind {
        WorkloadKind::ReplicaSet | WorkloadKind::Job => match link(&owner.kind, &owner.name) {
            Link::Workload => Top::Workload(owner.clone()),
            Link::OwnedBy(parent) => Top::Workload(parent),
            Link::Alone => Top::Alone(owner.clone()),
            Link::Unknown => Top::Nothing,
        },
        WorkloadKind::Other(kind) if kind == "Node" => Top::Nothing,
        // No object has such a kind, but anyone can write it into a reference.
        WorkloadKind::Custom(_) => Top::Nothing,
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::CronJob
        | WorkloadKind::Rollout
        | WorkloadKind::Other(_) => Top::Workload(owner.clone()),
    }
}

/// The identity of a workload.
pub(crate) fn identity(namespace: &str, owner: &Owner) -> WorkloadId {
    WorkloadId {
        namespace: namespace.into(),
        kind: owner.kind.clone(),
        name: Arc::clone(&owner.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `apps/v1 ReplicaSet web-5d`; a `!` at the end is a reference that does not control.
    fn reference(text: &str) -> OwnerReference {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap().trim_end_matches('!').to_owned();
        OwnerReference {
            api_version: word(),
            kind: word(),
            name: word(),
            uid: "u".to_owned(),
            controller: Some(!text.ends_with('!')),
            ..OwnerReference::default()
        }
    }

    /// What the cluster knows: ReplicaSets and Jobs, and whose they are.
    fn link(kind: &WorkloadKind, name: &str) -> Link {
        let parent = match (kind, name) {
            (WorkloadKind::ReplicaSet, "web-5d") => "apps/v1 Deployment web",
            (WorkloadKind::ReplicaSet, "api-7c") => "argoproj.io/v1alpha1 Rollout api",
            (WorkloadKind::ReplicaSet, "fn-1") => "example.com/v1 Function fn",
            (WorkloadKind::Job, "report-28") => "batch/v1 CronJob report",
            (WorkloadKind::ReplicaSet, "alone") => return Link::Workload,
            (WorkloadKind::Job, "once") => return Link::Alone,
            _ => return Link::Unknown,
        };
        controller(&[reference(parent)]).map_or(Link::Unknown, Link::OwnedBy)
    }

    fn check(references: &[&str], expect: Option<&str>) {
        let references: Vec<_> = references.iter().copied().map(reference).collect();
        let owner = match top_owner(controller(&references).as_ref(), link) {
            Top::Workload(owner) => Some(identity("shop", &owner).to_string()),
            Top::Alone(owner) => Some(format!("alone: {}", identity("shop", &owner))),
            Top::Bare => Some("bare".to_owned()),
            Top::Nothing => None,
        };
        assert_eq!(owner.as_deref(), expect, "{references:?}");
    }

    #[test]
    fn a_pod_belongs_to_the_owner_at_the_top() {
        check(&["apps/v1 ReplicaSet web-5d"], Some("shop/deployment/web"));
        check(&["apps/v1 ReplicaSet api-7c"], Some("shop/rollout/api"));
        check(&["batch/v1 Job report-28"], Some("shop/cronjob/report"));
        check(&["apps/v1 StatefulSet db"], Some("shop/statefulset/db"));
        check(&["apps/v1 DaemonSet log"], Some("shop/daemonset/log"));
    }

    #[test]
    fn a_replica_set_without_owner_is_a_workload_and_a_job_without_owner_stands_alone() {
        check(&["apps/v1 ReplicaSet alone"], Some("shop/replicaset/alone"));
        check(&["batch/v1 Job once"], Some("alone: shop/job/once"));
        check(&["batch/v1 Job not-seen-yet"], None);
    }

    #[test]
    fn bare_pods_and_static_pods_belong_to_nothing() {
        check(&[], Some("bare"));
        check(&["v1 Node node-1"], None);
        check(&["apps/v1 ReplicaSet not-seen-yet"], None);
        check(&["example.com/v1 Custom-Job etl"], None);
    }

    #[test]
    fn only_the_controlling_reference_counts() {
        check(
            &["example.com/v1 Watcher w!", "apps/v1 StatefulSet db"],
            Some("shop/statefulset/db"),
        );
        check(&["apps/v1 StatefulSet db!"], Some("bare"));
    }

    #[test]
    fn an_unknown_controller_is_a_kind_of_its_own() {
        check(&["example.com/v1 Function fn"], Some("shop/function/fn"));
        check(&["apps/v1 ReplicaSet fn-1"], Some("shop/function/fn"));
        check(
            &["apps.kruise.io/v1beta1 StatefulSet db"],
            Some("shop/statefulset.apps.kruise.io/db"),
        );
    }
}
