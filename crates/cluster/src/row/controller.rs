//! Objects that control pods as rows: workloads with their template and rollout, and links
//! (ReplicaSets, Jobs) of which only the owner is kept.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{DynamicObject, PartialObjectMeta};
use plimsoll_api::timestamp;
use plimsoll_domain::{Rollout, Timestamp};
use serde::Deserialize;

use super::rollout::{Revision, count};
use super::template::Template;
use crate::intern::{Document, Intern, Labels};
use crate::owner::{self, Owner};

/// A workload.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadRow {
    /// The uid of the object.
    pub uid: Box<str>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its labels, by which policies choose.
    pub labels: Labels,
    /// Its pod template.
    pub template: Template,
    /// The Deployment whose template is used instead, by name (Argo's `workloadRef`).
    pub template_of: Option<Box<str>>,
    /// What its annotations say.
    pub document: Option<Document>,
    /// How many pods it wants.
    pub desired_replicas: Option<u32>,
    /// Whether it is replacing its pods.
    pub rollout: Rollout,
}

/// A workload, or a link to one.
#[derive(Clone, Debug)]
pub(crate) enum ControllerRow {
    /// A workload.
    Workload(Box<WorkloadRow>),
    /// Something that belongs to one.
    OwnedBy(Owner),
    /// A Job that belongs to nothing. It is no workload, unless its pods say that they are a custom
    /// one; they carry all there is to know, so that of the Job only this is kept.
    Alone {
        /// The uid of the object.
        uid: Box<str>,
        /// When it was created.
        created_at: Timestamp,
    },
}

/// What a Deployment is.
pub(crate) fn deployment(object: &Deployment, intern: &Intern) -> ControllerRow {
    let (spec, status) = (object.spec.as_ref(), object.status.as_ref());
    let desired = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let updated = status.and_then(|status| status.updated_replicas).unwrap_or(0);
    let revision = Revision {
        generation: object.metadata.generation,
        observed_generation: status.and_then(|status| status.observed_generation),
        desired,
        updated,
        available: status.and_then(|status| status.available_replicas).unwrap_or(0),
        outdated: status.and_then(|status| status.replicas).unwrap_or(0) - updated,
    };
    workload(&object.metadata, spec.map(|spec| &spec.template), intern)
        .wanting(desired)
        .rolling(revision.rollout())
}

/// What a StatefulSet is. One with a partition keeps pods of two revisions on purpose, and one
/// that is updated `OnDelete` is never replacing pods by itself.
pub(crate) fn stateful_set(object: &StatefulSet, intern: &Intern) -> ControllerRow {
    let (spec, status) = (object.spec.as_ref(), object.status.as_ref());
    let desired = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let strategy = spec.and_then(|spec| spec.update_strategy.as_ref());
    let partition = strategy
        .and_then(|strategy| strategy.rolling_update.as_ref())
        .and_then(|rolling| rolling.partition)
        .unwrap_or(0);
    let on_delete = strategy.is_some_and(|s| s.type_.as_deref() == Some("OnDelete"));
    let is_current = status.is_none_or(|status| status.current_revision == status.update_revision);
    // While both revisions are the same, the controller counts no pod as updated.
    let wanted = if is_current || on_delete { 0 } else { (desired - partition).max(0) };
    let revision = Revision {
        generation: object.metadata.generation,
        observed_generation: status.and_then(|status| status.observed_generation),
        desired: wanted,
        updated: status.and_then(|status| status.updated_replicas).unwrap_or(0),
        available: status.and_then(|status| status.available_replicas).unwrap_or(0),
        outdated: 0,
    };
    workload(&object.metadata, spec.map(|spec| &spec.template), intern)
        .wanting(desired)
        .rolling(revision.rollout())
}

/// What a DaemonSet is.
pub(crate) fn daemon_set(object: &DaemonSet, intern: &Intern) -> ControllerRow {
    let (spec, status) = (object.spec.as_ref(), object.status.as_ref());
    let desired = status.map_or(0, |status| status.desired_number_scheduled);
    let strategy = spec.and_then(|spec| spec.update_strategy.as_ref());
    let on_delete = strategy.is_some_and(|s| s.type_.as_deref() == Some("OnDelete"));
    let revision = Revision {
        generation: object.metadata.generation,
        observed_generation: status.and_then(|status| status.observed_generation),
        desired: if on_delete { 0 } else { desired },
        updated: status.and_then(|status| status.updated_number_scheduled).unwrap_or(0),
        available: status.and_then(|status| status.number_available).unwrap_or(0),
        outdated: 0,
    };
    workload(&object.metadata, spec.map(|spec| &spec.template), intern)
        .wanting(desired)
        .rolling(revision.rollout())
}

