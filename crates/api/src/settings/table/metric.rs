//! What a number of replicas follows: `horizontal.metrics`. The annotation knows usage of a resource;
//! our own objects know all types of a HorizontalPodAutoscaler, as Cast AI's policies do.

use super::horizontal::native;
use super::{API, NAME_MAX};
use crate::fields::{Field, Kind};

/// The most metrics: CPU and memory, each with every type of target.
const METRICS_MAX: usize = 16;
/// The longest text of a target's share or value, in percent.
const PERCENT_MAX: i64 = 100_000;

const METRICS: &str = "What the number of replicas follows; at least one with useNative.";
const TYPE: &str = "What kind of metric it is.";
const RESOURCES: Kind = Kind::Word(&["cpu", "memory"]);

pub(super) const ANNOTATION: &[Field] = &[
    native("horizontal.metrics", Kind::List(METRICS_MAX), METRICS).requires(&["type", "resource"]),
    native("horizontal.metrics[].type", Kind::Word(&["resource"]), TYPE),
];

/// The types, as the annotation and as Kubernetes spells them.
const TYPES: &[&str] = &[
    "resource",
    "Resource",
    "containerResource",
    "ContainerResource",
    "pods",
    "Pods",
    "object",
    "Object",
    "external",
    "External",
];

pub(super) const OBJECT: &[Field] = &[
    native("horizontal.metrics", Kind::List(METRICS_MAX), METRICS).requires(&["type"]),
    native("horizontal.metrics[].type", Kind::Word(TYPES), TYPE)
        .values("resource, containerResource, pods, object or external"),
];

/// The metric itself, of a type that names one.
macro_rules! metric {
    ($group:literal) => {
        [
            wider(concat!("horizontal.metrics[].", $group, ".metric"), Kind::Group, "The metric.")
                .requires(&["name"]),
            wider(
                concat!("horizontal.metrics[].", $group, ".metric.name"),
                Kind::Text(NAME_MAX),
                "Its name.",
            ),
            wider(
                concat!("horizontal.metrics[].", $group, ".metric.selector"),
                Kind::Any,
                "A label selector, as Kubernetes writes it.",
            ),
        ]
    };
}

/// The value to keep to, of one type of metric.
macro_rules! target {
    ($group:literal, $types:expr) => {
        [
            native(
                concat!("horizontal.metrics[].", $group, ".target"),
                Kind::Group,
                "The usage to keep to.",
            )
            .requires(&["type"]),
            native(
                concat!("horizontal.metrics[].", $group, ".target.type"),
                Kind::Word($types),
                "What the target is; each type has a field of its own.",
            ),
            native(
                concat!("horizontal.metrics[].", $group, ".target.averageUtilization"),
                Kind::Integer(1, PERCENT_MAX),
                "With type Utilization: the percentage of the request, averaged over pods.",
            ),
            native(
                concat!("horizontal.metrics[].", $group, ".target.averageValue"),
                Kind::Quantity,
                "With type AverageValue: the amount, averaged over pods.",
            ),
            native(
                concat!("horizontal.metrics[].", $group, ".target.value"),
                Kind::Quantity,
                "With type Value: the amount.",
            ),
        ]
    };
}

const OF_REQUESTS: &[&str] = &["Utilization", "AverageValue", "Value"];
const OF_AMOUNTS: &[&str] = &["Value", "AverageValue"];

/// Usage of a resource.
pub(super) const RESOURCE: &[Field] = &[
    native("horizontal.metrics[].resource", Kind::Group, "Usage of a resource.")
        .requires(&["name", "target"]),
    native("horizontal.metrics[].resource.name", RESOURCES, "The resource."),
];
pub(super) const RESOURCE_TARGET: &[Field] = &target!("resource", OF_REQUESTS);

/// The other types.
pub(super) const OTHERS: &[Field] = &[
    wider(
        "horizontal.metrics[].containerResource",
        Kind::Group,
        "Usage of a resource by one container.",
    )
    .requires(&["name", "container", "target"]),
    wider("horizontal.metrics[].containerResource.name", RESOURCES, "The resource."),
    wider(
        "horizontal.metrics[].containerResource.container",
        Kind::Text(NAME_MAX),
        "The container.",
    ),
    wider("horizontal.metrics[].pods", Kind::Group, "A metric of the pods.")
        .requires(&["metric", "target"]),
    wider("horizontal.metrics[].object", Kind::Group, "A metric of another object.").requires(&[
        "describedObject",
        "metric",
        "target",
    ]),
    wider("horizontal.metrics[].object.describedObject", Kind::Group, "The object.")
        .requires(&["kind", "name"]),
    wider(
        "horizontal.metrics[].object.describedObject.apiVersion",
        Kind::Text(NAME_MAX),
        "Its API version.",
    ),
    wider("horizontal.metrics[].object.describedObject.kind", Kind::Text(NAME_MAX), "Its kind."),
    wider("horizontal.metrics[].object.describedObject.name", Kind::Text(NAME_MAX), "Its name."),
    wider("horizontal.metrics[].external", Kind::Group, "A metric from outside the cluster.")
        .requires(&["metric", "target"]),
];
pub(super) const CONTAINER_TARGET: &[Field] = &target!("containerResource", OF_REQUESTS);
pub(super) const PODS_METRIC: &[Field] = &metric!("pods");
pub(super) const PODS_TARGET: &[Field] = &target!("pods", &["AverageValue"]);
pub(super) const OBJECT_METRIC: &[Field] = &metric!("object");
pub(super) const OBJECT_TARGET: &[Field] = &target!("object", OF_AMOUNTS);
pub(super) const EXTERNAL_METRIC: &[Field] = &metric!("external");
pub(super) const EXTERNAL_TARGET: &[Field] = &target!("external", OF_AMOUNTS);

/// A field of Cast AI's policies, not of the annotation.
const fn wider(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { source: API, ..native(path, kind, doc) }
}
