//! A pod as a row.

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod, PodStatus};
use plimsoll_api::{custom_workload_name, resources_from_k8s, timestamp};
use plimsoll_domain::{
    Amount, ContainerSpec, OomKill, PerResource, PodPhase, QosClass, ResizeRestart, Resource,
    RunningContainer, Timestamp,
};

use super::resize;
use super::template::{asks_to_be_left_alone, sized};
use crate::intern::{Document, Intern, Labels};
use crate::owner::{self, Owner};

/// A pod, about 0.7 KB for one container: of the object itself nothing is kept.
#[derive(Clone, Debug)]
pub(crate) struct PodRow {
    /// What is known of it.
    pub pod: plimsoll_domain::Pod,
    /// What controls it.
    pub owner: Option<Owner>,
    /// Those of its containers that are native sidecars: a resize names them in another list.
    pub sidecars: Box<[Box<str>]>,
    /// The memory limits its containers run under, in their order, as the kubelet reports them.
    limits: Box<[Option<Amount>]>,
    /// What its own annotations say; of use where its controller cannot be read.
    pub document: Option<Document>,
    /// The custom workload its own labels name; of use where nothing at the top of its owners has a
    /// template that is read.
    pub custom: Option<Box<str>>,
    /// Its labels, kept of such pods alone.
    pub labels: Option<Labels>,
}

impl PodRow {
    /// The row of a pod.
    pub(crate) fn of(pod: &Pod, intern: &Intern) -> Self {
        let (meta, spec) = (&pod.metadata, pod.spec.as_ref());
        let status = pod.status.as_ref();
        let containers = spec.into_iter().flat_map(sized);
        let custom = meta.labels.as_ref().and_then(custom_workload_name);
        let pod_level = spec.and_then(|spec| spec.resources.as_ref());
        Self {
            owner: owner::controller(meta.owner_references.as_deref().unwrap_or_default()),
            sidecars: spec
                .into_iter()
                .flat_map(sized)
                .filter(|(_, is_sidecar)| *is_sidecar)
                .map(|(container, _)| container.name.as_str().into())
                .collect(),
            limits: spec
                .into_iter()
                .flat_map(sized)
                .map(|(container, _)| memory_limit(container, status))
                .collect(),
            document: intern.document(meta.annotations.as_ref()),
            custom: custom.map(Into::into),
            labels: custom.map(|_| intern.labels(meta.labels.as_ref())),
            pod: plimsoll_domain::Pod {
                name: meta.name.clone().unwrap_or_default(),
                uid: meta.uid.clone().unwrap_or_default().into(),
                created_at: meta.creation_timestamp.as_ref().map(timestamp).unwrap_or_default(),
                node: spec.and_then(|spec| spec.node_name.clone()),
                phase: phase(pod),
                ready: status.is_some_and(is_ready),
                qos: qos(status),
                opted_out: asks_to_be_left_alone(meta.labels.as_ref()),
                has_pod_level_resources: pod_level.is_some_and(|resources| {
                    resources.requests.is_some() || resources.limits.is_some()
                }),
                resize: resize::status(pod),
                resized_at: resize::asked_at(meta),
                containers: containers
                    .map(|(container, _)| running_container(container, status))
                    .collect(),
            },
        }
    }

    /// What its containers declare, for want of a template.
    pub(crate) fn declared(&self) -> Vec<ContainerSpec> {
        let containers = self.pod.containers.iter();
        let spec = containers.map(|container| ContainerSpec {
            name: container.name.as_str().into(),
            original: container.resources,
        });
        spec.collect()
    }

