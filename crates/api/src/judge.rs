//! What is to be said of an object that holds settings, whoever asks: a webhook before the object is
//! stored, or a check of manifests before they are applied.

use std::sync::Arc;

use plimsoll_domain::{Diagnostic, Origin, Severity, WorkloadId};
use plimsoll_policy::Catalog;
use serde_json::Value as Json;

use crate::{read_settings, scaled_workload_name, scaling_policy, thoras, workload_kind};

/// The remarks on an object of this group and kind; absent where such objects hold no settings.
pub fn judge(group: &str, kind: &str, object: &Json) -> Option<Vec<Diagnostic>> {
    match (group, kind) {
        ("thoras.ai", "AIScaleTarget" | "ClusterAIScaleTemplate" | "DaemonSetAutoscaler") => {
            Some(thoras::validate(object))
        }
        ("plimsoll.dev", "ScalingPolicy") => Some(policy(object)),
        ("plimsoll.dev", "ScaledWorkload") => Some(scaled_workload(object)),
        _ => None,
    }
}

/// The remarks on a manifest, with what the API server itself would refuse.
pub fn judge_manifest(group: &str, kind: &str, object: &Json) -> Option<Vec<Diagnostic>> {
    let mut remarks = judge(group, kind, object)?;
    let refused = if group == thoras::THORAS_GROUP { thoras::refused(object) } else { Vec::new() };
    for one in refused {
        let (what, _) = one.message.split_once(',').unwrap_or((&one.message, ""));
        let here = |remark: &Diagnostic| remark.field == one.field;
        let is_said = remarks.iter().any(|remark| {
            here(remark) && remark.severity == Severity::Error && remark.message.starts_with(what)
        });
        if !is_said {
            // What reading makes of it holds for objects that are in a cluster all the same.
            remarks.retain(|remark| !here(remark) || remark.severity == Severity::Error);
            remarks.push(one);
        }
    }
    Some(remarks)
}

/// The remarks on an object that changes. An error that was there before, and any error of a change
/// that leaves `spec` alone, is a warning: who adds a label or takes a finalizer away is not kept from
/// it by what an older version let in.
pub fn judge_change(
    group: &str,
    kind: &str,
    (old, new): (&Json, &Json),
) -> Option<Vec<Diagnostic>> {
    let mut remarks = judge(group, kind, new)?;
    let is_same = old.get("spec") == new.get("spec");
    let before = judge(group, kind, old).unwrap_or_default();
    for remark in &mut remarks {
        if remark.severity == Severity::Error && (is_same || before.contains(remark)) {
            remark.severity = Severity::Warning;
        }
    }
    Some(remarks)
}

/// What is said of a policy, and of rules that match nothing.
fn policy(object: &Json) -> Vec<Diagnostic> {
    let (policy, mut remarks) = scaling_policy(object);
    let name = Arc::clone(&policy.name);
    let catalog = Catalog::new(vec![policy]);
    remarks.extend(catalog.get(&name).into_iter().flat_map(|one| one.rule_remarks().to_vec()));
    remarks
}

fn scaled_workload(object: &Json) -> Vec<Diagnostic> {
    let mut remarks: Vec<_> = misnamed(object).into_iter().collect();
    if let Some(settings) = object.pointer("/spec/settings") {
        let parsed = read_settings(settings, Origin::ScaledWorkload);
        remarks.extend(parsed.settings.err());
        remarks.extend(parsed.remarks);
    }
    remarks
}

/// What is to be said of a ScaledWorkload whose name is not that of its workload's: the object of a
/// workload is found by its name, and under any other it would never be looked at.
fn misnamed(object: &Json) -> Option<Diagnostic> {
    let text = |path: &str| object.pointer(path).and_then(Json::as_str);
    let id = WorkloadId {
        // Where a manifest gives none, whoever applies it does.
        namespace: text("/metadata/namespace").unwrap_or("default").into(),
        kind: workload_kind(text("/spec/targetRef/apiVersion")?, text("/spec/targetRef/kind")?),
        name: text("/spec/targetRef/name")?.into(),
    };
    let expected = scaled_workload_name(&id);
    (text("/metadata/name")? != expected).then(|| Diagnostic {
        severity: Severity::Error,
        origin: Origin::ScaledWorkload,
        field: "metadata.name".to_owned(),
        line: None,
        column: None,
        message: format!("call it {expected}: the object of {id} is found by that name"),
    })
}
