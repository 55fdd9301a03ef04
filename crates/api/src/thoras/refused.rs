//! What the API server itself refuses and a reader does not: an object that is in a cluster has passed
//! it, and one of another owner's definitions is read as far as it goes. A manifest has yet to pass.

use std::sync::Arc;

use plimsoll_domain::{Diagnostic, Origin, Severity};
use serde_json::Value as Json;

use super::table::{self, Row};

/// Errors on a manifest of the dialect that its definition would refuse, beside those that reading
/// finds. Objects of other kinds are not looked at.
pub(crate) fn refused(object: &Json) -> Vec<Diagnostic> {
    let name = object.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
    let (rows, origin, containers) = match object.get("kind").and_then(Json::as_str) {
        Some("AIScaleTarget") => {
            (&table::TARGET.spec, Origin::AiScaleTarget(Arc::from(name)), "spec.vertical")
        }
        Some("ClusterAIScaleTemplate") => {
            (&table::TEMPLATE.spec, Origin::Default, "spec.template.vertical")
        }
        Some("DaemonSetAutoscaler") => {
            (&table::DAEMON_SET.spec, Origin::DaemonSetAutoscaler(Arc::from(name)), "spec")
        }
        _ => return Vec::new(),
    };
    let mut found = Found { origin, remarks: Vec::new() };
    if !given(object, "spec") {
        found.lacks(String::new(), "spec");
    }
    required(object, rows, &mut found);
    speaks_of_containers(object, containers, &mut found);
    found.remarks
}

/// Every group has the fields that it must have.
fn required(object: &Json, rows: &[Row], found: &mut Found) {
    for row in rows.iter().filter(|row| row.is_required) {
        let Some((group, name)) = row.path.rsplit_once('.') else { continue };
        let name = name.trim_end_matches("[]");
        for (at, group) in places(object, group) {
            if group.is_object() && !given(group, name) {
                found.lacks(at, name);
            }
        }
    }
}

/// A list of containers has one, and each says something of a resource.
fn speaks_of_containers(object: &Json, above: &str, found: &mut Found) {
    for (at, list) in places(object, &format!("{above}.containers")) {
        if above != "spec" && list.as_array().is_some_and(Vec::is_empty) {
            found.add(at, "is empty: list at least one container; \"*\" stands for all of them");
        }
    }
    // A heap alone is nothing to scale by; a key of another name may be of a later version.
    let says_nothing = |key: &str| key == "name" || above != "spec" && key == "jvm_options";
    for (at, container) in places(object, &format!("{above}.containers[]")) {
        let keys = container.as_object().into_iter().flatten();
        if container.is_object() && keys.map(|(key, _)| &**key).all(says_nothing) {
            let message = "has neither cpu nor memory: give it one or both, each with a lowerbound";
            found.add(at, message);
        }
    }
}

struct Found {
    origin: Origin,
    remarks: Vec<Diagnostic>,
}

impl Found {
    fn lacks(&mut self, at: String, name: &str) {
        self.add(at, &format!("lacks {name}, expected a mapping with {name}"));
    }

    fn add(&mut self, field: String, message: &str) {
        self.remarks.push(Diagnostic {
            severity: Severity::Error,
            origin: self.origin.clone(),
            field,
            line: None,
            column: None,
            message: message.to_owned(),
        });
    }
}

/// Null is as if left out.
fn given(group: &Json, name: &str) -> bool {
    group.get(name).is_some_and(|value| !value.is_null())
}

/// Everything that stands under a path of the table, with the path it has in the object.
fn places<'a>(object: &'a Json, path: &str) -> Vec<(String, &'a Json)> {
    path.split('.').fold(vec![(String::new(), object)], |places, step| {
        places.into_iter().flat_map(|(at, value)| below(&at, value, step)).collect()
    })
}

/// What stands under one step of a path: `containers`, `containers[]`, or `*` for any name.
fn below<'a>(at: &str, value: &'a Json, step: &str) -> Vec<(String, &'a Json)> {
    let join = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let name = step.trim_end_matches("[]");
    if name == "*" {
        let entries = value.as_object().into_iter().flatten();
        return entries.map(|(name, value)| (join(name), value)).collect();
    }
    let Some(value) = value.get(name).filter(|value| !value.is_null()) else { return Vec::new() };
    if !step.ends_with("[]") {
        return vec![(join(name), value)];
    }
    let elements = value.as_array().into_iter().flatten().enumerate();
    elements.map(|(i, element)| (format!("{}[{i}]", join(name)), element)).collect()
}
