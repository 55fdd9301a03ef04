//! How a pod's in-place resize is going, from its conditions and from what its containers have.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use plimsoll_api::{FIELD_MANAGER, resources_from_k8s, timestamp};
use plimsoll_domain::{PerResource, ResizeStatus, Resource, Resources, Timestamp};

use super::template::sized;

/// The state of the last resize asked for.
///
/// Conditions speak first; without one, spec and status may still differ for the moment until the
/// kubelet has seen the new spec, and that counts as in progress.
pub(crate) fn status(pod: &Pod) -> ResizeStatus {
    let status = pod.status.as_ref();
    let condition = |type_: &str| {
        let conditions = status.and_then(|status| status.conditions.as_ref());
        conditions.into_iter().flatten().find(|condition| is_true(condition, type_))
    };
    if let Some(pending) = condition("PodResizePending") {
        let message = message(pending);
        return match pending.reason.as_deref() {
            Some("Infeasible") => ResizeStatus::Infeasible { message },
            _ => ResizeStatus::Deferred { message },
        };
    }
    if let Some(progress) = condition("PodResizeInProgress") {
        let message = message(progress);
        return match progress.reason.as_deref() {
            Some("Error") => ResizeStatus::Failed { message },
            _ => ResizeStatus::InProgress,
        };
    }
    match (pod.spec.as_ref(), status) {
        (Some(spec), Some(status)) if differs(spec, status) => ResizeStatus::InProgress,
        _ => ResizeStatus::Settled,
    }
}

/// When this program last resized the pod. The API server notes the time beside the fields that
/// each writer of the `resize` subresource set last, so that a new leader knows what the one before
/// it did, also where that one died before it wrote any status.
pub(crate) fn asked_at(meta: &ObjectMeta) -> Option<Timestamp> {
    let entries = meta.managed_fields.iter().flatten();
    let ours = entries.filter(|entry| {
        entry.manager.as_deref() == Some(FIELD_MANAGER)
            && entry.subresource.as_deref() == Some("resize")
    });
    ours.filter_map(|entry| entry.time.as_ref()).map(timestamp).max()
}

fn is_true(condition: &PodCondition, type_: &str) -> bool {
    condition.type_ == type_ && condition.status == "True"
}

fn message(condition: &PodCondition) -> String {
    condition.message.clone().unwrap_or_default()
}

fn differs(spec: &PodSpec, status: &PodStatus) -> bool {
    sized(spec).any(|(container, _)| {
        let has = running(status, &container.name).and_then(|status| status.resources.as_ref());
        // Kubelets that do not resize in place report no resources.
        has.is_some_and(|has| {
            is_other(
                &resources_from_k8s(container.resources.as_ref()),
                &resources_from_k8s(Some(has)),
            )
        })
    })
}

/// Whether a kubelet still has work to do. Below the least that a cgroup can express the kubelet
/// reports that least instead of what was asked for: 2m of CPU requested, 10m of CPU as a limit.
fn is_other(wanted: &Resources, has: &Resources) -> bool {
    const LEAST: PerResource<(f64, f64)> = PerResource { cpu: (0.002, 0.010), memory: (0.0, 0.0) };
    Resource::ALL.into_iter().any(|resource| {
        let (request, limit) = *LEAST.get(resource);
        let (wanted, has) = (wanted.get(resource), has.get(resource));
        let at_least = |amount: Option<plimsoll_domain::Amount>, least: f64| {
            amount.map(|amount| amount.value().max(least).to_bits())
        };
        at_least(wanted.request, request) != at_least(has.request, request)
            || at_least(wanted.limit, limit) != at_least(has.limit, limit)
    })
}

/// The status of a container that is sized.
pub(crate) fn running<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    let regular = status.container_statuses.iter().flatten();
    let sidecars = status.init_container_statuses.iter().flatten();
    regular.chain(sidecars).find(|status| status.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(
        conditions: &serde_json::Value,
        wanted: &str,
        has: Option<&str>,
        expect: &ResizeStatus,
    ) {
        let has = has.map(|cpu| json!({"requests": {"cpu": cpu}}));
        let pod = json!({
            "spec": {"containers": [
                {"name": "app", "resources": {"requests": {"cpu": wanted}}},
            ]},
            "status": {
                "conditions": conditions,
                "containerStatuses": [{
                    "name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                    "resources": has,
                }],
            },
        });
        let pod = serde_json::from_value(pod).unwrap();
        assert_eq!(&status(&pod), expect, "{conditions} {wanted} {has:?}");
    }

    fn condition(type_: &str, status: &str, reason: &str) -> serde_json::Value {
        json!([{"type": type_, "status": status, "reason": reason, "message": "words"}])
    }

    #[test]
    fn conditions_say_what_the_kubelet_says() {
        let message = || "words".to_owned();
        let deferred = ResizeStatus::Deferred { message: message() };
        let pending = |reason| condition("PodResizePending", "True", reason);
        check(&pending("Deferred"), "2", Some("1"), &deferred);
        let infeasible = ResizeStatus::Infeasible { message: message() };
        check(&pending("Infeasible"), "2", Some("1"), &infeasible);
        let progress = |reason| condition("PodResizeInProgress", "True", reason);
        check(&progress(""), "1", Some("1"), &ResizeStatus::InProgress);
        let failed = ResizeStatus::Failed { message: message() };
        check(&progress("Error"), "2", Some("1"), &failed);
    }

    #[test]
    fn a_condition_that_is_false_says_nothing() {
        let past = condition("PodResizePending", "False", "Deferred");
        check(&past, "1", Some("1"), &ResizeStatus::Settled);
    }

    #[test]
    fn without_conditions_spec_and_status_are_compared() {
        check(&json!([]), "1000m", Some("1"), &ResizeStatus::Settled);
        check(&json!([]), "900m", Some("1"), &ResizeStatus::InProgress);
    }

    fn check_asked(entries: &serde_json::Value, expect: Option<i64>) {
        let meta = serde_json::from_value(json!({"managedFields": entries})).unwrap();
        assert_eq!(asked_at(&meta), expect.map(Timestamp::from_seconds), "{entries}");
    }

    #[test]
    fn what_this_program_resized_is_told_by_the_fields_it_owns() {
        let entry = |manager, subresource, time| {
            json!({
                "manager": manager, "operation": "Update", "apiVersion": "v1",
                "subresource": subresource, "time": time,
            })
        };
        let ours = entry("plimsoll", "resize", "2026-01-05T00:00:30Z");
        let other = entry("kubectl", "resize", "2026-01-05T00:00:40Z");
        let created = entry("plimsoll", "", "2026-01-05T00:00:50Z");
        check_asked(&json!([other, created, ours]), Some(1_767_571_230));
        check_asked(&json!([other, created]), None);
        check_asked(&json!(null), None);
    }

    #[test]
    fn a_kubelet_that_reports_no_resources_has_nothing_under_way() {
        check(&json!([]), "1", None, &ResizeStatus::Settled);
    }

    #[test]
    fn the_least_a_cgroup_can_express_is_no_difference() {
        check(&json!([]), "1m", Some("2m"), &ResizeStatus::Settled);
        check(&json!([]), "3m", Some("2m"), &ResizeStatus::InProgress);
    }
}
