//! Settings for one resource: `vertical.cpu`, `vertical.memory`.

use super::{INHERIT, MODES, NONE, OURS, PROVIDER, REFERENCE};
use crate::fields::{Field, Kind};

/// What a limit may be, in requests. A thousand times 1Ti still fits a Kubernetes quantity, which
/// ends at 2^63 - 1 bytes.
const MULTIPLIER: Kind = Kind::Number(1.0, 1000.0);
/// How great a change may have to be.
const THRESHOLD: Kind = Kind::Number(0.01, 2.5);
/// What is in the formula of an adaptive threshold.
const NOT_NEGATIVE: Kind = Kind::Number(0.0, f64::INFINITY);

/// The greatest percentile that the annotation may name.
const USAGE_PERCENTILE_MAX: f64 = 99.9;

const OR_NONE: Kind = Kind::Or(NONE, &Kind::Quantity);

pub(super) const ANNOTATION: &[Field] = &[
    Field::new("vertical.{cpu,memory}", Kind::Group, "Settings for one resource.").source(REFERENCE),
    Field::new("vertical.{cpu,memory}.optimization", Kind::Switch, "`off`: this resource stays as the template has it.")
        .values("off")
        .since("newer page; component v0.23.1, provider 2025-01")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.target", Kind::Target(USAGE_PERCENTILE_MAX), TARGET)
        .else_holds("cpu p80, memory max")
        .values("max, p0 to p99.9, pooled: with such a percentile, auto, or forecast: with a strategy or a percentile")
        .since("older page; with decimals: newer page; pooled, auto and forecast: ours")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.lookBackPeriod", Kind::hours(3, 168), LOOK_BACK)
        .else_holds("24h")
        .since("older page, from 24h; from 3h: newer page, provider 2025-05")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.min", Kind::Quantity, LEAST)
        .else_holds("cpu 10m, memory 10Mi")
        .values(MIN_VALUES)
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.max", Kind::Quantity, GREATEST)
        .else_holds("none")
        .values(MAX_VALUES)
        .since("older page; provider 2024-10")
        .source(REFERENCE),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.type", Kind::Word(&["defaultAdaptive", "percentage", "customAdaptive"]), "`defaultAdaptive`: 0.5 / (current + 1), current in cores or GiB; `percentage`: fixed; `customAdaptive`: numerator / (current + denominator) ^ exponent.").else_holds("defaultAdaptive"),
    limit("vertical.{cpu,memory}.limit.type", Kind::Word(&["noLimit", "keepLimits", "multiplier", "maintainRatio"]), "`noLimit`: removed; `keepLimits`: as in the template; `multiplier`: the request times multiplier; `maintainRatio`: in the template's ratio to the request.")
        .since("older page, noLimit and multiplier; keepLimits: provider 2025-07; maintainRatio: 2026-02"),
];

pub(super) const OBJECT: &[Field] = &[
    Field::new("vertical.{cpu,memory}", Kind::Group, "Settings for one resource.")
        .source(REFERENCE),
    Field::new(
        "vertical.{cpu,memory}.mode",
        MODES,
        "`Recommend`: this resource stays as the template has it, and recommendations are shown.",
    )
    .else_holds("Apply")
    .source(OURS),
    Field::new("vertical.{cpu,memory}.target", Kind::Target(100.0), TARGET)
        .else_holds("cpu p80, memory max")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.lookBackPeriod", Kind::hours(3, 192), LOOK_BACK)
        .else_holds("24h")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.min", OR_NONE, LEAST)
        .else_holds("cpu 10m, memory 10Mi")
        .values("none, 0, or a quantity from 1m for CPU, from 1Mi for memory")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.max", OR_NONE, GREATEST)
        .else_holds("none")
        .values("none, or a quantity from 1m for CPU, from 1Mi for memory")
        .source(REFERENCE),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.type", Kind::Word(STRATEGIES), STRATEGY)
        .else_holds("defaultAdaptive"),
    strategy(
        "vertical.{cpu,memory}.applyThresholdStrategy.amount",
        Kind::Quantity,
        "With type absolute: the threshold.",
    )
    .since("first")
    .source(OURS),
    Field::new("vertical.{cpu,memory}.loweringThreshold", Kind::Group, "The same for lowering.")
        .requires(&["type"])
        .else_holds("as for raising")
        .source(OURS),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.type",
        Kind::Or(INHERIT, &Kind::Word(STRATEGIES)),
        STRATEGY,
    ),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.percentage",
        THRESHOLD,
        "With type percentage or percentageOfCurrent: the threshold; 0.1 is ten percent.",
    ),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.amount",
        Kind::Quantity,
        "With type absolute: the threshold.",
    ),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.numerator",
        NOT_NEGATIVE,
        "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.",
    )
    .else_holds("0.5"),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.denominator",
        NOT_NEGATIVE,
        "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.",
    )
    .else_holds("1"),
    lowering(
        "vertical.{cpu,memory}.loweringThreshold.exponent",
        Kind::Number(0.0, 1.0),
        "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.",
    )
    .else_holds("1"),
    limit("vertical.{cpu,memory}.limit.type", Kind::Word(LIMIT_TYPES), LIMIT_TYPE).since("first"),
];

