//! What is recommended, by container.

use std::collections::BTreeMap;

use plimsoll_domain::{
    Allocation, Amount, Estimate, Evaluation, Resource, Resources, Rounding, Running, Timestamp,
};
use serde_json::{Map, Value, json};

use crate::{format_quantity, parse_quantity, time};

/// Recommendations hold until another takes their place. The field must be there; this is the last
/// time it can hold.
const END: &str = "9999-12-31T23:59:59Z";
/// What moves by this share or less stays as it was written.
const STEADY: f64 = 0.01;

/// Puts `verticalSuggestion` and `latestSuggestion` where anything is recommended.
pub(super) fn put(
    status: &mut Map<String, Value>,
    evaluations: &[&Evaluation],
    replicas: Option<u32>,
    now: Timestamp,
    previous: Option<&Value>,
) {
    let containers = recommended(evaluations);
    if containers.is_empty() {
        return;
    }
    let stored = previous.and_then(|status| status.get("verticalSuggestion"));
    let enough = !evaluations.iter().any(|evaluation| waits_for_usage(evaluation));
    let steady = stored.filter(|stored| is_steady(stored, &containers));
    let list = steady.and_then(|stored| stored.get("containers")).cloned();
    let list = list.unwrap_or_else(|| {
        containers.iter().map(|(name, resources)| container(name, resources)).collect()
    });
    let start = steady.and_then(|stored| stored.get("start")).cloned();
    let start = start.unwrap_or_else(|| json!(time(now)));
    let uid = uid(&list);
    let replicas = replicas.unwrap_or_default();
    let latest = json!({
        "start": start, "end": END, "hasEnoughDataToScale": enough, "suggestionUID": uid,
        "currentReplicas": replicas, "suggestedReplicas": replicas,
        "resourceRecommendations": requests(&list)
    });
    let vertical = json!({
        "start": start, "end": END, "hasEnoughDataToScale": enough, "suggestionUID": uid,
        "containers": list
    });
    status.insert("verticalSuggestion".to_owned(), vertical);
    status.insert("latestSuggestion".to_owned(), latest);
}

/// By container the greatest that is recommended for it in any of the workloads.
fn recommended(evaluations: &[&Evaluation]) -> BTreeMap<String, Resources> {
    let mut all: BTreeMap<String, Resources> = BTreeMap::new();
    for container in evaluations.iter().flat_map(|evaluation| &evaluation.containers) {
        for (resource, estimate) in container.estimates.iter() {
            let Estimate::Known(trail) = estimate else { continue };
            let known = all.entry(container.name.clone()).or_default().get_mut(resource);
            let Allocation { request, limit } = trail.result;
            let round = |amount: Amount| Rounding::Kubernetes.apply(amount, resource);
            known.request = known.request.max(request.map(round));
            known.limit = known.limit.max(limit.map(round));
        }
    }
    all
}

fn waits_for_usage(evaluation: &Evaluation) -> bool {
    match &evaluation.decision.running {
        Running::Apply(_) => false,
        Running::Hold(reason) => matches!(
            reason.code(),
            "InsufficientHistory" | "ShortHistory" | "LowConfidence" | "MetricsUnavailable"
        ),
    }
}

fn container(name: &str, resources: &Resources) -> Value {
    let map = |of: fn(&Allocation) -> Option<Amount>| -> Map<String, Value> {
        let set = resources.iter().filter_map(|(resource, allocation)| {
            Some((resource.name().to_owned(), json!(format_quantity(resource, of(allocation)?))))
        });
        set.collect()
    };
    let mut parts = Map::new();
    for (name, map) in [("requests", map(|one| one.request)), ("limits", map(|one| one.limit))] {
        if !map.is_empty() {
            parts.insert(name.to_owned(), Value::Object(map));
        }
    }
    json!({"name": name, "resources": parts})
}

/// Whether what is stored names the same containers, and every amount nearly as it is now.
fn is_steady(stored: &Value, now: &BTreeMap<String, Resources>) -> bool {
    let Some(list) = stored.get("containers").and_then(Value::as_array) else { return false };
    list.len() == now.len()
        && list.iter().all(|stored| {
            let name = stored.get("name").and_then(Value::as_str).unwrap_or_default();
            now.get(name).is_some_and(|resources| {
                Resource::ALL.into_iter().all(|resource| {
                    let Allocation { request, limit } = *resources.get(resource);
                    is_near(amount(stored, "requests", resource), request)
                        && is_near(amount(stored, "limits", resource), limit)
                })
            })
        })
}

fn amount(stored: &Value, of: &str, resource: Resource) -> Option<Amount> {
    let text = stored.get("resources")?.get(of)?.get(resource.name())?.as_str()?;
    parse_quantity(text).ok()
}

fn is_near(stored: Option<Amount>, now: Option<Amount>) -> bool {
    match (stored, now) {
        (Some(stored), Some(now)) => {
            (stored.value() - now.value()).abs() <= stored.value() * STEADY
        }
        (None, None) => true,
        _ => false,
    }
}

/// The requests once more, in the form of the older chart.
fn requests(list: &Value) -> Vec<Value> {
    let containers = list.as_array().map(Vec::as_slice).unwrap_or_default();
    containers
        .iter()
        .map(|container| {
            let requests =
                container.get("resources").and_then(|of| of.get("requests")?.as_object());
            let requests: Vec<Value> = requests
                .into_iter()
                .flatten()
                .map(|(resource, value)| json!({"resource": resource, "value": value}))
                .collect();
            json!({"container": container.get("name"), "recommendations": requests})
        })
        .collect()
}

/// The same for the same recommendation, and another for another: FNV-1a over its text.
fn uid(list: &Value) -> String {
    let text = list.to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