    /// Keeps what was known at the time of a kill: the limit it happened under, which a later
    /// resize would otherwise overwrite.
    ///
    /// A status that tells of a new kill and of a new limit at once does not say which came first.
    /// The lower limit is believed: the higher would let a raise feed the next one, and a kill
    /// under it is soon followed by another, which then tells.
    pub(crate) fn carry(&mut self, before: &Self) {
        if self.pod.uid != before.pod.uid {
            return;
        }
        for container in &mut self.pod.containers {
            let mut all = before.pod.containers.iter().zip(&before.limits);
            let (Some(now), Some((then, limit))) =
                (&mut container.last_oom, all.find(|(then, _)| then.name == container.name))
            else {
                continue;
            };
            now.limit = match then.last_oom {
                Some(then) if then.at == now.at => then.limit,
                _ => [now.limit, *limit].into_iter().flatten().reduce(Amount::min),
            };
        }
    }
}

fn phase(pod: &Pod) -> PodPhase {
    if pod.metadata.deletion_timestamp.is_some() {
        return PodPhase::Terminating;
    }
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    match phase {
        Some("Running") => PodPhase::Running,
        Some("Succeeded" | "Failed") => PodPhase::Finished,
        // `Unknown` is a node that is not heard of: nothing can be changed there.
        _ => PodPhase::Pending,
    }
}