pub(super) const BOTH: &[Field] = &[
    Field::new("vertical.{cpu,memory}.constraints", Kind::Group, "Bounds, in place of min and max: where both are given, these hold.")
        .since("newer page; provider 2026-06")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.constraints.{min,max}", Kind::Group, "One bound.")
        .requires(&["type", "value"])
        .since("newer page; provider 2026-06")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.constraints.{min,max}.type", Kind::Word(&["constant", "percentageOfOriginal"]), "What value is. `percentageOfOriginal`: of the template's request, no bound where it has none.")
        .since("newer page; provider 2026-06")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.constraints.{min,max}.value", Kind::Quantity, "The bound.")
        .values("a quantity for type constant, a percentage such as 90 for percentageOfOriginal")
        .since("newer page; provider 2026-06")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.overhead", Kind::Number(0.0, 2.5), "What is added on top of the usage; 0.1 is ten percent.")
        .else_holds("0.1")
        .since("older page, with default 0 for CPU")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.applyThreshold", THRESHOLD, "How great a change must be to be made on running pods; 0.1 is ten percent. Not together with applyThresholdStrategy.")
        .else_holds("adaptive: 0.5 / (current + 1), current in cores or GiB")
        .since("older page")
        .source(REFERENCE),
    Field::new("vertical.{cpu,memory}.applyThresholdStrategy", Kind::Group, "How great a change must be to be made on running pods.")
        .requires(&["type"])
        .since("newer page; provider 2025-01")
        .source(REFERENCE),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.percentage", THRESHOLD, "With type percentage: the threshold; 0.1 is ten percent."),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.numerator", NOT_NEGATIVE, "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.").else_holds("0.5").source(PROVIDER),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.denominator", NOT_NEGATIVE, "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.").else_holds("1").source(PROVIDER),
    strategy("vertical.{cpu,memory}.applyThresholdStrategy.exponent", Kind::Number(0.0, 1.0), "With type customAdaptive, where it must be given; the default is that of defaultAdaptive.").else_holds("1").source(PROVIDER),
    Field::new("vertical.{cpu,memory}.limit", Kind::Group, "What becomes of the limit.")
        .requires(&["type"])
        .else_holds("cpu: limits are removed; memory: 1.5 times the request, at least 128Mi and the original limit, and none where there was none")
        .since("older page; provider 2024-12")
        .source(REFERENCE),
    limit("vertical.{cpu,memory}.limit.multiplier", MULTIPLIER, "With type multiplier only: the limit is the request times this.")
        .since("older page; provider 2024-12"),
    limit("vertical.{cpu,memory}.limit.onlyIfOriginalExist", Kind::Boolean, "With type multiplier only: no limit is added where the template has none.")
        .else_holds("false"),
    limit("vertical.{cpu,memory}.limit.onlyIfOriginalLower", Kind::Boolean, "With type multiplier only: a limit of the template above the computed one is kept.")
        .else_holds("false"),
];

const STRATEGIES: &[&str] =
    &["defaultAdaptive", "percentage", "customAdaptive", "percentageOfCurrent", "absolute"];

pub(super) const LIMIT_TYPES: &[&str] =
    &["automatic", "noLimit", "keepLimits", "multiplier", "maintainRatio"];

const STRATEGY: &str = "`defaultAdaptive`: 0.5 / (current + 1), current in cores or GiB; `percentage`: of the present request when rising, of the new one when falling; `percentageOfCurrent`: of the present request, whichever way; `absolute`: an amount; `customAdaptive`: numerator / (current + denominator) ^ exponent.";
pub(super) const LIMIT_TYPE: &str = "`automatic`: what holds when nothing is said; `noLimit`: removed; `keepLimits`: as in the template; `multiplier`: the request times multiplier; `maintainRatio`: in the template's ratio to the request.";
const TARGET: &str = "The usage that a request covers: a percentile, averaged over pods, or of all pods together (`pooled:p90`); the greatest sample of any pod (`max`); Plimsoll's own judgement (`auto`); or the greatest usage predicted (`forecast:balanced`, `forecast:p95`).";
const LOOK_BACK: &str = "How far back usage is looked at.";
const LEAST: &str = "The least request; not above max.";
const GREATEST: &str = "The greatest request; not below min.";
const MIN_VALUES: &str =
    "0, or a quantity from 1m such as 250m or 1.5 for CPU, from 1Mi such as 512Mi for memory";
const MAX_VALUES: &str =
    "a quantity from 1m such as 250m or 1.5 for CPU, from 1Mi such as 512Mi for memory";

const fn strategy(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc)
        .since("newer page; provider 2025-01, adaptive 2025-02")
        .source(REFERENCE)
}

const fn limit(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).since("newer page; provider 2025-11").source(REFERENCE)
}

const fn lowering(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field::new(path, kind, doc).source(OURS)
}
