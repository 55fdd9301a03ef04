//! Which workload each pod belongs to.

use std::collections::BTreeMap;

use plimsoll_api::custom_workload;
use plimsoll_domain::WorkloadId;

use crate::index::Tables;
use crate::owner::{self, Owner, Top};
use crate::row::pod::PodRow;

/// The pods of one workload.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    /// What is at the top of the owners of the first of them; absent for bare pods.
    pub owner: Option<Owner>,
    /// The pods, by name.
    pub pods: Vec<&'a PodRow>,
}

/// All pods by workload.
pub(crate) fn by_workload(tables: &Tables) -> BTreeMap<WorkloadId, Members<'_>> {
    let mut workloads = BTreeMap::new();
    for (key, row) in tables.pods.iter() {
        if let Some((id, owner)) = workload_of(tables, &key.namespace, row) {
            let members = workloads.entry(id);
            let members = members.or_insert_with(|| Members { owner, pods: Vec::new() });
            members.pods.push(row);
        }
    }
    workloads
}

/// The workload of a pod, if it has one.
///
/// Where the object at the top of its owners is watched, that object's template says whether they are
/// a custom workload, for all its pods alike; where it is not, or there is none, the pod itself does.
fn workload_of(
    tables: &Tables,
    namespace: &str,
    row: &PodRow,
) -> Option<(WorkloadId, Option<Owner>)> {
    let own = row.custom.as_deref();
    match tables.top(namespace, row.owner.as_ref()) {
        Top::Workload(owner) => {
            let is_watched = owner.kind.is_known();
            let custom = if is_watched { custom_of(tables, namespace, &owner) } else { own };
            let id = match custom {
                Some(name) => custom_workload(namespace, name, Some(&owner.kind)),
                None => owner::identity(namespace, &owner),
            };
            Some((id, Some(owner)))
        }
        Top::Alone(owner) => {
            Some((custom_workload(namespace, own?, Some(&owner.kind)), Some(owner)))
        }
        Top::Bare => Some((custom_workload(namespace, own?, None), None)),
        Top::Nothing => None,
    }
}

fn custom_of<'a>(tables: &'a Tables, namespace: &str, owner: &Owner) -> Option<&'a str> {
    let row = tables.workload(&owner.kind, namespace, &owner.name)?;
    tables.template(namespace, row).custom.as_ref().map(|custom| &*custom.name)
}
