//! What the fake kubelet reads from a Pod: the API's types end here.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;
use plimsoll_api::{parse_duration, resources_from_k8s};
use plimsoll_domain::{PerResource, ResizeRestart, Resource, Resources, RunningContainer};

use super::usage::UsageModel;
use super::{COMPLETES_AFTER_ANNOTATION, USAGE_ANNOTATION};

/// A pod as its manifest asks for it.
#[derive(Clone, Debug)]
pub(super) struct PodFacts {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub node: String,
    pub generation: i64,
    pub labels: BTreeMap<String, String>,
    /// The uid of the controller that owns it.
    pub owner: Option<String>,
    pub host_network: bool,
    /// `Never`, `OnFailure` or `Always`.
    pub restart_policy: String,
    /// When it ends well by itself, counted from its start.
    pub completes_after: Option<Duration>,
    /// The containers that run for the pod's life: native sidecars first.
    pub containers: Vec<PodContainer>,
    /// Classic init containers, by name and image; they end before anyone looks.
    pub init: Vec<(String, String)>,
    /// Whether deletion was asked for.
    pub deleting: bool,
    /// Whether the API already says that it has ended.
    pub finished: bool,
}

/// A container that runs for the pod's life.
#[derive(Clone, Debug)]
pub(super) struct PodContainer {
    pub running: RunningContainer,
    pub image: String,
    /// An init container that never ends.
    pub sidecar: bool,
    /// What its annotation says it uses.
    pub usage: Option<UsageModel>,
}

impl PodFacts {
    /// `None` while the pod has no node. Pods of a Job without an annotation complete after
    /// `job_duration`.
    pub(super) fn from_pod(pod: &Pod, job_duration: Duration) -> Option<Self> {
        let spec = pod.spec.as_ref()?;
        let owner = pod.owner_references().iter().find(|owner| owner.controller == Some(true));
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let init = spec.init_containers.iter().flatten();
        let (sidecars, classic): (Vec<_>, Vec<_>) =
            init.partition(|it| it.restart_policy.as_deref() == Some("Always"));
        let sidecars = sidecars.into_iter().map(|it| container(pod, it, true));
        let regular = spec.containers.iter().map(|it| container(pod, it, false));
        Some(Self {
            namespace: pod.namespace()?,
            name: pod.name_any(),
            uid: pod.uid()?,
            node: spec.node_name.clone()?,
            generation: pod.metadata.generation.unwrap_or_default(),
            labels: pod.labels().clone(),
            owner: owner.map(|owner| owner.uid.clone()),
            host_network: spec.host_network == Some(true),
            restart_policy: spec.restart_policy.clone().unwrap_or_else(|| "Always".to_owned()),
            completes_after: completes_after(pod, owner, job_duration),
            containers: sidecars.chain(regular).collect(),
            init: classic
                .into_iter()
                .map(|it| (it.name.clone(), it.image.clone().unwrap_or_default()))
                .collect(),
            deleting: pod.metadata.deletion_timestamp.is_some(),
            finished: matches!(phase, Some("Succeeded" | "Failed")),
        })
    }

    /// The resources each container should have.
    pub(super) fn wanted(&self) -> BTreeMap<String, Resources> {
        let pairs =
            self.containers.iter().map(|it| (it.running.name.clone(), it.running.resources));
        pairs.collect()
    }

    /// The containers as the node model starts them.
    pub(super) fn running(&self) -> Vec<RunningContainer> {
        self.containers.iter().map(|it| it.running.clone()).collect()
    }
}

fn completes_after(
    pod: &Pod,
    owner: Option<&OwnerReference>,
    job_duration: Duration,
) -> Option<Duration> {
    let text = pod.annotations().get(COMPLETES_AFTER_ANNOTATION);
    let asked = text.and_then(|text| match parse_duration(text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            tracing::warn!(pod = pod.name_any(), %error, "Annotation was not understood");
            None
        }
    });
    asked.or_else(|| owner.filter(|owner| owner.kind == "Job").map(|_| job_duration))
}

fn container(pod: &Pod, container: &Container, sidecar: bool) -> PodContainer {
    let resources = resources_from_k8s(container.resources.as_ref());
    let restart = PerResource::from_fn(|resource| restart(container, resource));
    let running = RunningContainer {
        name: container.name.clone(),
        counts_as: None,
        resources,
        resize_restart: restart,
        started_at: None,
        restart_count: restarts(pod, &container.name),
        last_oom: None,
    };
    let image = container.image.clone().unwrap_or_default();
    PodContainer { usage: annotated_usage(pod, &container.name), running, image, sidecar }
}

/// As an earlier kubelet of this node counted them.
fn restarts(pod: &Pod, container: &str) -> u32 {
    let status = pod.status.as_ref();
    let regular = status.and_then(|status| status.container_statuses.as_ref());
    let init = status.and_then(|status| status.init_container_statuses.as_ref());
    let mut all = [regular, init].into_iter().flatten().flatten();
    let own = all.find(|status| status.name == container);
    own.and_then(|status| u32::try_from(status.restart_count).ok()).unwrap_or_default()
}

/// The annotation for the container alone, else the one for the whole pod.
fn annotated_usage(pod: &Pod, container: &str) -> Option<UsageModel> {
    let own = format!("{USAGE_ANNOTATION}.{container}");
    let text = pod.annotations().get(&own).or_else(|| pod.annotations().get(USAGE_ANNOTATION))?;
    match text.parse() {
        Ok(usage) => Some(usage),
        Err(error) => {
            tracing::warn!(pod = pod.name_any(), %error, "Usage annotation was not understood");
            None
        }
    }
}

fn restart(container: &Container, resource: Resource) -> ResizeRestart {
    let policies = container.resize_policy.iter().flatten();
    let policy = policies.into_iter().find(|policy| policy.resource_name == resource.name());
    match policy.map(|policy| policy.restart_policy.as_str()) {
        Some("RestartContainer") => ResizeRestart::RestartContainer,
        _ => ResizeRestart::NotRequired,
    }
}
