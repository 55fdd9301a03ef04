//! A metric in the form of a HorizontalPodAutoscaler.

use super::row::{Kind, Row, row};
use super::target::SELECTOR_MAX;

/// What a metric is of.
pub(in crate::thoras) const TYPES: [(&str, &str); 5] = [
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

pub(super) const ROWS: &[Row] = &[
    later(
        "type",
        Kind::Text,
        "ContainerResource, External, Object, Pods or Resource; the group of that name says more.",
    )
    .required(),
    later("containerResource", Kind::Group, "A resource of one container."),
    later("external", Kind::Group, "A metric from outside the cluster."),
    later("object", Kind::Group, "A metric of another object."),
    later("pods", Kind::Group, "A metric of the pods."),
    later("resource", Kind::Group, "A resource of the pods."),
];

pub(super) const CONTAINER_RESOURCE: &[Row] = &[
    later("container", Kind::Text, "The container.").required(),
    later("name", Kind::Text, "The resource.").required(),
    TARGET,
    TARGET_TYPE,
    TARGET_UTILIZATION,
    TARGET_AVERAGE,
    TARGET_VALUE,
];

pub(super) const RESOURCE: &[Row] = &[
    later("name", Kind::Text, "The resource.").required(),
    TARGET,
    TARGET_TYPE,
    TARGET_UTILIZATION,
    TARGET_AVERAGE,
    TARGET_VALUE,
];

pub(super) const EXTERNAL: &[Row] = NAMED;

pub(super) const PODS: &[Row] = NAMED;

pub(super) const OBJECT: &[Row] = &[
    later("describedObject", Kind::Group, "The object.").required(),
    later("describedObject.apiVersion", Kind::Text, "Its API version."),
    later("describedObject.kind", Kind::Text, "Its kind.").required(),
    later("describedObject.name", Kind::Text, "Its name.").required(),
    METRIC,
    METRIC_NAME,
    SELECTOR,
    LABELS,
    LABEL,
    EXPRESSIONS,
    KEY,
    OPERATOR,
    VALUES,
    TARGET,
    TARGET_TYPE,
    TARGET_UTILIZATION,
    TARGET_AVERAGE,
    TARGET_VALUE,
];

const NAMED: &[Row] = &[
    METRIC,
    METRIC_NAME,
    SELECTOR,
    LABELS,
    LABEL,
    EXPRESSIONS,
    KEY,
    OPERATOR,
    VALUES,
    TARGET,
    TARGET_TYPE,
    TARGET_UTILIZATION,
    TARGET_AVERAGE,
    TARGET_VALUE,
];

const fn later(path: &'static str, kind: Kind, doc: &'static str) -> Row {
    row(path, kind, doc).later()
}

const METRIC: Row = later("metric", Kind::Group, "The metric.").required();
const METRIC_NAME: Row = later("metric.name", Kind::Text, "Its name.").required();
const SELECTOR: Row = later("metric.selector", Kind::Group, "Its labels.");
const LABELS: Row =
    later("metric.selector.matchLabels", Kind::Map(SELECTOR_MAX), "Labels that must all be there.");
const LABEL: Row = later("metric.selector.matchLabels.*", Kind::Text, "The label's value.");
const EXPRESSIONS: Row = later(
    "metric.selector.matchExpressions[]",
    Kind::List(SELECTOR_MAX),
    "What must hold of labels, all of it.",
);
const KEY: Row =
    later("metric.selector.matchExpressions[].key", Kind::Text, "The label.").required();
const OPERATOR: Row = later(
    "metric.selector.matchExpressions[].operator",
    Kind::Text,
    "In, NotIn, Exists or DoesNotExist.",
)
.required();
const VALUES: Row = later(
    "metric.selector.matchExpressions[].values[]",
    Kind::Texts(256),
    "With In and NotIn: the values.",
);
const TARGET: Row = later("target", Kind::Group, "The value to hold.").required();
const TARGET_TYPE: Row =
    later("target.type", Kind::Text, "Utilization, Value or AverageValue.").required();
const TARGET_UTILIZATION: Row =
    later("target.averageUtilization", Kind::Integer(0), "In percent of the requests.");
const TARGET_AVERAGE: Row = later("target.averageValue", Kind::Quantity, "For each pod.");
const TARGET_VALUE: Row = later("target.value", Kind::Quantity, "In all.");
