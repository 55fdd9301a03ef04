//! The `thoras.ai` custom resources, made from their tables.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use crate::MANAGED_BY_LABEL;

use super::rules;
use super::schema::schema;
use super::table;

/// The group of all three kinds.
pub const THORAS_GROUP: &str = "thoras.ai";
/// The one version of all three kinds.
pub const THORAS_VERSION: &str = "v1";

/// The definitions of AIScaleTarget, ClusterAIScaleTemplate and DaemonSetAutoscaler. A label says
/// that they are Plimsoll's, so that those of another owner are told apart and left alone.
pub fn thoras_crds() -> Vec<CustomResourceDefinition> {
    [target(), template(), daemon_set()]
        .into_iter()
        .filter_map(|definition| serde_json::from_value(definition).ok())
        .collect()
}

fn target() -> Value {
    let rules = &[("spec", rules::TARGET), ("spec", rules::SCALING)];
    definition(
        &json!({
            "kind": "AIScaleTarget", "listKind": "AIScaleTargetList",
            "plural": "aiscaletargets", "singular": "aiscaletarget", "shortNames": ["ast"]
        }),
        "Namespaced",
        &schema(&table::TARGET, rules),
        &[
            ("Model", "string", ".spec.model.mode"),
            ("Horizontal", "string", ".spec.horizontal.mode"),
            ("Vertical", "string", ".spec.vertical.mode"),
            AGE,
        ],
    )
}

fn template() -> Value {
    let rules = &[("spec", rules::TEMPLATE), ("spec.template", rules::SCALING)];
    definition(
        &json!({
            "kind": "ClusterAIScaleTemplate", "listKind": "ClusterAIScaleTemplateList",
            "plural": "clusteraiscaletemplates", "singular": "clusteraiscaletemplate",
            "shortNames": ["astt", "clusterast"]
        }),
        "Cluster",
        &schema(&table::TEMPLATE, rules),
        &[
            ("Conflict", "string", ".spec.policy.conflictResolution"),
            ("Horizontal", "string", ".spec.template.horizontal.mode"),
            ("Vertical", "string", ".spec.template.vertical.mode"),
            ("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
            AGE,
        ],
    )
}

fn daemon_set() -> Value {
    let rules = &[("spec", rules::DAEMON_SET)];
    definition(
        &json!({
            "kind": "DaemonSetAutoscaler", "listKind": "DaemonSetAutoscalerList",
            "plural": "daemonsetautoscalers", "singular": "daemonsetautoscaler",
            "shortNames": ["dsa"]
        }),
        "Namespaced",
        &schema(&table::DAEMON_SET, rules),
        &[
            ("DaemonSet", "string", ".spec.scaleTargetRef.name"),
            ("Mode", "string", ".spec.scaleMode"),
            ("Percentile", "string", ".spec.percentile"),
            ("Resized", "integer", ".status.podsResized"),
            ("Pods", "integer", ".status.podsObserved"),
            AGE,
        ],
    )
}

/// A printed column: its name, its type and where it is.
type Column = (&'static str, &'static str, &'static str);

const AGE: Column = ("Age", "date", ".metadata.creationTimestamp");

fn definition(names: &Value, scope: &str, schema: &Value, columns: &[Column]) -> Value {
    let plural = names.get("plural").and_then(Value::as_str).unwrap_or_default().to_owned();
    let columns: Vec<Value> = columns
        .iter()
        .map(|(name, kind, path)| json!({"name": name, "type": kind, "jsonPath": path}))
        .collect();
    let (label, value) = MANAGED_BY_LABEL;
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{THORAS_GROUP}"), "labels": {label: value}},
        "spec": {
            "group": THORAS_GROUP,
            "names": names,
            "scope": scope,
            "versions": [{
                "name": THORAS_VERSION,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": columns,
                "schema": {"openAPIV3Schema": schema}
            }]
        }
    })
}
