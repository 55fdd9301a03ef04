//! A ScaledWorkload as a row: the decision state of its workload, and what was last written.

use std::sync::Arc;

use plimsoll_api::{
    ScaledWorkload, read_settings, scaled_workload_name, state_from_status, workload_kind,
};
use plimsoll_domain::{DecisionState, Origin, Parsed, WorkloadId};
use plimsoll_report::EvaluationView;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::written::Written;

/// What a ScaledWorkload holds.
#[derive(Clone, Debug)]
pub(crate) struct ScaledRow {
    /// The workload it speaks of.
    pub id: WorkloadId,
    /// Its own uid.
    pub uid: Box<str>,
    /// Whose object goes with it, by uid.
    pub owner_uid: Option<Box<str>>,
    /// The decision state.
    pub state: DecisionState,
    /// A person's settings; none where there are none.
    pub document: Option<Arc<Parsed>>,
    /// What its status says; none while it has none.
    pub written: Option<Written>,
}

impl ScaledRow {
    /// The row of an object. None where its name is not that of its target: a second object for
    /// the same workload must not become a second truth.
    pub(crate) fn of(object: &ScaledWorkload) -> Option<Self> {
        let (meta, target) = (&object.metadata, &object.spec.target_ref);
        let id = WorkloadId {
            namespace: meta.namespace.clone().unwrap_or_default().into(),
            kind: workload_kind(&target.api_version, &target.kind),
            name: target.name.as_str().into(),
        };
        if meta.name.as_deref() != Some(&scaled_workload_name(&id)) {
            return None;
        }
        let status = object.status.as_ref();
        let evaluation = status.and_then(|status| status.evaluation.as_ref());
        let view = evaluation.and_then(|value| EvaluationView::deserialize(value).ok());
        let owner = meta.owner_references.iter().flatten().next();
        Some(Self {
            id,
            uid: meta.uid.as_deref().unwrap_or_default().into(),
            owner_uid: owner.map(|owner| owner.uid.as_str().into()),
            document: object.spec.settings.as_ref().and_then(settings).map(Arc::new),
            state: status.map(state_from_status).unwrap_or_default(),
            written: status.zip(view).map(|(status, view)| Written::of(status, &view)),
        })
    }

    /// Keeps the document where it says what it said: what was made of it still holds.
    pub(crate) fn carry(&mut self, before: &Self) {
        if self.document == before.document {
            self.document.clone_from(&before.document);
        }
    }
}

/// What a person's settings say; none where they are empty.
fn settings(settings: &Value) -> Option<Parsed> {
    let is_empty = settings.is_null() || settings.as_object().is_some_and(Map::is_empty);
    (!is_empty).then(|| read_settings(settings, Origin::ScaledWorkload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, settings: &Value, expect: Option<bool>) {
        let object = json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "ScaledWorkload",
            "metadata": {"namespace": "shop", "name": name},
            "spec": {
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "settings": settings,
            },
        });
        let row = ScaledRow::of(&serde_json::from_value(object).unwrap());
        assert_eq!(row.map(|row| row.document.is_some()), expect, "{name} {settings}");
    }

    #[test]
    fn a_person_may_write_it_before_its_workload_exists() {
        check("web-deployment", &json!({"vertical": {"mode": "Apply"}}), Some(true));
    }

    #[test]
    fn empty_settings_are_none() {
        check("web-deployment", &json!({}), Some(false));
        check("web-deployment", &Value::Null, Some(false));
    }

    #[test]
    fn under_another_name_it_is_not_looked_at() {
        check("web", &json!({"vertical": {"mode": "Apply"}}), None);
    }
}