/// What a ReplicaSet is: a link, or a workload where nothing owns it.
pub(crate) fn replica_set(object: &ReplicaSet, intern: &Intern) -> ControllerRow {
    if let Some(owner) = controller(&object.metadata) {
        return ControllerRow::OwnedBy(owner);
    }
    let spec = object.spec.as_ref();
    let template = spec.and_then(|spec| spec.template.as_ref());
    workload(&object.metadata, template, intern)
        .wanting(spec.and_then(|spec| spec.replicas).unwrap_or(1))
        .rolling(Rollout::Settled)
}

/// What a Job is: a link, or nothing that is sized by itself.
pub(crate) fn job(object: &PartialObjectMeta<Job>) -> ControllerRow {
    controller(&object.metadata).map_or_else(
        || ControllerRow::Alone {
            uid: uid(&object.metadata),
            created_at: created_at(&object.metadata),
        },
        ControllerRow::OwnedBy,
    )
}

/// What a CronJob is.
pub(crate) fn cron_job(object: &CronJob, intern: &Intern) -> ControllerRow {
    let spec = object.spec.as_ref();
    let job = spec.and_then(|spec| spec.job_template.spec.as_ref());
    workload(&object.metadata, job.map(|job| &job.template), intern).rolling(Rollout::Settled)
}

/// What an Argo Rollout is. It replaces pods while the pods it calls stable are not the ones it
/// calls current.
pub(crate) fn argo_rollout(object: &DynamicObject, intern: &Intern) -> Option<ControllerRow> {
    let parts = ArgoRollout::deserialize(&object.data).ok()?;
    let desired = parts.spec.replicas.unwrap_or(1);
    let status = parts.status;
    let is_stable = status.stable.is_empty() || status.stable == status.current;
    let mut row = workload(&object.metadata, parts.spec.template.as_ref(), intern).wanting(desired);
    row.template_of = parts.spec.workload_ref.map(|target| target.name.into());
    let rollout = if is_stable {
        Rollout::Settled
    } else {
        Rollout::InProgress { updated: count(status.updated_replicas), desired: count(desired) }
    };
    Some(row.rolling(rollout))
}

/// The parts of an Argo Rollout that are read.
#[derive(Debug, Deserialize)]
struct ArgoRollout {
    #[serde(default)]
    spec: ArgoSpec,
    #[serde(default)]
    status: ArgoStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArgoSpec {
    replicas: Option<i32>,
    template: Option<PodTemplateSpec>,
    workload_ref: Option<ArgoWorkloadRef>,
}

#[derive(Debug, Deserialize)]
struct ArgoWorkloadRef {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct ArgoStatus {
    #[serde(default, rename = "stableRS")]
    stable: String,
    #[serde(default, rename = "currentPodHash")]
    current: String,
    #[serde(default, rename = "updatedReplicas")]
    updated_replicas: i32,
}

fn controller(metadata: &ObjectMeta) -> Option<Owner> {
    owner::controller(metadata.owner_references.as_deref().unwrap_or_default())
}

fn workload(
    metadata: &ObjectMeta,
    template: Option<&PodTemplateSpec>,
    intern: &Intern,
) -> WorkloadRow {
    WorkloadRow {
        uid: uid(metadata),
        created_at: created_at(metadata),
        labels: intern.labels(metadata.labels.as_ref()),
        template: Template::of(metadata.namespace.as_deref(), template, intern),
        template_of: None,
        document: intern.document(metadata.annotations.as_ref()),
        desired_replicas: None,
        rollout: Rollout::Settled,
    }
}

fn uid(metadata: &ObjectMeta) -> Box<str> {
    metadata.uid.as_deref().unwrap_or_default().into()
}

fn created_at(metadata: &ObjectMeta) -> Timestamp {
    metadata.creation_timestamp.as_ref().map(timestamp).unwrap_or_default()
}

impl WorkloadRow {
    fn wanting(mut self, replicas: i32) -> Self {
        self.desired_replicas = Some(count(replicas));
        self
    }

