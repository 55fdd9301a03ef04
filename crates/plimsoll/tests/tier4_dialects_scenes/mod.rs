//! Scenes on one cluster, each in namespaces of its own.

pub(crate) mod assigned;
pub(crate) mod columns;
pub(crate) mod containers;
pub(crate) mod custom;
pub(crate) mod foreign;
pub(crate) mod grouped;
pub(crate) mod judged;
pub(crate) mod own_settings;
pub(crate) mod refused;
mod refused_cases;
pub(crate) mod samples;
pub(crate) mod targets;
pub(crate) mod templates;

use serde_json::{Value, json};

/// Applied as soon as ten samples are there.
pub(crate) const ON: &str = "vertical:\n  optimization: on\n  startup:\n    period: 0s\n";

/// What a container that uses 100 millicores and 100 MiB is recommended, with 10 % of overhead.
pub(crate) fn values() -> Value {
    json!({"cpu": "110m", "memory": "110Mi"})
}

/// What a pod's first container asks for.
pub(crate) fn requests(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["resources"]["requests"]
}

/// What is recommended for a workload's first container.
pub(crate) fn recommended(object: &Value) -> &Value {
    &object["status"]["containers"][0]["recommended"]["requests"]
}

/// The word for what was decided about a workload.
pub(crate) fn reason(object: &Value) -> &str {
    object["status"]["decision"]["reason"].as_str().unwrap_or_default()
}

/// Whether an object has a condition with this status.
pub(crate) fn has_condition(object: &Value, name: &str, status: &str, reason: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == name && one["status"] == status && one["reason"] == reason)
}

/// A label or annotation whose value is this, whatever its name.
pub(crate) fn names(metadata: &Value, value: &str) -> bool {
    ["labels", "annotations"].iter().any(|group| {
        let entries = metadata[group].as_object();
        entries.is_some_and(|entries| entries.values().any(|one| one == value))
    })
}
