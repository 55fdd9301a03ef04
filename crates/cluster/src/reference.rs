//! References to the objects of workloads: for owner references, targets and events.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use plimsoll_api::{scaled_workload_name, workload_kind};
use plimsoll_domain::{WorkloadId, WorkloadKind};

use crate::index::Tables;
use crate::owner::Top;

/// The object behind a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its API version.
    pub api_version: String,
    /// Its kind, as the API server knows it.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; empty for a custom workload.
    pub uid: String,
}

impl Reference {
    /// For an event about it. One about a custom workload is about the object that speaks of it.
    pub(crate) fn object(&self) -> ObjectReference {
        let kind = workload_kind(&self.api_version, &self.kind);
        if let WorkloadKind::Custom(_) = kind {
            let (namespace, name) = (self.namespace.clone(), self.name.clone());
            return ObjectReference {
                api_version: Some(CUSTOM_API_VERSION.to_owned()),
                kind: Some("ScaledWorkload".to_owned()),
                namespace: Some(namespace.clone()),
                name: Some(scaled_workload_name(&WorkloadId {
                    namespace: namespace.into(),
                    kind,
                    name: name.into(),
                })),
                ..ObjectReference::default()
            };
        }
        ObjectReference {
            api_version: Some(self.api_version.clone()),
            kind: Some(self.kind.clone()),
            namespace: Some(self.namespace.clone()),
            name: Some(self.name.clone()),
            uid: Some(self.uid.clone()),
            ..ObjectReference::default()
        }
    }

    /// For an object that is to go with it. It does not hold up its deletion.
    pub(crate) fn owner(&self) -> OwnerReference {
        OwnerReference {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            controller: Some(false),
            block_owner_deletion: Some(false),
        }
    }
}

impl Tables {
    /// The object behind a workload; none when it is gone. A custom workload has none, and is there
    /// as long as anyone speaks of it.
    pub(crate) fn reference(&self, id: &WorkloadId) -> Option<Reference> {
        let (api_version, uid) = if let WorkloadKind::Custom(_) = id.kind {
            (CUSTOM_API_VERSION.to_owned(), String::new())
        } else if id.kind.is_known() {
            let row = self.workload(&id.kind, &id.namespace, &id.name)?;
            (api_version(&id.kind).to_owned(), row.uid.to_string())
        } else {
            self.by_pods(id)?
        };
        Some(Reference {
            api_version,
            kind: kind_alone(id).to_owned(),
            namespace: id.namespace.to_string(),
            name: id.name.to_string(),
            uid,
        })
    }

    /// A kind that is not watched is known by what its pods say of their owner.
    fn by_pods(&self, id: &WorkloadId) -> Option<(String, String)> {
        let rows = self.pods.iter().filter(|(key, _)| *key.namespace == *id.namespace);
        let mut owners =
            rows.filter_map(|(key, row)| match self.top(&key.namespace, row.owner.as_ref()) {
                Top::Workload(owner) => Some(owner),
                Top::Alone(_) | Top::Bare | Top::Nothing => None,
            });
        let owner = owners.find(|owner| owner.kind == id.kind && *owner.name == *id.name)?;
        Some((owner.api_version?.to_string(), owner.uid?.to_string()))
    }
}

/// A kind in a group that is not its own is named `Kind.group` in this program, and only here. A
/// custom workload's is as it is, to be read back.
fn kind_alone(id: &WorkloadId) -> &str {
    let name = id.kind.name();
    let is_custom = matches!(id.kind, WorkloadKind::Custom(_));
    if is_custom { name } else { name.split('.').next().unwrap_or_default() }
}

/// The API version of what has no object of its own but the one that speaks of it.
const CUSTOM_API_VERSION: &str = "plimsoll.dev/v1alpha1";

/// The API version of a kind that is watched.
pub(crate) fn api_version(kind: &WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet => "apps/v1",
        WorkloadKind::Job | WorkloadKind::CronJob => "batch/v1",
        WorkloadKind::Rollout => "argoproj.io/v1alpha1",
        WorkloadKind::Custom(_) => CUSTOM_API_VERSION,
        WorkloadKind::Other(_) => "",
    }
}
