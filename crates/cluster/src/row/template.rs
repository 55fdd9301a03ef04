//! What a pod template says: its containers (the regular ones and the native sidecars), its labels,
//! and whether it is one of a custom workload.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use plimsoll_api::{IGNORE_LABEL, custom_workload_name, resources_from_k8s};
use plimsoll_domain::ContainerSpec;

use super::exclusion::excludes_its_like;
use crate::intern::{Document, Intern, Labels};

/// What a workload's pod template says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Template {
    /// Its containers and native sidecars.
    pub containers: Box<[ContainerSpec]>,
    /// Its labels, by which its pods are selected.
    pub labels: Labels,
    /// Whether its labels ask that the pods be left alone.
    pub opted_out: bool,
    /// Whether its pods can share no node with their like.
    pub excludes_its_like: bool,
    /// The custom workload its pods belong to.
    pub custom: Option<Custom>,
}

/// The custom workload that labels name, and its configuration, which stands beside them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Custom {
    /// The label's value, never empty.
    pub name: Box<str>,
    /// What the annotations beside it say.
    pub document: Option<Document>,
}

impl Template {
    /// What a template of an object in this namespace says; an absent one has no containers.
    pub(crate) fn of(
        namespace: Option<&str>,
        template: Option<&PodTemplateSpec>,
        intern: &Intern,
    ) -> Self {
        let Some(template) = template else {
            return Self::default();
        };
        let metadata = template.metadata.as_ref();
        let labels = metadata.and_then(|metadata| metadata.labels.as_ref());
        let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
        Self {
            containers: template.spec.as_ref().map(containers).unwrap_or_default(),
            labels: intern.labels(labels),
            opted_out: asks_to_be_left_alone(labels),
            excludes_its_like: excludes_its_like(namespace.unwrap_or_default(), template),
            custom: Custom::of(labels, annotations, intern),
        }
    }
}

impl Custom {
    /// The custom workload of a pod or template with these labels and annotations. An empty value
    /// names none.
    pub(crate) fn of(
        labels: Option<&BTreeMap<String, String>>,
        annotations: Option<&BTreeMap<String, String>>,
        intern: &Intern,
    ) -> Option<Self> {
        let name = custom_workload_name(labels?)?;
        Some(Self { name: name.into(), document: intern.document(annotations) })
    }
}

fn containers(spec: &PodSpec) -> Box<[ContainerSpec]> {
    sized(spec)
        .map(|(container, _)| ContainerSpec {
            name: container.name.as_str().into(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(labels: &Value, annotations: &Value, expect: Option<(&str, bool)>) {
        let template = json!({
            "metadata": {"labels": labels, "annotations": annotations},
            "spec": {"containers": [{"name": "app"}]},
        });
        let template = serde_json::from_value(template).unwrap();
        let template = Template::of(Some("shop"), Some(&template), &Intern::default());
        let custom = template.custom.as_ref();
        assert_eq!(custom.map(|it| (&*it.name, it.document.is_some())), expect, "{labels}");
    }

    #[test]
    fn a_label_names_a_custom_workload_and_annotations_beside_it_configure_it() {
        let annotations = json!({"workloads.cast.ai/configuration": "vertical: {}"});
        let named = |name: &str| json!({"workloads.cast.ai/custom-workload": name});
        check(&named("nightly"), &annotations, Some(("nightly", true)));
        check(&named("nightly"), &json!({}), Some(("nightly", false)));
        check(&named(""), &annotations, None);
        check(&json!({"app": "web"}), &annotations, None);
    }
}
