//! Settings without effect yet under the names that our own objects have for them, so that one
//! vocabulary holds for both dialects, and what takes effect one day does so for both.

use std::collections::BTreeMap;

use crate::document::{Node, Value};

/// What stands below `spec`, and its name in the settings of our own objects.
const NAMES: [(&str, &str); 4] = [
    ("vertical.update_policy.recreate_resources", "rolloutBehavior.recreateResources"),
    (
        "vertical.in_place_resizing.allow_restart_on_memory_limit_decrease",
        "rolloutBehavior.allowRestartOnMemoryLimitDecrease",
    ),
    ("vertical.disruption.max_disrupted", "rolloutBehavior.maxDisrupted"),
    ("vertical.disruption.interval", "rolloutBehavior.interval"),
];

/// The same for what stands below `jvm_options`, and below `jvm` of a container.
const HEAP: [(&str, &str); 6] = [
    ("enable_auto_heap_size", "memory.optimization"),
    ("xmx_buffer", "memory.maxHeapBuffer"),
    ("xms_ratio", "memory.initialHeapRatio"),
    ("memory_buffer", "memory.buffer"),
    ("xmx_bounds.lowerbound", "memory.maxHeap.min"),
    ("xmx_bounds.upperbound", "memory.maxHeap.max"),
];

/// Values of fields without effect, by their shared names. What there is no such name for, numbers of
/// replicas above all, keeps the path it has in the object.
pub(super) fn named(later: BTreeMap<String, String>, root: &Node) -> BTreeMap<String, String> {
    let has_own_model = at(root, &["spec", "vertical", "model"]).is_some();
    let named = later.into_iter().filter_map(|(path, text)| {
        let Some(below) = path.strip_prefix("spec.") else { return Some((path, text)) };
        let own = below.strip_prefix("vertical.model.");
        if own.is_none() && has_own_model && below.starts_with("model.") {
            return None;
        }
        let general = own.map(|rest| format!("model.{rest}"));
        let name = name(general.as_deref().unwrap_or(below), root);
        Some((name.unwrap_or(path), text))
    });
    named.collect()
}

fn name(below: &str, root: &Node) -> Option<String> {
    if let Some((_, name)) = NAMES.iter().find(|(path, _)| *path == below) {
        return Some((*name).to_owned());
    }
    let (number, rest) = below.strip_prefix("vertical.containers[")?.split_once("].")?;
    let option = rest.strip_prefix("jvm_options.")?;
    let (_, name) = HEAP.iter().find(|(path, _)| *path == option)?;
    let containers = at(root, &["spec", "vertical", "containers"])?;
    let Value::Seq(containers) = &containers.value else { return None };
    let container = containers.get(number.parse::<usize>().ok()?)?;
    let Value::Scalar(container) = &container.get("name")?.node.value else { return None };
    Some(format!("vertical.containers.{container}.jvm.{name}"))
}

fn at<'a>(root: &'a Node, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().try_fold(root, |node, key| node.get(key).map(|entry| &entry.node))
}