fn is_ready(status: &PodStatus) -> bool {
    let mut conditions = status.conditions.iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// The class the API server computed at creation.
fn qos(status: Option<&PodStatus>) -> QosClass {
    match status.and_then(|status| status.qos_class.as_deref()) {
        Some("Guaranteed") => QosClass::Guaranteed,
        Some("BestEffort") => QosClass::BestEffort,
        _ => QosClass::Burstable,
    }
}

fn running_container(container: &Container, status: Option<&PodStatus>) -> RunningContainer {
    let status = status.and_then(|status| resize::running(status, &container.name));
    let state = status.and_then(|status| status.state.as_ref());
    let running = state.and_then(|state| state.running.as_ref());
    RunningContainer {
        name: container.name.clone(),
        counts_as: None,
        resources: resources_from_k8s(container.resources.as_ref()),
        resize_restart: PerResource::from_fn(|resource| resize_restart(container, resource)),
        started_at: running.and_then(|running| running.started_at.as_ref()).map(timestamp),
        restart_count: status
            .and_then(|status| u32::try_from(status.restart_count).ok())
            .unwrap_or(0),
        last_oom: status.and_then(|status| last_oom(container, status)),
    }
}

fn resize_restart(container: &Container, resource: Resource) -> ResizeRestart {
    let mut policies = container.resize_policy.iter().flatten();
    let policy = policies.find(|policy| policy.resource_name == resource.name());
    match policy.map(|policy| policy.restart_policy.as_str()) {
        Some("RestartContainer") => ResizeRestart::RestartContainer,
        _ => ResizeRestart::NotRequired,
    }
}

/// The kill for memory that ended the present or the last run, and the limit it ran under: what
/// the kubelet reports it has, else what the spec says.
fn last_oom(container: &Container, status: &ContainerStatus) -> Option<OomKill> {
    let states = [status.state.as_ref(), status.last_state.as_ref()];
    let killed = states
        .into_iter()
        .flatten()
        .filter_map(|state| state.terminated.as_ref())
        .find(|ended| ended.reason.as_deref() == Some("OOMKilled"))?;
    let at: Timestamp = timestamp(killed.finished_at.as_ref()?);
    Some(OomKill { at, limit: limit_of(container, Some(status)) })
}

fn memory_limit(container: &Container, status: Option<&PodStatus>) -> Option<Amount> {
    limit_of(container, status.and_then(|status| resize::running(status, &container.name)))
}

fn limit_of(container: &Container, status: Option<&ContainerStatus>) -> Option<Amount> {
    let has = status.and_then(|status| status.resources.as_ref());
    resources_from_k8s(has.or(container.resources.as_ref())).memory.limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(pod: &Value) -> PodRow {
        let pod = serde_json::from_value(pod.clone()).unwrap();
        PodRow::of(&pod, &Intern::default())
    }

    fn killed(limit: &str, at: &str) -> Value {
        json!({
            "metadata": {"name": "a", "uid": "u"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 3,
                "state": {"running": {"startedAt": "1970-01-01T00:01:05Z"}},
                "lastState": {"terminated": {
                    "exitCode": 137, "reason": "OOMKilled", "finishedAt": at,
                }},
                "resources": {"limits": {"memory": limit}},
            }]},
        })
    }

    #[test]
    fn a_kill_for_memory_is_seen_with_its_time_and_limit() {
        let row = row(&killed("64Mi", "1970-01-01T00:01:00Z"));
        let container = &row.pod.containers[0];
        let kill =
            OomKill { at: Timestamp::from_seconds(60), limit: Some(Amount::from_mebibytes(64)) };
        assert_eq!(container.last_oom, Some(kill));
        assert_eq!(container.started_at, Some(Timestamp::from_seconds(65)));
        assert_eq!(container.restart_count, 3);
    }

    #[test]
    fn a_resize_after_the_kill_does_not_change_the_limit_it_happened_under() {
        let before = row(&killed("64Mi", "1970-01-01T00:01:00Z"));
        let mut same = row(&killed("96Mi", "1970-01-01T00:01:00Z"));
        same.carry(&before);
        let limit = |row: &PodRow| row.pod.containers[0].last_oom.unwrap().limit;
        assert_eq!(limit(&same), Some(Amount::from_mebibytes(64)));
        let mut another = row(&killed("96Mi", "1970-01-01T00:02:00Z"));
        another.carry(&same);
        assert_eq!(limit(&another), Some(Amount::from_mebibytes(96)));
    }

    #[test]
    fn a_kill_told_together_with_a_new_limit_is_taken_to_have_come_before_it() {
        let before = row(&killed("64Mi", "1970-01-01T00:01:00Z"));
        let mut both = row(&killed("96Mi", "1970-01-01T00:02:00Z"));
        both.carry(&before);
        let limit = both.pod.containers[0].last_oom.unwrap().limit;
        assert_eq!(limit, Some(Amount::from_mebibytes(64)));
    }

    #[test]
    fn native_sidecars_are_sized_and_classic_init_containers_are_not() {
        let row = row(&json!({
            "metadata": {"name": "a", "uid": "u"},
            "spec": {
                "containers": [{"name": "app"}],
                "initContainers": [
                    {"name": "setup"},
                    {"name": "proxy", "restartPolicy": "Always"},
                ],
            },
        }));
        let names: Vec<_> = row.pod.containers.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["app", "proxy"]);
        assert_eq!(*row.sidecars, ["proxy".into()]);
    }

    #[test]
    fn deletion_comes_before_the_phase() {
        let mut pod = json!({"metadata": {"name": "a"}, "status": {"phase": "Running"}});
        assert_eq!(row(&pod).pod.phase, PodPhase::Running);
        pod["metadata"]["deletionTimestamp"] = json!("1970-01-01T00:01:00Z");
        assert_eq!(row(&pod).pod.phase, PodPhase::Terminating);
    }

    #[test]
    fn labels_resize_policies_and_pod_level_resources_are_read() {
        let row = row(&json!({
            "metadata": {"name": "a", "labels": {"workload-autoscaler.cast.ai/ignore": "true"}},
            "spec": {
                "resources": {"requests": {"cpu": "1"}},
                "containers": [{"name": "app", "resizePolicy": [
                    {"resourceName": "memory", "restartPolicy": "RestartContainer"},
                ]}],
            },
            "status": {"qosClass": "Guaranteed"},
        }));
        assert!(row.pod.opted_out && row.pod.has_pod_level_resources);
        assert_eq!(row.pod.qos, QosClass::Guaranteed);
        let restart = row.pod.containers[0].resize_restart;
        assert_eq!(restart.cpu, ResizeRestart::NotRequired);
        assert_eq!(restart.memory, ResizeRestart::RestartContainer);
    }
}
