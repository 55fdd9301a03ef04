//! The patch of a new pod: the resources of its containers, and an annotation that says who set
//! them. Built from pointers, so that nothing else in the pod can change.

use plimsoll_api::resources_to_k8s;
use plimsoll_domain::{ContainerPatch, Resource, Resources, WorkloadId};
use serde_json::{Map, Value, json};

use crate::pod::Pod;

/// Says on a changed pod whose published values it got, and which:
/// `deployment/web: app cpu 220m, memory 451Mi`.
pub const PUBLISHED_ANNOTATION: &str = "plimsoll.dev/published";

/// The operations of a JSON patch (RFC 6902); none when no container changes.
pub(crate) fn operations(pod: &Pod, id: &WorkloadId, patches: &[ContainerPatch]) -> Vec<Value> {
    let mut operations = Vec::new();
    let mut said = Vec::new();
    for (list, index, container) in pod.sized_containers() {
        let Some(patch) = patches.iter().find(|patch| patch.container == container.name) else {
            continue;
        };
        let values = quantities(&patch.resources);
        let before = container.resources.clone().unwrap_or_default();
        let asked = container.asked();
        let after = replaced(before, &asked, &patch.resources, &values);
        operations.push(add(&format!("/spec/{list}/{index}/resources"), &Value::Object(after)));
        said.push(format!("{} {}", container.name, changed(&asked, &patch.resources, &values)));
    }
    if !operations.is_empty() {
        let kind = id.kind.name().to_ascii_lowercase();
        let text = format!("{kind}/{}: {}", id.name, said.join("; "));
        operations.push(annotate(pod, &text));
    }
    operations
}

/// `resources` with CPU and memory as in `to`; other resources, claims, and values that stay the
/// same keep their exact text.
fn replaced(
    mut resources: Map<String, Value>,
    from: &Resources,
    to: &Resources,
    quantities: &Map<String, Value>,
) -> Map<String, Value> {
    for resource in Resource::ALL {
        let (from, to) = (from.get(resource), to.get(resource));
        for (list, changed) in
            [("requests", from.request != to.request), ("limits", from.limit != to.limit)]
        {
            if changed {
                let value = quantities.get(list).and_then(|values| values.get(resource.name()));
                set(&mut resources, list, resource, value.cloned());
            }
        }
    }
    resources
}

fn set(resources: &mut Map<String, Value>, list: &str, resource: Resource, value: Option<Value>) {
    let values = resources.entry(list).or_insert_with(|| json!({}));
    if !values.is_object() {
        *values = json!({});
    }
    let Some(values) = values.as_object_mut() else {
        return;
    };
    match value {
        Some(value) => values.insert(resource.name().to_owned(), value),
        None => values.remove(resource.name()),
    };
    if values.is_empty() {
        resources.remove(list);
    }
}

/// The values as Kubernetes writes them: `{"requests": {"cpu": "220m", ...}, "limits": {...}}`.
fn quantities(resources: &Resources) -> Map<String, Value> {
    match serde_json::to_value(resources_to_k8s(resources)) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// `cpu 220m, memory 451Mi`: the requests of the resources that change.
fn changed(from: &Resources, to: &Resources, quantities: &Map<String, Value>) -> String {
    let requests = quantities.get("requests");
    let changes = Resource::ALL.iter().filter(|r| from.get(**r) != to.get(**r));
    let parts = changes.filter_map(|resource| {
        let value = requests?.get(resource.name())?.as_str()?;
        Some(format!("{} {value}", resource.name()))
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn annotate(pod: &Pod, text: &str) -> Value {
    if pod.metadata.annotations.is_none() {
        return add("/metadata/annotations", &json!({ PUBLISHED_ANNOTATION: text }));
    }
    let key = PUBLISHED_ANNOTATION.replace('/', "~1");
    add(&format!("/metadata/annotations/{key}"), &json!(text))
}

fn add(path: &str, value: &Value) -> Value {
    json!({ "op": "add", "path": path, "value": value })
}
