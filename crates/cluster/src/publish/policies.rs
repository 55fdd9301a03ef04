//! The status of ScalingPolicies: how many workloads each was given, and whether all of it can be
//! read.

use std::collections::BTreeMap;

use plimsoll_api::time;
use plimsoll_domain::{Diagnostic, Evaluation, Severity, Timestamp};
use plimsoll_policy::{CatalogPolicy, Layer};
use serde_json::{Value, json};

use super::objects::ObjectStatus;
use crate::index::Tables;
use crate::told::Told;

/// The statuses that are to change of all policies that are objects; one that only ships with the
/// program has none.
pub(super) fn statuses(
    tables: &Tables,
    evaluations: &[Evaluation],
    at: Timestamp,
) -> Vec<ObjectStatus> {
    let catalog = tables.catalog();
    let mut given: BTreeMap<&str, u32> = BTreeMap::new();
    for assigned in evaluations.iter().filter_map(|one| one.configuration.assigned.as_ref()) {
        *given.entry(&assigned.name).or_default() += 1;
    }
    let kind = Told::Policy;
    let news = tables.told(kind).filter_map(|(key, object)| {
        let policy = catalog.get(&key.name)?;
        let workloads = given.get(&*key.name).copied().unwrap_or(0);
        ObjectStatus::of(kind, key, object, |before| {
            status(policy, workloads, object.generation, at, before)
        })
    });
    news.collect()
}

fn status(
    policy: &CatalogPolicy,
    workloads: u32,
    generation: Option<i64>,
    at: Timestamp,
    before: Option<&Value>,
) -> Value {
    let unreadable = policy.layers().iter().filter_map(|layer| layer.settings().err().cloned());
    let remarks = policy.layers().iter().flat_map(Layer::remarks).cloned();
    let remarks = unreadable.chain(remarks).chain(policy.rule_remarks().iter().cloned());
    let (valid, reason, message) = valid(&remarks.collect::<Vec<_>>());
    let known = before.and_then(|before| before.pointer("/conditions/0"));
    let known = known.filter(|known| known["type"] == "Valid" && known["status"] == valid);
    let since = known.map_or_else(|| json!(time(at)), |known| known["lastTransitionTime"].clone());
    let mut condition = json!({
        "type": "Valid", "status": valid, "reason": reason, "message": message,
        "lastTransitionTime": since,
    });
    if let Some(generation) = generation {
        condition["observedGeneration"] = json!(generation);
    }
    json!({"workloads": workloads, "conditions": [condition]})
}

/// Status, reason and message of the condition `Valid`: the first error, else all warnings.
fn valid(remarks: &[Diagnostic]) -> (&'static str, &'static str, String) {
    if let Some(error) = remarks.iter().find(|remark| remark.severity == Severity::Error) {
        return ("False", "Refused", error.to_string());
    }
    if remarks.is_empty() {
        return ("True", "Readable", "The policy is read.".to_owned());
    }
    let warnings: Vec<_> = remarks.iter().take(WARNINGS_MAX).map(ToString::to_string).collect();
    ("True", "ReadableWithWarnings", warnings.join("; "))
}

/// Warnings in one message, which may have 32,768 characters; each has a few hundred.
const WARNINGS_MAX: usize = 20;
