//! What AIScaleTargets say and the annotation does not, under our own objects' names.

use super::{NAME_MAX, OURS};
use crate::fields::{Field, Kind};

/// The longest duration, in hours: longer ones are slips.
const YEAR: u64 = 366 * 24;
const SPAN: Kind = Kind::hours(0, YEAR);

pub(super) const OBJECT: &[Field] = &[
    ours("vertical.forecast", Kind::Group, "When forecasts are made, and how far they reach."),
    ours(
        "vertical.forecast.horizon",
        SPAN,
        "How far a forecast reaches; more than a day counts as a day.",
    )
    .else_holds("15m"),
    ours(
        "vertical.forecast.interval",
        SPAN,
        "The time from one forecast to the next, counted from midnight in UTC.",
    )
    .else_holds("15m"),
    ours(
        "vertical.forecast.cron",
        Kind::Text(NAME_MAX),
        "When one is made, in UTC, in place of interval.",
    )
    .values("a cron expression of five fields, such as `*/15 * * * *`"),
    new("vertical.containers.*.jvm.memory", Kind::Group, "The heap."),
    new(
        "vertical.containers.*.jvm.memory.optimization",
        Kind::Switch,
        "Whether it is sized with the memory.",
    ),
    new(
        "vertical.containers.*.jvm.memory.maxHeapBuffer",
        PERCENT,
        "What -Xmx has above the heap used.",
    ),
    new("vertical.containers.*.jvm.memory.initialHeapRatio", PERCENT, "-Xms as a share of -Xmx."),
    new(
        "vertical.containers.*.jvm.memory.buffer",
        PERCENT,
        "What the container has above heap and other memory.",
    ),
    new("vertical.containers.*.jvm.memory.maxHeap", Kind::Group, "The bounds of -Xmx."),
    new("vertical.containers.*.jvm.memory.maxHeap.{min,max}", Kind::Quantity, "One bound."),
    new(
        "rolloutBehavior.maxDisrupted",
        Kind::Text(16),
        "At most this many pods, or this share of the pods wanted, are disrupted at a time.",
    )
    .values("a number of pods from 1 on, or a percentage from 1% to 100%"),
    new("rolloutBehavior.interval", SPAN, "The time between two batches of evictions."),
    new(
        "rolloutBehavior.recreateResources",
        Kind::Texts(0, 8),
        "The resources whose change is worth replacing a pod: `cpu`, `memory`.",
    ),
    new(
        "rolloutBehavior.allowRestartOnMemoryLimitDecrease",
        Kind::Boolean,
        "Whether a container may restart for a lower memory limit.",
    ),
];

const PERCENT: Kind = Kind::Percent(0, 100);

const fn ours(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).source(OURS)
}

/// Without effect yet.
const fn new(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    ours(path, kind, doc).later()
}
