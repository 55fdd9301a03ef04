//! Numbers of replicas: `horizontal`. Two grammars: with `useNative`, that of a
//! HorizontalPodAutoscaler; without, the older one.

use super::{PROVIDER, REFERENCE};
use crate::fields::{Field, Kind};

/// The most steps of a behavior.
const STEPS_MAX: usize = 16;
/// More replicas than any cluster has room for.
const REPLICAS_MAX: i64 = 100_000;

pub(super) const BOTH: &[Field] = &[
    old("horizontal", Kind::Group, "Numbers of replicas.").requires(&[
        "optimization",
        "minReplicas",
        "maxReplicas",
    ]),
    old(
        "horizontal.optimization",
        Kind::Switch,
        "Whether the number of replicas is managed or only watched.",
    ),
    native(
        "horizontal.useNative",
        Kind::Boolean,
        "Whether a HorizontalPodAutoscaler does it. Metrics and behavior need it.",
    )
    .else_holds("false"),
    native(
        "horizontal.takeOwnership",
        Kind::Boolean,
        "Whether a HorizontalPodAutoscaler that exists is taken over.",
    )
    .else_holds("false"),
    old(
        "horizontal.minReplicas",
        Kind::Integer(1, REPLICAS_MAX),
        "The least number of replicas; not above maxReplicas.",
    ),
    old(
        "horizontal.maxReplicas",
        Kind::Integer(1, REPLICAS_MAX),
        "The greatest number of replicas; not below minReplicas.",
    ),
];

pub(super) const BEHAVIOR: &[Field] = &[
    native(
        "horizontal.behavior",
        Kind::Group,
        "How fast the number of replicas changes, as in a HorizontalPodAutoscaler.",
    ),
    native("horizontal.behavior.{scaleUp,scaleDown}", Kind::Group, "One direction."),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.stabilizationWindowSeconds",
        Kind::Integer(0, 3600),
        "How far back earlier results count.",
    ),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.selectPolicy",
        Kind::Word(&["Max", "Min", "Disabled"]),
        "Which of the policies holds.",
    ),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.tolerance",
        Kind::Quantity,
        "How far off the target is near enough.",
    ),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.policies",
        Kind::List(STEPS_MAX),
        "The greatest steps.",
    )
    .requires(&["type", "value", "periodSeconds"]),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.policies[].type",
        Kind::Word(&["Pods", "Percent"]),
        "What value counts.",
    ),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.policies[].value",
        Kind::Integer(1, REPLICAS_MAX),
        "The greatest step in the period.",
    ),
    native(
        "horizontal.behavior.{scaleUp,scaleDown}.policies[].periodSeconds",
        Kind::Integer(1, 1800),
        "The period.",
    ),
    old("horizontal.scaleDown", Kind::Group, "Fewer replicas; without useNative.")
        .requires(&["stabilizationWindow"]),
    old(
        "horizontal.scaleDown.stabilizationWindow",
        Kind::zero_or_minutes(0, 24 * 60),
        "How long fewer replicas must suffice before they are removed.",
    )
    .else_holds("5m"),
    old(
        "horizontal.shortAverage",
        Kind::minutes(1, 10),
        "The time usage is averaged over; without useNative.",
    )
    .else_holds("3m"),
];

const fn old(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).since("older page").source(REFERENCE).later()
}

pub(super) const fn native(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).since("newer page; component v0.44.0").source(PROVIDER).later()
}
