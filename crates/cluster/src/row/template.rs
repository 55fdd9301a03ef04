//! Containers of a pod template or pod: the regular ones and the native sidecars.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use plimsoll_api::{IGNORE_LABEL, resources_from_k8s};
use plimsoll_domain::ContainerSpec;

/// What a workload's pod template says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Template {
    /// Its containers and native sidecars.
    pub containers: Box<[ContainerSpec]>,
    /// Whether its labels ask that the pods be left alone.
    pub opted_out: bool,
}

impl Template {
    /// What a template says; an absent one has no containers.
    pub(crate) fn of(template: Option<&PodTemplateSpec>) -> Self {
        let metadata = template.and_then(|template| template.metadata.as_ref());
        let labels = metadata.and_then(|metadata| metadata.labels.as_ref());
        let spec = template.and_then(|template| template.spec.as_ref());
        Self {
            containers: spec.map(containers).unwrap_or_default(),
            opted_out: asks_to_be_left_alone(labels),
        }
    }
}

fn containers(spec: &PodSpec) -> Box<[ContainerSpec]> {
    sized(spec)
        .map(|(container, _)| ContainerSpec {
            name: container.name.clone(),
            original: resources_from_k8s(container.resources.as_ref()),
        })
        .collect()
}

/// The containers that are sized, and whether each is a native sidecar. Sidecars come last, as in
/// every list of this program; classic init containers end before the others start and are left
/// out.
pub(crate) fn sized(spec: &PodSpec) -> impl Iterator<Item = (&Container, bool)> {
    let regular = spec.containers.iter().map(|container| (container, false));
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars =
        sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    regular.chain(sidecars.map(|container| (container, true)))
}

/// Whether labels ask to be left alone.
pub(crate) fn asks_to_be_left_alone(labels: Option<&BTreeMap<String, String>>) -> bool {
    labels.and_then(|labels| labels.get(IGNORE_LABEL)).is_some_and(|value| value == "true")
}
