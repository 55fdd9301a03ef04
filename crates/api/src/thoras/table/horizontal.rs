//! The number of pods: `horizontal`. Read and validated in full, and not in effect yet.

use super::row::{Kind, Row, row};
use super::vertical::{MODES, THRESHOLDS};

/// The most numbers of pods that are listed as allowed.
pub(super) const ALLOWED_MAX: u32 = 128;
/// The most metrics that are added or left out.
pub(super) const METRICS_MAX: u32 = 64;

pub(super) const ROWS: &[Row] = &[
    row("", Kind::Group, "The number of pods.").later(),
    row("mode", Kind::Word(MODES), "As mode of vertical; only one of the two may be autonomous.")
        .required()
        .later(),
    row("minReplicas", Kind::Integer(0), "The least number of pods.")
        .otherwise("as the HorizontalPodAutoscaler says")
        .later(),
    row("maxReplicas", Kind::Integer(0), "The greatest number of pods.")
        .otherwise("as the HorizontalPodAutoscaler says")
        .later(),
    row("multipleOf", Kind::Integer(1), "The number of pods is a multiple of this.")
        .newer()
        .later(),
    row(
        "allowedReplicas[]",
        Kind::Numbers(ALLOWED_MAX),
        "The number of pods is one of these. Not together with multipleOf.",
    )
    .newer()
    .later(),
    row(
        "additional_metrics[]",
        Kind::List(METRICS_MAX),
        "Metrics beside those of the HorizontalPodAutoscaler, in its own form.",
    )
    .later(),
    row(
        "exclude_metrics[]",
        Kind::List(METRICS_MAX),
        "Metrics of the HorizontalPodAutoscaler that are not looked at.",
    )
    .later(),
    row("exclude_metrics[].name", Kind::Text, "The metric's name.").required().later(),
    row("exclude_metrics[].type", Kind::Text, "Its type.").required().later(),
    row("scaling_behavior", Kind::Group, "How great a change must be to be made.").later(),
];

/// Thresholds of horizontal changes.
pub(super) const BEHAVIOR: &[Row] = &[
    row("scale_up", Kind::Group, "For more pods.").later(),
    row("scale_up.type", Kind::Word(THRESHOLDS), "Which of percent and absolute counts.")
        .required()
        .later(),
    row("scale_up.percent", Kind::Integer(0), "The change must exceed this share of the pods.")
        .later(),
    row("scale_up.absolute", Kind::Map(8), "The change must be at least this.").later(),
    row("scale_up.absolute.*", Kind::Quantity, "By `pods`.").later(),
    row("scale_down", Kind::Group, "For fewer pods.").later(),
    row("scale_down.type", Kind::Word(THRESHOLDS), "Which of percent and absolute counts.")
        .required()
        .later(),
    row("scale_down.percent", Kind::Integer(0), "The change must exceed this share of the pods.")
        .later(),
    row("scale_down.absolute", Kind::Map(8), "The change must be at least this.").later(),
    row("scale_down.absolute.*", Kind::Quantity, "By `pods`.").later(),
];
