//! Other autoscalers as rows: whom they size, and by what.

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec};
use kube::core::DynamicObject;
use plimsoll_domain::PerResource;
use serde::Deserialize;

/// Another autoscaler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AutoscalerRow {
    /// The kind of its target.
    pub target_kind: Box<str>,
    /// The name of its target.
    pub target_name: Box<str>,
    /// The resources it stands in the way of: those whose utilization a HorizontalPodAutoscaler
    /// follows, or all that a VerticalPodAutoscaler sets.
    pub holds: PerResource<bool>,
}

/// What a HorizontalPodAutoscaler follows. None where it follows no utilization.
pub(crate) fn horizontal(object: &HorizontalPodAutoscaler) -> Option<AutoscalerRow> {
    let spec = object.spec.as_ref()?;
    let metrics = spec.metrics.as_deref().unwrap_or_default();
    let holds = PerResource::from_fn(|resource| {
        metrics.iter().any(|metric| utilization(metric) == Some(resource.name()))
    });
    (holds.cpu || holds.memory).then(|| AutoscalerRow {
        target_kind: spec.scale_target_ref.kind.as_str().into(),
        target_name: spec.scale_target_ref.name.as_str().into(),
        holds,
    })
}

/// The resource whose utilization (usage as a share of the request) a metric follows.
fn utilization(metric: &MetricSpec) -> Option<&str> {
    let of_pods = metric.resource.as_ref().map(|source| (&source.name, &source.target));
    let of_container = metric.container_resource.as_ref();
    let of_container = of_container.map(|source| (&source.name, &source.target));
    let (name, target) = of_pods.or(of_container)?;
    (target.type_ == "Utilization").then_some(name)
}

/// What a VerticalPodAutoscaler sets. None where its mode is `Off`: it only recommends.
pub(crate) fn vertical(object: &DynamicObject) -> Option<AutoscalerRow> {
    let Vertical { spec } = Vertical::deserialize(&object.data).ok()?;
    let target = spec.target_ref?;
    let mode = spec.update_policy.and_then(|policy| policy.update_mode);
    // A mode that is not given means `Auto`.
    (mode.as_deref() != Some("Off")).then(|| AutoscalerRow {
        target_kind: target.kind.into(),
        target_name: target.name.into(),
        holds: PerResource { cpu: true, memory: true },
    })
}

/// The parts of a VerticalPodAutoscaler that are read.
#[derive(Debug, Deserialize)]
struct Vertical {
    spec: VerticalSpec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerticalSpec {
    target_ref: Option<Target>,
    update_policy: Option<UpdatePolicy>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdatePolicy {
    update_mode: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(row: Option<&AutoscalerRow>, expect: Option<(bool, bool)>) {
        assert_eq!(row.map(|row| (row.holds.cpu, row.holds.memory)), expect, "{row:?}");
    }

    fn hpa(metrics: &Value) -> Option<AutoscalerRow> {
        let object = json!({"spec": {
            "maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "metrics": metrics,
        }});
        horizontal(&serde_json::from_value(object).unwrap())
    }

    fn vpa(policy: &Value) -> Option<AutoscalerRow> {
        let object = json!({"metadata": {}, "spec": {
            "targetRef": {"kind": "Deployment", "name": "web"}, "updatePolicy": policy,
        }});
        vertical(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_utilization_target_holds_its_resource() {
        let metric = |resource: &str, type_: &str| {
            json!([{"type": "Resource", "resource": {
                "name": resource, "target": {"type": type_},
            }}])
        };
        check(hpa(&metric("cpu", "Utilization")).as_ref(), Some((true, false)));
        check(hpa(&metric("memory", "Utilization")).as_ref(), Some((false, true)));
        check(hpa(&metric("cpu", "AverageValue")).as_ref(), None);
        check(hpa(&json!([])).as_ref(), None);
        let container = json!([{"type": "ContainerResource", "containerResource": {
            "name": "cpu", "container": "app", "target": {"type": "Utilization"},
        }}]);
        check(hpa(&container).as_ref(), Some((true, false)));
    }

    #[test]
    fn a_vertical_pod_autoscaler_holds_all_unless_it_is_off() {
        check(vpa(&Value::Null).as_ref(), Some((true, true)));
        check(vpa(&json!({"updateMode": "Initial"})).as_ref(), Some((true, true)));
        check(vpa(&json!({"updateMode": "Off"})).as_ref(), None);
    }
}
