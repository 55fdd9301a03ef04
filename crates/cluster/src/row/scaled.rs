//! A ScaledWorkload as a row.
use plimsoll_api::ScaledWorkload;
use plimsoll_domain::{DecisionState, WorkloadId};

#[derive(Clone, Debug)]
pub(crate) struct ScaledRow {
    pub id: WorkloadId,
    pub state: DecisionState,
}
impl ScaledRow {
    pub(crate) fn of(object: &ScaledWorkload) -> Option<Self> {
        let _ = object;
        None
    }
}
