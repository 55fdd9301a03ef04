//! DaemonSetAutoscaler.

use super::row::{Kind, Row, row};
use super::vertical::{CONTAINERS_MAX, MODES, RESOURCE};
use super::{Part, part};

pub(super) const PARTS: &[Part] =
    &[part("", ROWS), part("containers[].cpu", RESOURCE), part("containers[].memory", RESOURCE)];

const ROWS: &[Row] = &[
    row("", Kind::Group, "Which DaemonSet is to be scaled, and how.").required(),
    row("scaleTargetRef", Kind::Group, "The DaemonSet; needed."),
    row("scaleTargetRef.apiVersion", Kind::Text, "Its API version, `apps/v1`."),
    row("scaleTargetRef.name", Kind::Text, "Its name."),
    row(
        "scaleMode",
        Kind::Word(MODES),
        "`autonomous` or `auto`: what is recommended is applied; any other word: it is shown.",
    )
    .required(),
    row(
        "containers[]",
        Kind::List(CONTAINERS_MAX),
        "The containers that are scaled; others keep what their template says.",
    ),
    row(
        "containers[].name",
        Kind::Text,
        "The container, or `*` for every container without an entry of its own.",
    )
    .required(),
    row(
        "containers[].cpu",
        Kind::GroupOrNull,
        "Its CPU. Without it the container keeps the CPU of its template.",
    ),
    row(
        "containers[].memory",
        Kind::GroupOrNull,
        "Its memory. Without it the container keeps the memory of its template.",
    ),
    row(
        "percentile",
        Kind::Percentile,
        "Which percentile of the usage seen is requested: of all pods together.",
    )
    .otherwise("90"),
    row("observationWindow", Kind::Duration, "How far back usage is looked at, 3h to 192h.")
        .otherwise("192h"),
    row(
        "minObservationWindow",
        Kind::Duration,
        "Nothing is changed before the usage seen reaches back this far.",
    )
    .otherwise("3h"),
    row("scaleInterval", Kind::Duration, "How often pods are changed at most, 1m to 168h.")
        .written("\"15m0s\""),
    row("updatePolicy", Kind::Group, "How running pods get new values."),
    row("updatePolicy.updateMode", Kind::Text, "`InPlace`, the only one.").written("\"InPlace\""),
];
