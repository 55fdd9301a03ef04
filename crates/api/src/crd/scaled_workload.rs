//! ScaledWorkload: one workload, what a person wants for it, what is done about it.

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a person wants for one workload, and what Plimsoll found out about it and decided.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "plimsoll.dev",
    version = "v1alpha1",
    kind = "ScaledWorkload",
    namespaced,
    status = "ScaledWorkloadStatus",
    shortname = "sw",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Kind","type":"string","jsonPath":".spec.targetRef.kind"}"#,
    printcolumn = r#"{"name":"Workload","type":"string","jsonPath":".spec.targetRef.name"}"#,
    printcolumn = r#"{"name":"Mode","type":"string","jsonPath":".status.policy.mode"}"#,
    printcolumn = r#"{"name":"CPU","type":"string","jsonPath":".status.containers[0].recommended.requests.cpu"}"#,
    printcolumn = r#"{"name":"Memory","type":"string","jsonPath":".status.containers[0].recommended.requests.memory"}"#,
    printcolumn = r#"{"name":"Applied","type":"integer","jsonPath":".status.applied.pods"}"#,
    printcolumn = r#"{"name":"Pods","type":"integer","jsonPath":".status.applied.of"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.decision.reason"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ScaledWorkloadSpec {
    /// The workload.
    pub target_ref: TargetRef,
    /// A person's own settings for this workload. They hold over its ScalingPolicy, and are not used
    /// while an annotation or an object of `thoras.ai` governs the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::settings")]
    pub settings: Option<serde_json::Value>,
}

/// A reference to a workload in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// Its API version, for example `apps/v1`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What was found out and decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaledWorkloadStatus {
    /// Who governs the workload: `annotation`, `AIScaleTarget web`, `ScaledWorkload`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// What holds for the workload; absent while what was written for it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyStatus>,
    /// How much of the look-back samples cover, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_percent: Option<i32>,
    /// What is recommended, by container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStatus>,
    /// How many pods have the recommended values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<AppliedStatus>,
    /// What is done about running pods, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionStatus>,
    /// The values new pods are given, by container. The webhook answers from these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedStatus>,
    /// The last change of running pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_move: Option<MoveStatus>,
    /// How many changes of running pods there were.
    #[serde(default)]
    pub moves: i64,
    /// Memory learned from kills, by container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oom_floors: Vec<OomFloorStatus>,
    /// The state of the workload in Kubernetes' form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The last evaluation, stage by stage, as `plimsoll explain -o json` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub evaluation: Option<serde_json::Value>,
}

/// What holds for a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyStatus {
    /// The ScalingPolicy it was given; absent where its governor needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// `Apply` or `Recommend`.
    pub mode: String,
    /// Where that was said.
    pub origin: String,
}

/// What is recommended for a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerStatus {
    /// The container.
    pub name: String,
    /// Requests and limits for a new pod.
    #[schemars(schema_with = "resources")]
    pub recommended: ResourceRequirements,
}

/// How many pods have the recommended values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedStatus {
    /// Running pods that have them.
    pub pods: i32,
    /// Running pods.
    pub of: i32,
}

/// What is done about running pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionStatus {
    /// `Apply` or `Hold`.
    pub verdict: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in one sentence.
    pub message: String,
}

/// The values new pods are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedStatus {
    /// One entry for each container.
    pub containers: Vec<ContainerResources>,
    /// Which containers count as one; the first that takes a container in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grouping: Vec<GroupingStatus>,
}

/// Containers that count as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupingStatus {
    /// Words, any of which the name of a container contains.
    pub contains: Vec<String>,
    /// The name they share.
    pub into: String,
}

/// A change of running pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoveStatus {
    /// When the first pod was changed.
    pub at: Time,
    /// The values that were rolled out, one entry for each container.
    pub containers: Vec<ContainerResources>,
}

/// Requests and limits of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerResources {
    /// The container.
    pub name: String,
    /// Its requests and limits; a resource without a request is not touched.
    #[schemars(schema_with = "resources")]
    pub resources: ResourceRequirements,
}

/// Memory learned from kills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OomFloorStatus {
    /// The container.
    pub container: String,
    /// The least memory request.
    pub floor: String,
    /// When the last kill happened.
    pub killed_at: Time,
}

fn any_object(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// Requests and limits alone: the full schema of a container's resources also speaks of claims,
/// which are never written here.
fn resources(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let quantities = serde_json::json!({
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": 40}
    });
    schemars::json_schema!({
        "type": "object",
        "properties": {"requests": quantities, "limits": quantities}
    })
}
