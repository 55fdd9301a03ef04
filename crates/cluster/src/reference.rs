//! References to the objects of workloads: for owner references, targets and events.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use plimsoll_domain::{WorkloadId, WorkloadKind};

use crate::index::Tables;
use crate::row::controller::ControllerRow;
use crate::table::Key;

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
    /// Its uid.
    pub uid: String,
}

impl Reference {
    /// For an event about it.
    pub(crate) fn object(&self) -> ObjectReference {
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
    /// The object behind a workload; none when it is gone.
    pub(crate) fn reference(&self, id: &WorkloadId) -> Option<Reference> {
        let (api_version, uid) =
            if id.kind.is_known() { self.by_row(id)? } else { self.by_pods(id)? };
        // A kind in a group that is not its own is named `Kind.group` here, and only here.
        let kind = id.kind.name().split('.').next().unwrap_or_default();
        Some(Reference {
            api_version,
            kind: kind.to_owned(),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            uid,
        })
    }

    fn by_row(&self, id: &WorkloadId) -> Option<(String, String)> {
        let table = self.controllers.get(&id.kind)?;
        match table.get(&Key::new(&id.namespace, &id.name))? {
            ControllerRow::Workload(row) => {
                Some((api_version(&id.kind).to_owned(), row.uid.to_string()))
            }
            ControllerRow::OwnedBy(_) => None,
        }
    }

    /// A kind that is not watched is known by what its pods say of their owner.
    fn by_pods(&self, id: &WorkloadId) -> Option<(String, String)> {
        let rows = self.pods.iter().filter(|(key, _)| *key.namespace == *id.namespace);
        let mut owners =
            rows.filter_map(|(key, row)| self.workload_of(&key.namespace, row.owner.as_ref()));
        let owner = owners.find(|owner| owner.kind == id.kind && *owner.name == *id.name)?;
        Some((owner.api_version?.to_string(), owner.uid?.to_string()))
    }
}

/// The API version of a kind that is watched.
pub(crate) fn api_version(kind: &WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet => "apps/v1",
        WorkloadKind::Job | WorkloadKind::CronJob => "batch/v1",
        WorkloadKind::Rollout => "argoproj.io/v1alpha1",
        WorkloadKind::Other(_) => "",
    }
}
