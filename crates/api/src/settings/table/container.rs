//! Settings for one container: `vertical.containers`.

use super::resource::{LIMIT_TYPE, LIMIT_TYPES};
use super::{CONTAINERS_MAX, INHERIT, OURS, REFERENCE};
use crate::fields::{Field, Kind};

const OR_INHERIT: Kind = Kind::Or(INHERIT, &Kind::Quantity);

pub(super) const BOTH: &[Field] = &[
    Field::new(
        "vertical.containers",
        Kind::Map(CONTAINERS_MAX),
        "Settings for single containers, by name.",
    )
    .since("newer page")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*",
        Kind::Group,
        "The container of that name: of the template, or a native sidecar.",
    )
    .since("newer page")
    .source(REFERENCE),
    Field::new("vertical.containers.*.{cpu,memory}", Kind::Group, "One resource of the container.")
        .since("newer page")
        .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints",
        Kind::Group,
        "Bounds, in place of min and max: where both are given, these hold.",
    )
    .since("newer page")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints.{min,max}",
        Kind::Group,
        "One bound.",
    )
    .requires(&["type", "value"])
    .since("newer page")
    .source(REFERENCE),
];

pub(super) const ANNOTATION: &[Field] = &[
    Field::new(
        "vertical.containers.*.{cpu,memory}.{min,max}",
        Kind::Quantity,
        "A bound of the request.",
    )
    .since("newer page")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints.{min,max}.type",
        Kind::Word(&["constant"]),
        "What value is.",
    )
    .values("constant; percentageOfOriginal is for all containers only")
    .since("newer page")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints.{min,max}.value",
        Kind::Quantity,
        "The bound.",
    )
    .since("newer page")
    .source(REFERENCE),
];

pub(super) const OBJECT: &[Field] = &[
    Field::new(
        "vertical.containers.*.{cpu,memory}.mode",
        Kind::Or(INHERIT, &super::MODES),
        "`Recommend`: it stays as the template has it.",
    )
    .else_holds("as for the resource")
    .source(OURS),
    Field::new(
        "vertical.containers.*.{cpu,memory}.{min,max}",
        OR_INHERIT,
        "A bound of the request.",
    )
    .else_holds("as for the resource")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints.{min,max}.type",
        Kind::Word(&["constant", "percentageOfOriginal"]),
        "What value is.",
    )
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.constraints.{min,max}.value",
        Kind::Quantity,
        "The bound.",
    )
    .values("a quantity for type constant, a percentage such as 90 for percentageOfOriginal")
    .source(REFERENCE),
    Field::new(
        "vertical.containers.*.{cpu,memory}.limit",
        Kind::Group,
        "What becomes of its limit.",
    )
    .requires(&["type"])
    .else_holds("as for the resource")
    .source(OURS),
    Field::new(
        "vertical.containers.*.{cpu,memory}.limit.type",
        Kind::Or(INHERIT, &Kind::Word(LIMIT_TYPES)),
        LIMIT_TYPE,
    )
    .source(OURS),
    Field::new(
        "vertical.containers.*.{cpu,memory}.limit.multiplier",
        Kind::Number(1.0, 1000.0),
        "With type multiplier only: the limit is the request times this.",
    )
    .source(OURS),
    Field::new(
        "vertical.containers.*.{cpu,memory}.limit.{onlyIfOriginalExist,onlyIfOriginalLower}",
        Kind::Boolean,
        "With type multiplier only, as for all containers.",
    )
    .else_holds("false")
    .source(OURS),
];
