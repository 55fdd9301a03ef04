//! What is read of the pod in a review; everything else in it is skipped unseen.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use plimsoll_api::{IGNORE_LABEL, resources_from_k8s};
use plimsoll_domain::{ContainerSpec, Resources, WorkloadId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::owner::{self, Controller};

/// A pod that is about to be created.
#[derive(Debug, Deserialize)]
pub(crate) struct Pod {
    pub metadata: Metadata,
    pub spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub labels: Option<BTreeMap<String, String>>,
    pub annotations: Option<BTreeMap<String, String>>,
    pub owner_references: Option<Vec<OwnerReference>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnerReference {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub controller: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    pub containers: Vec<Container>,
    pub init_containers: Option<Vec<Container>>,
    pub resources: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Container {
    pub name: String,
    pub restart_policy: Option<String>,
    pub resources: Option<Map<String, Value>>,
}

impl Pod {
    /// Whether a label asks that it be left alone.
    pub(crate) fn opted_out(&self) -> bool {
        let labels = self.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get(IGNORE_LABEL)).is_some_and(|value| value == "true")
    }

    /// Whether it sets resources for the pod as a whole: then requests of its containers above
    /// those would keep it from being created.
    pub(crate) fn has_pod_level_resources(&self) -> bool {
        self.spec.resources.as_ref().is_some_and(|resources| !resources.is_empty())
    }

    /// The workloads it may belong to.
    pub(crate) fn candidates(&self, namespace: &str) -> Vec<WorkloadId> {
        let owners = self.metadata.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.controller == Some(true));
        let controller = owner.map(|owner| Controller {
            api_version: &owner.api_version,
            kind: &owner.kind,
            name: &owner.name,
        });
        let none = BTreeMap::new();
        owner::candidates(namespace, controller, self.metadata.labels.as_ref().unwrap_or(&none))
    }

    /// Its containers and native sidecars, each with its place: the list's name in the pod's spec
    /// and the index in the list.
    pub(crate) fn sized_containers(
        &self,
    ) -> impl Iterator<Item = (&'static str, usize, &Container)> {
        let init = self.spec.init_containers.as_deref().unwrap_or_default();
        let apps = self.spec.containers.iter().enumerate().map(|(i, c)| ("containers", i, c));
        let sidecars = init.iter().enumerate().map(|(i, c)| ("initContainers", i, c));
        apps.chain(sidecars.filter(|(_, _, c)| c.restart_policy.as_deref() == Some("Always")))
    }

    /// The same with what they ask for.
    pub(crate) fn specs(&self) -> Vec<ContainerSpec> {
        let spec = |container: &Container| ContainerSpec {
            name: container.name.as_str().into(),
            original: container.asked(),
        };
        self.sized_containers().map(|(_, _, container)| spec(container)).collect()
    }
}

impl Container {
    /// What it asks for; nothing where that cannot be read, which the API server rules out.
    pub(crate) fn asked(&self) -> Resources {
        let requirements = self
            .resources
            .clone()
            .map(Value::Object)
            .and_then(|value| serde_json::from_value::<ResourceRequirements>(value).ok());
        resources_from_k8s(requirements.as_ref())
    }
}
