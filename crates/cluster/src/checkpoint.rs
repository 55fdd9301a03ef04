//! Checkpoints of histories, as objects beside the ScaledWorkloads: listed at the start and written
//! from time to time, never watched.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::ByteString;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use plimsoll_api::{
    FIELD_MANAGER, HistoryCheckpoint, MANAGED_BY_LABEL, scaled_workload_name, time, timestamp,
    workload_kind,
};
use plimsoll_domain::{Timestamp, WorkloadId};
use serde_json::{Value, json};

use crate::call::call;
use crate::reference::Reference;
use crate::{ClusterError, Index, Lead};

/// Objects of one answer. Most have one or two containers of 1 to 5 KiB, so that an answer has a
/// megabyte; were all as large as may be, 25 MB.
const PAGE: u32 = 100;

/// The most that the containers of one object may hold, unencoded; encoded it is a third more. A
/// container takes 1 to 3 KiB, one that restarts all the time with usage all over the place 8: room
/// for 24 of those. etcd refuses objects of more than 1.5 MiB, a page of these is read at once.
pub const CHECKPOINT_BYTES_MAX: usize = 192 * 1024;

/// What is kept of one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The workload.
    pub workload: WorkloadId,
    /// When it was made.
    pub saved_at: Timestamp,
    /// What is remembered of each container.
    pub containers: BTreeMap<String, Vec<u8>>,
}

impl Checkpoint {
    /// How many bytes its containers hold.
    pub fn bytes(&self) -> usize {
        self.containers.values().map(Vec::len).sum()
    }
}

/// An object that is none of ours, or of another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// `namespace/name`.
    pub object: String,
    /// What is wrong with it.
    pub why: String,
}

/// Part of what there is.
#[derive(Debug, Default)]
pub struct CheckpointPage {
    /// The checkpoints of it.
    pub checkpoints: Vec<Checkpoint>,
    /// What else there was.
    pub unusable: Vec<Unusable>,
    /// Where the rest begins.
    pub rest: Option<String>,
}

/// The checkpoints of a cluster.
#[derive(Clone)]
pub struct Checkpoints {
    client: Client,
    index: Arc<Index>,
    lead: Lead,
}

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints").field("lead", &self.lead).finish_non_exhaustive()
    }
}

impl Checkpoints {
    pub(crate) fn new(client: Client, index: Arc<Index>, lead: Lead) -> Self {
        Self { client, index, lead }
    }

    /// Whether this replica may write at this moment.
    pub fn may_write(&self) -> bool {
        self.lead.holds()
    }

    /// Whether a workload has a ScaledWorkload, with which its checkpoint would go.
    pub fn has_place(&self, id: &WorkloadId) -> bool {
        self.index.read(|tables| tables.scaled_row(id).is_some() && tables.reference(id).is_some())
    }

    /// The first part of all that there are, or the one that begins at `rest`.
    pub async fn page(&self, rest: Option<&str>) -> Result<CheckpointPage, ClusterError> {
        // Read as anything at all: one object that is broken must not hide the others.
        let kind = ApiResource::erase::<HistoryCheckpoint>(&());
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind);
        let mut params = ListParams::default().limit(PAGE);
        params.continue_token = rest.map(str::to_owned);
        let list = call("list the HistoryCheckpoints", api.list(&params)).await?;
        let mut page = CheckpointPage {
            rest: list.metadata.continue_.filter(|rest| !rest.is_empty()),
            ..CheckpointPage::default()
        };
        for object in list.items {
            let name = format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any());
            match checkpoint(object) {
                Ok(checkpoint) => page.checkpoints.push(checkpoint),
                Err(why) => page.unusable.push(Unusable { object: name, why }),
            }
        }
        Ok(page)
    }

    /// Writes one, in the place of the one before. False where the workload has no ScaledWorkload
    /// (yet), with which it goes.
    pub async fn write(&self, checkpoint: &Checkpoint) -> Result<bool, ClusterError> {
        let id = &checkpoint.workload;
        let name = scaled_workload_name(id);
        let attempt = format!("apply the HistoryCheckpoint {}/{name}", id.namespace);
        if checkpoint.bytes() > CHECKPOINT_BYTES_MAX {
            return Err(ClusterError::CheckpointTooLarge { attempt, bytes: checkpoint.bytes() });
        }
        let known = self.index.read(|tables| {
            let uid = tables.scaled_row(id)?.uid.clone();
            Some((tables.reference(id)?, uid))
        });
        let Some((target, uid)) = known else { return Ok(false) };
        if !self.lead.holds() {
            return Err(ClusterError::LeadLost { attempt });
        }
        let api: Api<HistoryCheckpoint> = Api::namespaced(self.client.clone(), &id.namespace);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let object = Patch::Apply(object(&name, checkpoint, &target, &uid));
        call(attempt, api.patch(&name, &params, &object)).await?;
        Ok(true)
    }
}

fn object(name: &str, checkpoint: &Checkpoint, target: &Reference, uid: &str) -> Value {
    let (label, value) = MANAGED_BY_LABEL;
    let containers = checkpoint.containers.iter();
    let containers: BTreeMap<_, _> =
        containers.map(|(name, bytes)| (name, ByteString(bytes.clone()))).collect();
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "HistoryCheckpoint",
        "metadata": {
            "name": name,
            "labels": {label: value},
            "ownerReferences": [{
                "apiVersion": "plimsoll.dev/v1alpha1", "kind": "ScaledWorkload", "name": name,
                "uid": uid,
            }],
        },
        "spec": {
            "targetRef": {
                "apiVersion": target.api_version, "kind": target.kind, "name": target.name,
            },
            "savedAt": time(checkpoint.saved_at),
            "containers": containers,
        },
    })
}

/// What an object holds; the error says in words why that is of no use.
fn checkpoint(object: DynamicObject) -> Result<Checkpoint, String> {
    let name = object.name_any();
    let namespace = object.namespace().unwrap_or_default();
    let object: HistoryCheckpoint = object.try_parse().map_err(|error| error.to_string())?;
    let target = object.spec.target_ref;
    let kind = workload_kind(&target.api_version, &target.kind);
    let workload = WorkloadId { namespace: namespace.into(), kind, name: target.name.into() };
    // A second object for the same workload must not become a second truth.
    if name != scaled_workload_name(&workload) {
        return Err(format!("its name is not that of {workload}"));
    }
    let containers = object.spec.containers.into_iter();
    let checkpoint = Checkpoint {
        workload,
        saved_at: timestamp(&object.spec.saved_at),
        containers: containers.map(|(name, bytes)| (name, bytes.0)).collect(),
    };
    match checkpoint.bytes() {
        bytes if bytes > CHECKPOINT_BYTES_MAX => {
            Err(format!("it holds {bytes} bytes, more than the {CHECKPOINT_BYTES_MAX} allowed"))
        }
        _ => Ok(checkpoint),
    }
}

#[cfg(test)]
mod tests;
