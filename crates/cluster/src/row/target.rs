//! The objects of the `thoras.ai` group as rows: what they want, and what they say.

use std::sync::Arc;

use kube::core::{DynamicObject, Selector};
use plimsoll_api::thoras::{self, Selects};
use plimsoll_api::workload_kind;
use plimsoll_domain::{Parsed, WorkloadKind};
use serde_json::Value;

/// An AIScaleTarget or a DaemonSetAutoscaler.
#[derive(Clone, Debug)]
pub(crate) struct TargetRow {
    /// Its name.
    pub name: Arc<str>,
    /// What it wants.
    pub wants: Wants,
    /// The ClusterAIScaleTemplate that made it, if one did.
    pub made_by: Option<Box<str>>,
    /// What it says.
    pub document: Arc<Parsed>,
}

/// What an object wants to size, in its own namespace.
#[derive(Clone, Debug)]
pub(crate) enum Wants {
    /// A workload by name.
    Workload {
        /// Its kind.
        kind: WorkloadKind,
        /// Its name.
        name: Box<str>,
    },
    /// Every workload whose pods this matches.
    Pods(Selector),
    /// Nothing that can be told.
    Nothing,
}

impl TargetRow {
    /// The row of an AIScaleTarget.
    pub(crate) fn scale_target(object: &DynamicObject) -> Self {
        let target = thoras::read_target(&value(object));
        Self {
            name: name(object),
            wants: Wants::of(target.selects),
            made_by: target.made_by_template.map(Into::into),
            document: Arc::new(target.document),
        }
    }

    /// The row of a DaemonSetAutoscaler.
    pub(crate) fn daemon_set_autoscaler(object: &DynamicObject) -> Self {
        let target = thoras::read_daemon_set_autoscaler(&value(object));
        Self {
            name: name(object),
            wants: Wants::of(target.selects),
            made_by: None,
            document: Arc::new(target.document),
        }
    }

    /// Keeps the document where it says what it said: what was made of it still holds. Statuses change
    /// much more often than what people write.
    pub(crate) fn carry(&mut self, before: &Self) {
        if self.document == before.document {
            self.document = Arc::clone(&before.document);
        }
    }
}

impl Wants {
    fn of(selects: Selects) -> Self {
        match selects {
            Selects::ByName { api_version, kind, name } => Self::Workload {
                kind: target_kind(api_version.as_deref(), &kind),
                name: name.into(),
            },
            Selects::BySelector(selector) => Self::Pods(selector),
            Selects::Nothing => Self::Nothing,
        }
    }
}

/// The kind that a reference means: without an API version, the kind that everyone knows by the name.
/// Nothing but the group counts, so that a reference survives a new version.
fn target_kind(api_version: Option<&str>, kind: &str) -> WorkloadKind {
    match api_version.filter(|version| !version.is_empty()) {
        Some(version) => workload_kind(version, kind),
        None => WorkloadKind::from_name(kind),
    }
}

fn name(object: &DynamicObject) -> Arc<str> {
    object.metadata.name.as_deref().unwrap_or_default().into()
}

/// The whole object, as readers take it.
pub(crate) fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(spec: &Value, status: &Value) -> TargetRow {
        let object = json!({
            "apiVersion": "thoras.ai/v1", "kind": "AIScaleTarget",
            "metadata": {"namespace": "shop", "name": "web"}, "spec": spec, "status": status,
        });
        TargetRow::scale_target(&serde_json::from_value(object).unwrap())
    }

    /// Whether the document stays the same one when an object changes from the first to the second.
    fn check(before: &TargetRow, mut after: TargetRow, expect: bool) {
        after.carry(before);
        assert_eq!(Arc::ptr_eq(&before.document, &after.document), expect);
    }

    #[test]
    fn a_document_stays_the_same_until_it_says_something_else() {
        let spec = |buffer: &str| {
            let reference = json!({"kind": "Deployment", "name": "web"});
            let model = json!({"forecast_buffer_percentage": buffer});
            json!({"scaleTargetRef": reference, "model": model})
        };
        let before = row(&spec("10%"), &json!({}));
        check(&before, row(&spec("10%"), &json!({"replicas": 3})), true);
        check(&before, row(&spec("20%"), &json!({})), false);
    }

    #[test]
    fn an_odd_object_is_a_row_that_wants_nothing() {
        for spec in [json!(null), json!("odd"), json!({"scaleTargetRef": []}), json!({})] {
            assert!(matches!(row(&spec, &json!([])).wants, Wants::Nothing), "{spec}");
        }
    }
}
