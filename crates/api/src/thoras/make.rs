//! The target that a template makes for a workload.

use plimsoll_domain::{WorkloadId, WorkloadKind};
use serde_json::{Value, json};

use super::read::{TEMPLATE_ANNOTATION, Template};
use super::{THORAS_GROUP, THORAS_VERSION};
use crate::MANAGED_BY_LABEL;

/// The AIScaleTarget that a template makes for a workload, to be applied: named like the workload,
/// with the template's own words, and gone with the template.
pub fn target_from_template(template: &Template, workload: &WorkloadId) -> Value {
    let mut spec = template.spec.as_object().cloned().unwrap_or_default();
    let mut reference = json!({"kind": workload.kind.name(), "name": &*workload.name});
    if let (Some(version), Some(reference)) =
        (api_version(&workload.kind), reference.as_object_mut())
    {
        reference.insert("apiVersion".to_owned(), json!(version));
    }
    spec.insert("scaleTargetRef".to_owned(), reference);
    let (label, value) = MANAGED_BY_LABEL;
    json!({
        "apiVersion": format!("{THORAS_GROUP}/{THORAS_VERSION}"),
        "kind": "AIScaleTarget",
        "metadata": {
            "namespace": &*workload.namespace,
            "name": &*workload.name,
            "labels": {label: value},
            "annotations": {TEMPLATE_ANNOTATION: template.name},
            "ownerReferences": owner(template)
        },
        "spec": spec
    })
}

/// A reference to the template. Without a uid there is none to refer to.
fn owner(template: &Template) -> Vec<Value> {
    let owner = json!({
        "apiVersion": format!("{THORAS_GROUP}/{THORAS_VERSION}"),
        "kind": "ClusterAIScaleTemplate",
        "name": template.name,
        "uid": template.uid,
        "controller": true
    });
    if template.uid.is_empty() { Vec::new() } else { vec![owner] }
}

fn api_version(kind: &WorkloadKind) -> Option<&'static str> {
    match kind {
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet => Some("apps/v1"),
        WorkloadKind::Job | WorkloadKind::CronJob => Some("batch/v1"),
        WorkloadKind::Rollout => Some("argoproj.io/v1alpha1"),
        WorkloadKind::Custom(_) | WorkloadKind::Other(_) => None,
    }
}
