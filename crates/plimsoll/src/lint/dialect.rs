//! What the readers of the two dialects say of what stands in an object.

use std::collections::BTreeMap;

use plimsoll_api::{judge_manifest, read_annotations};
use plimsoll_domain::{Diagnostic, Parsed};
use serde_json::Value;

/// What is said of annotations; absent where none of them configures anything.
pub(super) fn annotations(annotations: &BTreeMap<String, String>) -> Option<Vec<Diagnostic>> {
    read_annotations(annotations).map(remarks)
}

/// What is said of a custom resource that holds settings; absent for every other object.
pub(super) fn resource(group: &str, kind: &str, object: &Value) -> Option<Vec<Diagnostic>> {
    judge_manifest(group, kind, object)
}

/// Why a document cannot be read, before what is said of its parts.
fn remarks(parsed: Parsed) -> Vec<Diagnostic> {
    parsed.settings.err().into_iter().chain(parsed.remarks).collect()
}
