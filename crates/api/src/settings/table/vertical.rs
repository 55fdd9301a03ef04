//! Sizing as a whole: `vertical`.

use super::{APPLY_TYPES, INHERIT, MODES, OURS, PROVIDER, REFERENCE};
use crate::fields::{Field, Kind, Span};

/// The most containers that are left alone by name.
const EXCLUDED_MAX: usize = 128;
/// The longest a workload may have to be watched before it is changed: twice the longest look-back.
const HISTORY_MAX: u64 = 16 * 24 * 3600;

/// A workload that may be changed less often than once a week is better left to new pods.
const COOLDOWN_MAX: u64 = 7 * 24 * 3600;
/// Prices of risk: from next to no care to far more than any that `docs/auto.md` has figures of.
const RISK: Kind = Kind::Number(1.0, 200.0);

pub(super) const TOP: &[Field] =
    &[Field::new("vertical", Kind::Group, "Sizes of containers.").source(REFERENCE)];

pub(super) const ANNOTATION: &[Field] = &[
    Field::new(
        "vertical.optimization",
        Kind::Switch,
        "`on`: recommendations are applied; `off`: they are shown.",
    )
    .else_holds("as the policy says, else off")
    .source(REFERENCE),
    Field::new("vertical.applyType", Kind::Word(APPLY_TYPES), APPLY_TYPE)
        .else_holds("immediate")
        .source(REFERENCE),
    Field::new("vertical.downscaling", Kind::Group, LOWERING)
        .since("older page; provider 2024-09")
        .source(REFERENCE),
    Field::new("vertical.downscaling.applyType", Kind::Word(APPLY_TYPES), LOWERING_APPLY_TYPE)
        .else_holds("as applyType")
        .since("older page; provider 2024-09")
        .source(REFERENCE),
    Field::new("vertical.memoryEvent", Kind::Group, MEMORY_EVENT)
        .requires(&["applyType"])
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    Field::new("vertical.memoryEvent.applyType", Kind::Word(APPLY_TYPES), MEMORY_EVENT_APPLY_TYPE)
        .else_holds("as applyType")
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    risk_price(RISK),
];

pub(super) const OBJECT: &[Field] = &[
    Field::new(
        "vertical.mode",
        MODES,
        "`Apply`: recommendations are applied; `Recommend`: they are shown.",
    )
    .else_holds("Recommend")
    .source(OURS),
    Field::new("vertical.applyType", Kind::Word(APPLY_TYPES), APPLY_TYPE)
        .else_holds("immediate")
        .source(REFERENCE),
    Field::new("vertical.downscaling", Kind::Group, LOWERING).source(REFERENCE),
    Field::new(
        "vertical.downscaling.applyType",
        Kind::Or(INHERIT, &Kind::Word(APPLY_TYPES)),
        LOWERING_APPLY_TYPE,
    )
    .else_holds("as applyType")
    .source(REFERENCE),
    Field::new("vertical.memoryEvent", Kind::Group, MEMORY_EVENT)
        .requires(&["applyType"])
        .source(REFERENCE),
    Field::new(
        "vertical.memoryEvent.applyType",
        Kind::Or(INHERIT, &Kind::Word(APPLY_TYPES)),
        MEMORY_EVENT_APPLY_TYPE,
    )
    .else_holds("as applyType")
    .source(REFERENCE),
    Field::new(
        "vertical.updateMode",
        Kind::Or(INHERIT, &Kind::Word(&["in_place", "in_place_or_recreate", "recreate"])),
        "How running pods come to new values. Replacing pods has no effect yet: until then, with all three, what is possible in place is done in place.",
    )
    .else_holds("in_place")
    .source(OURS),
    Field::new(
        "vertical.scaleInterval",
        Kind::Or(INHERIT, &Kind::Duration(Span { from: 60, to: COOLDOWN_MAX, or_zero: true })),
        "How long after a change of running pods no other is begun.",
    )
    .else_holds("30m, or as --cooldown says")
    .source(OURS),
    Field::new(
        "vertical.minHistory",
        Kind::Duration(Span { from: 0, to: HISTORY_MAX, or_zero: true }),
        "How long the usage seen must reach back before anything is applied.",
    )
    .else_holds("0s")
    .source(OURS),
    risk_price(Kind::Or(INHERIT, &RISK)),
    Field::new(
        "vertical.oomRemediation",
        Kind::Group,
        "What a kill for exceeding the memory limit teaches.",
    )
    .source(OURS),
    Field::new("vertical.oomRemediation.enabled", Kind::Boolean, "Whether it raises that memory.")
        .else_holds("true")
        .source(OURS),
    Field::new(
        "vertical.oomRemediation.window",
        Kind::Or(INHERIT, &Kind::Duration(Span { from: 60, to: HISTORY_MAX, or_zero: false })),
        "How long what it taught stands under the memory.",
    )
    .else_holds("memory's lookBackPeriod")
    .source(OURS),
];

