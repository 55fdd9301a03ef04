//! What `kubectl get` prints of the five kinds.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::harness::World;

/// Where the objects are, the columns, and which of them must say something in some row.
const TABLES: [(&str, &[&str], &[&str]); 5] = [
    (
        "plimsoll.dev/v1alpha1/scaledworkloads",
        &["Name", "Kind", "Workload", "Mode", "CPU", "Memory", "Applied", "Pods", "Reason", "Age"],
        &["Kind", "Workload", "Mode", "CPU", "Memory", "Reason", "Age"],
    ),
    (
        "plimsoll.dev/v1alpha1/scalingpolicies",
        &["Name", "Order", "Default", "Mode", "Workloads", "Valid", "Age"],
        &["Order", "Mode", "Workloads", "Valid", "Age"],
    ),
    (
        "thoras.ai/v1/aiscaletargets",
        &["Name", "Model", "Horizontal", "Vertical", "Age"],
        &["Model", "Vertical", "Age"],
    ),
    (
        "thoras.ai/v1/clusteraiscaletemplates",
        &["Name", "Conflict", "Horizontal", "Vertical", "Ready", "Age"],
        &["Conflict", "Vertical", "Ready", "Age"],
    ),
    (
        "thoras.ai/v1/daemonsetautoscalers",
        &["Name", "DaemonSet", "Mode", "Percentile", "Resized", "Pods", "Age"],
        &["DaemonSet", "Mode", "Percentile", "Age"],
    ),
];

/// What one may type after `kubectl get`, by group and version.
const SHORT_NAMES: [(&str, &[(&str, &str)]); 2] = [
    ("plimsoll.dev/v1alpha1", &[("scaledworkloads", "sw"), ("scalingpolicies", "spol")]),
    (
        "thoras.ai/v1",
        &[
            ("aiscaletargets", "ast"),
            ("clusteraiscaletemplates", "astt"),
            ("daemonsetautoscalers", "dsa"),
        ],
    ),
];

const AGENT: &str = "
apiVersion: thoras.ai/v1
kind: DaemonSetAutoscaler
metadata: {name: agent, namespace: targets}
spec:
  scaleMode: recommendation
  percentile: 95
  scaleTargetRef: {apiVersion: apps/v1, name: agent}
  containers: [{name: agent, cpu: {lowerbound: 10m}}]
";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.apply(AGENT).await?;
    for (path, columns, filled) in TABLES {
        let printed = world.printed(path).await?;
        ensure!(printed.columns == columns, "{path}: {:?}", printed.columns);
        for column in filled {
            let at = columns.iter().position(|one| one == column).unwrap_or_default();
            let says = |row: &Vec<Value>| row.get(at).is_some_and(says_something);
            ensure!(printed.rows.iter().any(says), "{path}: nothing under {column}: {printed:?}");
        }
    }
    Ok(())
}

/// `kubectl` learns them from the API server's discovery.
pub(crate) async fn short_names(world: &World) -> Result<()> {
    for (group, expect) in SHORT_NAMES {
        let discovered = world.at(group).await?;
        for (plural, short) in expect {
            let resources = discovered["resources"].as_array();
            let known = resources.into_iter().flatten().any(|resource| {
                let names = resource["shortNames"].as_array();
                resource["name"] == *plural
                    && names.is_some_and(|all| all.iter().any(|one| one == short))
            });
            ensure!(known, "{plural} is not {short}: {discovered}");
        }
    }
    Ok(())
}

fn says_something(cell: &Value) -> bool {
    match cell {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "<none>",
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    }
}
