//! What is said of a workload beside its sizes.

use super::{NAME_MAX, PROVIDER, REFERENCE};
use crate::fields::{Field, Kind};

/// The most rules of grouping; each is tried on every container of every pod.
const GROUPINGS_MAX: usize = 32;
/// The most words of one rule.
const WORDS_MAX: usize = 32;

pub(super) const FIRST: &[Field] = &[Field::new(
    "scalingPolicyName",
    Kind::Text(63),
    "The ScalingPolicy that holds where nothing is said here. A name that is no policy's: `resiliency` for a StatefulSet, `balanced` for all else, and a warning.",
)
.else_holds("by assignment rules, else the default policy, else by kind")
.values("the name of a ScalingPolicy, of at most 63 characters")
.since("older page; by kind: newer page")
.source(REFERENCE)];

pub(super) const LAST: &[Field] = &[
    Field::new("containersGrouping", Kind::List(GROUPINGS_MAX), "Containers under changing names that count as one; the first rule that matches holds.")
        .requires(&["key", "operator", "values", "into"])
        .since("newer page")
        .source(REFERENCE),
    Field::new("containersGrouping[].key", Kind::Word(&["name"]), "What is compared.")
        .since("newer page")
        .source(REFERENCE),
    Field::new("containersGrouping[].operator", Kind::Word(&["contains"]), "How it is compared.")
        .since("newer page")
        .source(REFERENCE),
    Field::new("containersGrouping[].values", Kind::Texts(1, WORDS_MAX), "What it is compared with: any of them is enough.")
        .since("newer page")
        .source(REFERENCE),
    Field::new("containersGrouping[].into", Kind::Text(NAME_MAX), "The name they count under.")
        .since("newer page")
        .source(REFERENCE),
    Field::new("schedule", Kind::Group, "How a custom workload runs.")
        .since("newer page")
        .source(REFERENCE),
    Field::new("schedule.type", Kind::Or(super::INHERIT, &Kind::Word(&["jobLike", "continuous"])), "`jobLike`: in runs that end, and three of them in the look-back are enough to be sure; `continuous`: all the time. For custom workloads only.")
        .else_holds("as the kind of the workload says")
        .values("jobLike or continuous")
        .since("newer page")
        .source(REFERENCE),
    Field::new("rolloutBehavior", Kind::Group, "How running pods are changed.")
        .since("newer page; provider 2025-07")
        .source(REFERENCE)
        .later(),
    Field::new("rolloutBehavior.type", Kind::Word(&["NoDisruption", "Default"]), "`NoDisruption`: a Deployment of one replica has two while it is changed. Not together with applyType deferred.")
        .since("newer page; component v0.35.3")
        .source(PROVIDER)
        .later(),
    Field::new("rolloutBehavior.preferOneByOne", Kind::Boolean, "One pod at a time; with applyType immediate only.")
        .else_holds("false")
        .since("newer page; component v0.57.0")
        .source(REFERENCE)
        .later(),
    Field::new("rolloutBehavior.delaySeconds", Kind::Integer(0, 3600), "The pause between two pods, in seconds.")
        .since("newer page; provider 2026-05")
        .source(REFERENCE)
        .later(),
];