pub(super) const BOTH: &[Field] = &[
    Field::new("vertical.antiAffinity", Kind::Group, "Pods that can share no node with their like.")
        .requires(&["considerAntiAffinity"])
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    Field::new("vertical.antiAffinity.considerAntiAffinity", Kind::Boolean, "`true`: workloads with a host port, or with an anti-affinity to themselves by host name, are changed on new pods only.")
        .else_holds("false")
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    Field::new("vertical.startup", Kind::Group, "What happens when a container starts.")
        .values("a mapping with period or twoPhaseRecommendations")
        .since("older page; provider 2024-09")
        .source(REFERENCE),
    Field::new("vertical.startup.period", Kind::zero_or_minutes(2, 60), "Usage this soon after the start of a container is not learned from.")
        .else_holds("2m")
        .since("older page, with default 0m; off by 0s: newer page")
        .source(REFERENCE),
    Field::new("vertical.confidence", Kind::Group, "How sure a recommendation must be before it is applied.")
        .values("a mapping with required or threshold")
        .since("older page; provider 2025-02")
        .source(REFERENCE),
    Field::new("vertical.confidence.required", Kind::Boolean, "Whether a recommendation waits until it is sure enough.")
        .else_holds("true when threshold is given, else as the policy or the program says")
        .since("newer page")
        .source(REFERENCE),
    Field::new("vertical.confidence.threshold", Kind::Number(0.0, 1.0), "The share of the look-back period that must be covered by samples.")
        .else_holds("0.9")
        .since("older page; provider 2025-02")
        .source(REFERENCE),
    Field::new("vertical.anomalyDetection", Kind::Group, "Signs of trouble that raise requests out of turn.")
        .since("newer page; provider 2026-03")
        .source(REFERENCE)
        .later(),
    Field::new("vertical.anomalyDetection.cpuPressure", Kind::Group, "Pods that wait for CPU.")
        .since("newer page; provider 2026-03")
        .source(REFERENCE)
        .later(),
    Field::new("vertical.anomalyDetection.cpuPressure.cpuStallThresholdPercentage", Kind::Number(1.0, 100.0), "The percentage of five minutes a pod must be stalled.")
        .else_holds("10")
        .since("newer page; provider 2026-03")
        .source(PROVIDER)
        .later(),
    Field::new("vertical.anomalyDetection.cpuPressure.minPressuredPodPercentage", Kind::Number(1.0, 100.0), "The percentage of pods that must be stalled.")
        .else_holds("50")
        .since("newer page; provider 2026-03")
        .source(PROVIDER)
        .later(),
    Field::new("vertical.excludedContainers", Kind::Texts(0, EXCLUDED_MAX), "Containers that keep what their template says, by exact name. They are still recommended for.")
        .else_holds("none")
        .values("a list of names of containers, of at most 128")
        .since("newer page; provider 2026-01")
        .source(REFERENCE),
    Field::new("vertical.predictiveScaling", Kind::Group, "Requests that follow a forecast.")
        .since("newer page; provider 2025-07")
        .source(REFERENCE),
    Field::new("vertical.predictiveScaling.cpu", Kind::Group, "For CPU.")
        .since("newer page; provider 2025-07")
        .source(REFERENCE),
    Field::new("vertical.predictiveScaling.cpu.enabled", Kind::Boolean, "Whether CPU requests follow a forecast of the time to come, for as long as such forecasts do as well as repeating the past, tried every day anew; else they follow the target.")
        .else_holds("false")
        .since("newer page; provider 2025-07")
        .source(REFERENCE),
];

const APPLY_TYPE: &str =
    "`immediate`: running pods are changed too; `deferred`: only new pods get the values.";
const LOWERING: &str = "Lowering.";
const LOWERING_APPLY_TYPE: &str = "The same for changes that lower.";
const MEMORY_EVENT: &str = "Kills for want of memory.";
const MEMORY_EVENT_APPLY_TYPE: &str = "The same for raising memory after one.";

const fn risk_price(kind: Kind) -> Field {
    Field::new("vertical.riskPrice", kind, RISK_PRICE)
        .else_holds("15 where pods are resized in place, 27 where a change restarts them")
        .source(OURS)
}

const RISK_PRICE: &str = "What target auto takes time above the CPU request to cost. Higher is safer and asks for more: twice the price is about 5 % more CPU and a quarter less of that time.";
