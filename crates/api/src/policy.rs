//! ScalingPolicies as what a catalog is made of, and assignment rules as they are written.

mod rule;
mod table;

use std::sync::Arc;

use plimsoll_domain::{Diagnostic, Origin, Parsed, Settings, Severity};
use plimsoll_policy::ScalingPolicy;
use serde_json::{Value as Json, json};

use crate::document::Node;
use crate::fields::Kind;
use crate::read::{Place, Reader};
use crate::settings::read_settings;

pub use rule::write_rule;
pub(crate) use table::RULES;

/// Reads a ScalingPolicy object, and what its author should know about it; the same remarks are in
/// the policy's document. It cannot fail as a whole: what is odd is refused or ignored with a remark.
pub fn scaling_policy(object: &Json) -> (ScalingPolicy, Vec<Diagnostic>) {
    let name: Arc<str> =
        object.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default().into();
    let origin = Origin::ScalingPolicy(Arc::clone(&name));
    let spec = object.get("spec").cloned().unwrap_or_else(|| json!({}));
    let mut reader = Reader::new(origin.clone());
    let mut root = Node::from(&spec);
    reader.check(&mut root, &RULES);
    let top = Place::top(&root, &RULES);
    let order = reader.value(&top.get("order"), Kind::integer);
    let is_default = reader.boolean(&top.get("default"));
    let rules = rule::read(&mut reader, &top.get("assignmentRules"));
    let (mut remarks, _) = reader.finish();
    let mut document =
        spec.get("settings").map_or_else(nothing, |said| read_settings(said, origin));
    remarks.append(&mut document.remarks);
    if document.scaling_policy.take().is_some() {
        remarks.push(names_another(Origin::ScalingPolicy(Arc::clone(&name))));
    }
    document.remarks.clone_from(&remarks);
    let policy = ScalingPolicy {
        name,
        order: order.and_then(|order| i32::try_from(order).ok()),
        is_default,
        rules,
        document: Arc::new(document),
    };
    (policy, remarks)
}

fn names_another(origin: Origin) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        origin,
        field: "scalingPolicyName".to_owned(),
        line: None,
        column: None,
        message: "has no meaning in a policy, and is ignored".to_owned(),
    }
}

/// A policy without settings.
fn nothing() -> Parsed {
    Parsed { settings: Ok(Settings::default()), scaling_policy: None, remarks: Vec::new() }
}
