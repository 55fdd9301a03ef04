//! A pod's status as the kubelet writes it, from what the node model says of the pod.

use plimsoll_api::resources_to_k8s;
use plimsoll_domain::{ResizeStatus, Resource, Timestamp};
use plimsoll_replay::node::{Container, NodePod, RunState};
use serde_json::{Value, json};

use super::fleet::{Ended, PodRecord};
use super::pod::PodContainer;

/// The exit code of a process that was killed.
const KILLED: i32 = 137;

/// A strategic merge patch with the whole of the status that a kubelet owns.
pub(super) fn patch(record: &PodRecord, node: &NodePod) -> Value {
    let statuses = |sidecar| {
        let containers = record.facts.containers.iter().zip(node.containers());
        let wanted = containers.filter(move |(facts, _)| facts.sidecar == sidecar);
        wanted.map(|(facts, container)| status(record, facts, container)).collect::<Vec<_>>()
    };
    let init = record.facts.init.iter().map(|(name, image)| ended_init(record, name, image));
    let init: Vec<Value> = init.chain(statuses(true)).collect();
    let mut body = json!({
        "phase": record.ended.as_ref().map_or("Running", |ended| ended.phase),
        "observedGeneration": record.facts.generation,
        "startTime": time(record.started_at),
        "hostIP": "127.0.0.1",
        "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": record.ip,
        "podIPs": [{"ip": record.ip}],
        "conditions": conditions(record, node),
        "containerStatuses": statuses(false),
    });
    if let Some(ended) = record.ended.as_ref().filter(|ended| ended.phase == "Failed") {
        body["reason"] = json!(ended.reason);
        body["message"] = json!(ended.message);
    }
    if !init.is_empty() {
        body["initContainerStatuses"] = json!(init);
    }
    // The uid makes the write fail for a pod of the same name that came later.
    json!({"metadata": {"uid": record.facts.uid}, "status": body})
}

/// The status of a pod that its node refused to start.
pub(super) fn refused(record: &PodRecord, lacking: Resource) -> Value {
    let resource = lacking.name();
    json!({"metadata": {"uid": record.facts.uid}, "status": {
        "phase": "Failed",
        "reason": format!("OutOf{resource}"),
        "message": format!("Pod was rejected: Node didn't have enough resource: {resource}"),
        "startTime": time(record.started_at),
    }})
}

/// RFC 3339 in UTC.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or_default().to_string()
}

fn conditions(record: &PodRecord, node: &NodePod) -> Vec<Value> {
    let generation = record.facts.generation;
    let condition = |kind: &str, status: bool, since: Timestamp, reason: Option<&str>| {
        let mut condition = json!({
            "type": kind,
            "status": if status { "True" } else { "False" },
            "lastTransitionTime": time(since),
            "observedGeneration": generation,
        });
        condition["reason"] = reason.map_or(Value::Null, |reason| json!(reason));
        condition
    };
    let (ready, since) = record.ready;
    let why = match &record.ended {
        Some(ended) if ended.phase == "Succeeded" => Some("PodCompleted"),
        Some(_) => Some("PodFailed"),
        None => (!ready).then_some("ContainersNotReady"),
    };
    let started = record.started_at;
    let mut conditions = vec![
        condition("PodReadyToStartContainers", record.ended.is_none(), started, None),
        condition("Initialized", true, started, None),
        condition("Ready", ready, since, why),
        condition("ContainersReady", ready, since, why),
    ];
    conditions.extend(resize_conditions(node.resize(), record.resize_since, generation));
    conditions
}

/// Both conditions of a resize: the one that holds, and an order to remove the one that does not.
fn resize_conditions(status: &ResizeStatus, since: Timestamp, generation: i64) -> [Value; 2] {
    let gone = |kind: &str| json!({"type": kind, "$patch": "delete"});
    let holds = |kind: &str, reason: Option<&str>, message: &str| {
        json!({
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": time(since),
            "lastProbeTime": time(since),
            "observedGeneration": generation,
        })
    };
    let (pending, progress) = ("PodResizePending", "PodResizeInProgress");
    match status {
        ResizeStatus::Settled => [gone(pending), gone(progress)],
        ResizeStatus::Deferred { message } => {
            [holds(pending, Some("Deferred"), message), gone(progress)]
        }
        ResizeStatus::Infeasible { message } => {
            [holds(pending, Some("Infeasible"), message), gone(progress)]
        }
        ResizeStatus::InProgress => [gone(pending), holds(progress, None, "")],
        ResizeStatus::Failed { message } => {
            [gone(pending), holds(progress, Some("Error"), message)]
        }
    }
}

fn status(record: &PodRecord, facts: &PodContainer, container: &Container) -> Value {
    let running = &container.running;
    // The model restarts what it kills; a pod that may not restart ended instead.
    let failed = record.ended.as_ref().is_some_and(|ended| ended.phase == "Failed");
    let starts = running.restart_count.saturating_sub(u32::from(failed));
    let id = format!("fake://{}/{}/{starts}", record.facts.uid, running.name);
    let is_up = record.ended.is_none() && container.is_running();
    let mut status = json!({
        "name": running.name,
        "image": facts.image,
        "imageID": facts.image,
        "containerID": id,
        "ready": is_up,
        "started": is_up,
        "restartCount": starts,
        "state": state(record, container, &id),
        "resources": resources_to_k8s(&container.actual),
        "allocatedResources": resources_to_k8s(&container.allocated).requests.unwrap_or_default(),
    });
    if let Some(oom) = running.last_oom.filter(|_| !failed) {
        status["lastState"] = json!({"terminated": {
            "reason": "OOMKilled",
            "exitCode": KILLED,
            "startedAt": time(record.started_at),
            "finishedAt": time(oom.at),
            "containerID": format!("fake://{}/{}/{}", record.facts.uid, running.name,
                starts.saturating_sub(1)),
        }});
    }
    status
}

fn state(record: &PodRecord, container: &Container, id: &str) -> Value {
    match (&record.ended, container.state) {
        (Some(ended), _) => terminated(record, ended, id),
        (None, RunState::Running { since }) => json!({"running": {"startedAt": time(since)}}),
        (None, RunState::BackOff { .. }) => json!({"waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off restarting failed container",
        }}),
    }
}

fn terminated(record: &PodRecord, ended: &Ended, id: &str) -> Value {
    json!({"terminated": {
        "reason": ended.container_reason,
        "exitCode": if ended.phase == "Succeeded" { 0 } else { KILLED },
        "startedAt": time(record.started_at),
        "finishedAt": time(ended.at),
        "containerID": id,
    }})
}

fn ended_init(record: &PodRecord, name: &str, image: &str) -> Value {
    let id = format!("fake://{}/{name}/0", record.facts.uid);
    let at = time(record.started_at);
    json!({
        "name": name,
        "image": image,
        "imageID": image,
        "containerID": id,
        "ready": true,
        "started": false,
        "restartCount": 0,
        "state": {"terminated": {
            "reason": "Completed",
            "exitCode": 0,
            "startedAt": at,
            "finishedAt": at,
            "containerID": id,
        }},
    })
}
