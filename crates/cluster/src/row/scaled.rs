//! A ScaledWorkload as a row: the decision state of its workload, and what was last written.

use plimsoll_api::{ScaledWorkload, scaled_workload_name, state_from_status};
use plimsoll_domain::{DecisionState, WorkloadId};
use plimsoll_report::EvaluationView;
use serde::Deserialize;

use crate::owner;
use crate::written::Written;

/// What a ScaledWorkload holds.
#[derive(Clone, Debug)]
pub(crate) struct ScaledRow {
    /// The workload it speaks of.
    pub id: WorkloadId,
    /// Whose object goes with it, by uid.
    pub owner_uid: Option<Box<str>>,
    /// The decision state.
    pub state: DecisionState,
    /// What its status says; none while it has none.
    pub written: Option<Written>,
}

impl ScaledRow {
    /// The row of an object. None where its name is not that of its target: a second object for
    /// the same workload must not become a second truth.
    pub(crate) fn of(object: &ScaledWorkload) -> Option<Self> {
        let (meta, target) = (&object.metadata, &object.spec.target_ref);
        let id = WorkloadId {
            namespace: meta.namespace.clone().unwrap_or_default(),
            kind: owner::kind(&target.api_version, &target.kind),
            name: target.name.clone(),
        };
        if meta.name.as_deref() != Some(&scaled_workload_name(&id)) {
            return None;
        }
        let status = object.status.as_ref();
        let evaluation = status.and_then(|status| status.evaluation.as_ref());
        let view = evaluation.and_then(|value| EvaluationView::deserialize(value).ok());
        let owner = meta.owner_references.iter().flatten().next();
        Some(Self {
            id,
            owner_uid: owner.map(|owner| owner.uid.as_str().into()),
            state: status.map(state_from_status).unwrap_or_default(),
            written: status.zip(view).map(|(status, view)| Written::of(status, &view)),
        })
    }
}