    fn rolling(mut self, rollout: Rollout) -> ControllerRow {
        self.rollout = rollout;
        ControllerRow::Workload(Box::new(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    fn parse<T: DeserializeOwned>(object: &Value) -> T {
        serde_json::from_value(object.clone()).unwrap()
    }

    fn check(row: &ControllerRow, expect: &str) {
        let ControllerRow::Workload(row) = row else {
            panic!("{row:?} is no workload");
        };
        let rollout = match row.rollout {
            Rollout::Settled => "settled".to_owned(),
            Rollout::InProgress { updated, desired } => format!("{updated} of {desired}"),
        };
        let containers: Vec<_> = row.template.containers.iter().map(|c| &*c.name).collect();
        let replicas =
            row.desired_replicas.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let row = format!("{replicas} replicas of {}, {rollout}", containers.join("+"));
        assert_eq!(row, expect);
    }

    fn template() -> Value {
        json!({"spec": {"containers": [{"name": "app"}]}})
    }

    #[test]
    fn reads_a_deployment() {
        let object = |status: Value| {
            parse::<Deployment>(&json!({
                "metadata": {"generation": 2},
                "spec": {"replicas": 3, "template": template()},
                "status": status,
            }))
        };
        let intern = Intern::default();
        let settled = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3});
        check(&deployment(&object(settled), &intern), "3 replicas of app, settled");
        let rolling = json!({
            "observedGeneration": 2, "replicas": 4, "updatedReplicas": 1, "availableReplicas": 3,
        });
        check(&deployment(&object(rolling), &intern), "3 replicas of app, 1 of 3");
    }

    #[test]
    fn reads_a_stateful_set() {
        let object = |strategy: Value, updated: i32, update: &str| {
            parse::<StatefulSet>(&json!({
                "metadata": {"generation": 1},
                "spec": {"replicas": 3, "template": template(), "updateStrategy": strategy},
                "status": {
                    "observedGeneration": 1, "replicas": 3, "availableReplicas": 3,
                    "currentRevision": "a", "updateRevision": update, "updatedReplicas": updated,
                },
            }))
        };
        let intern = Intern::default();
        let check = |strategy, updated, update, expect| {
            check(&stateful_set(&object(strategy, updated, update), &intern), expect);
        };
        check(json!({}), 0, "a", "3 replicas of app, settled");
        check(json!({}), 1, "b", "3 replicas of app, 1 of 3");
        let partition = json!({"rollingUpdate": {"partition": 2}});
        check(partition, 1, "b", "3 replicas of app, settled");
        check(json!({"type": "OnDelete"}), 0, "b", "3 replicas of app, settled");
    }

    #[test]
    fn reads_a_daemon_set() {
        let object = parse(&json!({
            "metadata": {"generation": 1},
            "spec": {"template": template()},
            "status": {
                "observedGeneration": 1, "desiredNumberScheduled": 5,
                "updatedNumberScheduled": 2, "numberAvailable": 5,
            },
        }));
        check(&daemon_set(&object, &Intern::default()), "5 replicas of app, 2 of 5");
    }

    #[test]
    fn reads_a_cron_job() {
        let object = parse(&json!({"spec": {"jobTemplate": {"spec": {"template": template()}}}}));
        check(&cron_job(&object, &Intern::default()), "- replicas of app, settled");
    }

    #[test]
    fn reads_an_argo_rollout() {
        let object = |stable: &str| {
            parse(&json!({
                "metadata": {"name": "api"},
                "spec": {"replicas": 2, "template": template()},
                "status": {"stableRS": stable, "currentPodHash": "b", "updatedReplicas": 1},
            }))
        };
        let read = |object| argo_rollout(&object, &Intern::default()).unwrap();
        check(&read(object("b")), "2 replicas of app, settled");
        check(&read(object("a")), "2 replicas of app, 1 of 2");
    }

    #[test]
    fn an_owned_replica_set_is_only_a_link() {
        let object = parse(&json!({
            "metadata": {"ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true},
            ]},
            "spec": {"template": template()},
        }));
        let row = replica_set(&object, &Intern::default());
        assert!(matches!(row, ControllerRow::OwnedBy(owner) if &*owner.name == "web"));
        let bare = parse(&json!({"spec": {"template": template()}}));
        check(&replica_set(&bare, &Intern::default()), "1 replicas of app, settled");
    }
}
