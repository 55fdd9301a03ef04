//! What is to be said of an object before it is stored: what CEL cannot see, and warnings.

use plimsoll_domain::Diagnostic;
use serde_json::Value;

use super::read::{read_daemon_set_autoscaler, read_target, read_template};

/// What reading says of an object of the dialect. Objects of other kinds are not looked at.
pub fn validate(object: &Value) -> Vec<Diagnostic> {
    match object.get("kind").and_then(Value::as_str) {
        Some("AIScaleTarget") => read_target(object).document.remarks,
        Some("DaemonSetAutoscaler") => read_daemon_set_autoscaler(object).document.remarks,
        Some("ClusterAIScaleTemplate") => read_template(object).remarks,
        _ => Vec::new(),
    }
}
