//! HistoryCheckpoint: what a controller without a disk keeps of one workload.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TargetRef;

/// What Plimsoll remembers of one workload's usage where it has no volume to keep it on. Written
/// and read by Plimsoll alone, at most once an hour; deleting it costs what was learned, at the next
/// restart.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "plimsoll.dev",
    version = "v1alpha1",
    kind = "HistoryCheckpoint",
    namespaced,
    derive = "PartialEq",
    printcolumn = r#"{"name":"Kind","type":"string","jsonPath":".spec.targetRef.kind"}"#,
    printcolumn = r#"{"name":"Workload","type":"string","jsonPath":".spec.targetRef.name"}"#,
    printcolumn = r#"{"name":"Saved","type":"date","jsonPath":".spec.savedAt"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCheckpointSpec {
    /// The workload.
    pub target_ref: TargetRef,
    /// When it was written.
    pub saved_at: Time,
    /// What is remembered of each container, compressed and checksummed.
    #[schemars(schema_with = "bytes_by_name")]
    pub containers: BTreeMap<String, ByteString>,
}

fn bytes_by_name(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "additionalProperties": {"type": "string", "format": "byte"},
        "x-kubernetes-map-type": "atomic",
    })
}
