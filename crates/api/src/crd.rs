//! The custom resources.

mod history_checkpoint;
mod scaled_workload;
mod scaling_policy;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

use crate::fields::schema;
use crate::settings::table;
use crate::thoras::thoras_crds;

pub use history_checkpoint::{HistoryCheckpoint, HistoryCheckpointSpec};
pub use scaled_workload::{
    AppliedStatus, ContainerResources, ContainerStatus, DecisionStatus, GroupingStatus, MoveStatus,
    OomFloorStatus, PolicyStatus, PublishedStatus, ScaledWorkload, ScaledWorkloadSpec,
    ScaledWorkloadStatus, TargetRef,
};
pub use scaling_policy::{ScalingPolicy, ScalingPolicySpec, ScalingPolicyStatus};

/// All definitions of our own group.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![ScaledWorkload::crd(), ScalingPolicy::crd(), HistoryCheckpoint::crd()]
}

/// All definitions of our own group as a YAML stream.
pub fn crds_yaml() -> Result<String, serde_saphyr::ser::Error> {
    yaml(&crds())
}

/// The definitions of the group `thoras.ai` as a YAML stream.
pub fn thoras_crds_yaml() -> Result<String, serde_saphyr::ser::Error> {
    yaml(&thoras_crds())
}

fn yaml(crds: &[CustomResourceDefinition]) -> Result<String, serde_saphyr::ser::Error> {
    let mut stream = String::new();
    for crd in crds {
        stream.push_str("---\n");
        stream.push_str(&serde_saphyr::to_string(crd)?);
    }
    Ok(stream)
}

/// The schema of settings, made from the table of their fields.
fn settings(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::of(&table::OBJECT)
}
