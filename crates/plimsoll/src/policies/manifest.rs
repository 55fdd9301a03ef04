//! A policy as a manifest that can be edited and applied.

use serde_json::{Map, Value, json};

use plimsoll_policy::{CatalogPolicy, Layer};

/// The ScalingPolicy as YAML: what is built in under the name, and laid over it what the object
/// says, as it is written there.
pub(crate) fn manifest(policy: &CatalogPolicy, object: Option<&Value>) -> anyhow::Result<String> {
    let mut spec = json!({});
    if let Some(system) = policy.system() {
        let built_in = policy.layers().iter().find(|layer| matches!(layer, Layer::System(_)));
        let settings = built_in.and_then(|layer| layer.settings().ok()).unwrap_or_default();
        spec = json!({
            "order": system.order(),
            "settings": plimsoll_api::write_settings(&settings),
        });
        let rules = system.rules();
        if !rules.is_empty() {
            let rules: Vec<Value> = rules.iter().map(plimsoll_api::write_rule).collect();
            merge(&mut spec, &json!({"assignmentRules": rules}));
        }
    }
    if let Some(written) = object.and_then(|object| object.get("spec")) {
        merge(&mut spec, written);
    }
    let about = policy.system().map(|system| format!("# {}\n", system.doc())).unwrap_or_default();
    let manifest = serde_saphyr::to_string(&json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "ScalingPolicy",
        "metadata": {"name": policy.name().as_ref()},
        "spec": spec,
    }))?;
    Ok(about + &manifest)
}

/// Lays one over the other, mapping by mapping; lists are replaced.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => merge_maps(under, over),
        (under, over) => *under = over.clone(),
    }
}

fn merge_maps(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        merge(under.entry(key.clone()).or_insert(Value::Null), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_laid_over_what_is_built_in() {
        let mut under = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        merge(&mut under, &json!({"a": {"c": [3]}, "d": {"e": 1}}));
        assert_eq!(under, json!({"a": {"b": 1, "c": [3]}, "d": {"e": 1}}));
    }
}
