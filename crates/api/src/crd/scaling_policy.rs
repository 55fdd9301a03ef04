//! ScalingPolicy: settings with a name, and the workloads they are meant for.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fields::schema;
use crate::policy::RULES;

/// Settings for the workloads that the policy is assigned to: by name, by its rules, or as the
/// default.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "plimsoll.dev",
    version = "v1alpha1",
    kind = "ScalingPolicy",
    plural = "scalingpolicies",
    status = "ScalingPolicyStatus",
    shortname = "spol",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Order","type":"integer","jsonPath":".spec.order"}"#,
    printcolumn = r#"{"name":"Default","type":"boolean","jsonPath":".spec.default"}"#,
    printcolumn = r#"{"name":"Mode","type":"string","jsonPath":".spec.settings.vertical.mode"}"#,
    printcolumn = r#"{"name":"Workloads","type":"integer","jsonPath":".status.workloads"}"#,
    printcolumn = r#"{"name":"Valid","type":"string","jsonPath":".status.conditions[?(@.type==\"Valid\")].status"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicySpec {
    /// Where it stands among the policies whose rules are asked, lowest first; policies of the same
    /// order by name. The policies that ship with Plimsoll begin at 1000. 0 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<i32>,
    /// Whether workloads that no rule of any policy matches get this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// Which workloads it is meant for: those that any of these rules matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "rules")]
    pub assignment_rules: Vec<serde_json::Value>,
    /// The settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::settings")]
    pub settings: Option<serde_json::Value>,
}

/// What became of the policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicyStatus {
    /// How many workloads have it.
    #[serde(default)]
    pub workloads: i32,
    /// The state of the policy in Kubernetes' form; `Valid` says whether all of it can be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

fn rules(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::at(&RULES, "assignmentRules")
}
