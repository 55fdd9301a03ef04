//! What is to be said of an object that holds settings, by the resource it is one of.

use plimsoll_api::{judge as judge_object, judge_change};
use plimsoll_domain::Diagnostic;
use serde_json::Value;

use crate::review::GroupResource;

/// The resources that hold settings, and the kind of each one's objects.
const KINDS: [(&str, &str); 5] = [
    ("aiscaletargets", "AIScaleTarget"),
    ("clusteraiscaletemplates", "ClusterAIScaleTemplate"),
    ("daemonsetautoscalers", "DaemonSetAutoscaler"),
    ("scalingpolicies", "ScalingPolicy"),
    ("scaledworkloads", "ScaledWorkload"),
];

/// The remarks about an object; `old` is the one before it. None of kinds that are not judged.
pub(crate) fn judge(resource: &GroupResource, old: Option<&Value>, new: &Value) -> Vec<Diagnostic> {
    let GroupResource { group, resource } = resource;
    let Some((_, kind)) = KINDS.iter().find(|(plural, _)| plural == resource) else {
        return Vec::new();
    };
    let remarks = match old {
        None => judge_object(group, kind, new),
        Some(old) => judge_change(group, kind, (old, new)),
    };
    remarks.unwrap_or_default()
}
