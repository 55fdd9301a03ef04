//! Which workloads an AIScaleTarget is for.

use super::row::{Kind, Row, row};
use super::{Part, part};

/// The most labels and expressions of a selector: a dozen is much.
pub(super) const SELECTOR_MAX: u32 = 64;
/// The most values of one expression of a selector.
const VALUES_MAX: u32 = 256;

pub(super) const PARTS: &[Part] = &[
    part("", &[row("", Kind::Group, "What is to be scaled, and how.").required()]),
    part("scaleTargetRef", REFERENCE),
    part(
        "selector",
        &[row(
            "",
            Kind::Group,
            "The workloads of this namespace whose pods have these labels. Not together with scaleTargetRef, nor with horizontal.",
        )],
    ),
    part("selector", SELECTOR),
];

const REFERENCE: &[Row] = &[
    row("", Kind::Group, "The workload. Not together with selector."),
    row("apiVersion", Kind::Text, "Its API version, such as `apps/v1`."),
    row("kind", Kind::Text, "Its kind: Deployment, StatefulSet, Rollout, ..."),
    row("name", Kind::Text, "Its name."),
    row(
        "namespace",
        Kind::Text,
        "The namespace of this object, which is also where nothing is given.",
    )
    .documented(),
];

/// What every label selector has.
pub(super) const SELECTOR: &[Row] = &[
    row("matchLabels", Kind::Map(SELECTOR_MAX), "Labels that must all be there."),
    row("matchLabels.*", Kind::Text, "The label's value."),
    row("matchExpressions[]", Kind::List(SELECTOR_MAX), "What must hold of labels, all of it."),
    row("matchExpressions[].key", Kind::Text, "The label.").required(),
    row("matchExpressions[].operator", Kind::Text, "In, NotIn, Exists or DoesNotExist.").required(),
    row("matchExpressions[].values[]", Kind::Texts(VALUES_MAX), "With In and NotIn: the values."),
];
