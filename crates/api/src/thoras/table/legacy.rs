//! Fields of the older chart that the newer one has dropped. They are taken, and have no effect.

use super::row::{Kind, Row, row};
use super::{Part, part};

pub(super) const PARTS: &[Part] = &[part("scale_metrics[]", METRICS), part("reasoning", REASONING)];

const METRICS: &[Row] = &[
    later("", Kind::List(64), "The older form of horizontal.additional_metrics."),
    later("type", Kind::Text, "Object, Resource, Pods or External."),
    later("object", Kind::Any, "As in a HorizontalPodAutoscaler, or nearly."),
    later("pods", Kind::Any, "As in a HorizontalPodAutoscaler, or nearly."),
    later("resource", Kind::Any, "As in a HorizontalPodAutoscaler, or nearly."),
    later("external", Kind::Any, "As in a HorizontalPodAutoscaler, or nearly."),
];

const REASONING: &[Row] = &[
    later("", Kind::Group, "Metrics that may explain the load."),
    later("metrics[]", Kind::List(64), "The metrics."),
    later("metrics[].name", Kind::Text, "A name for it."),
    later("metrics[].type", Kind::Text, "Where it comes from: `prom`."),
    later("metrics[].connector", Kind::Text, "Where it comes from: `prometheus`."),
    later("metrics[].query", Kind::Text, "The query."),
];

const fn later(path: &'static str, kind: Kind, doc: &'static str) -> Row {
    row(path, kind, doc).later().older()
}
