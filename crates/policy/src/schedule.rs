//! How a workload runs is a question for custom workloads only; every other kind answers it itself.

use plimsoll_domain::{Diagnostic, Origin, Settings, VerticalSettings};

use crate::Sources;
use crate::configure::warning;

/// What leaves workloads of most kinds no choice.
const KIND: Origin = Origin::Forced("kind of workload");

/// Whether it is asked how this workload runs: a custom one, whose pods no job made.
pub(crate) fn is_open(sources: &Sources<'_>) -> bool {
    let facts = &sources.facts;
    let is_job = facts.group == "batch" && matches!(facts.kind, "Job" | "CronJob");
    sources.is_custom && !is_job
}

/// The answer of the kind, where any source gives another: as if nobody had said anything. Whoever
/// wrote it for this very workload is told; a policy is written for many.
pub(crate) fn by_kind(
    sources: &Sources<'_>,
    layers: &[(Origin, Settings)],
    remarks: &mut Vec<Diagnostic>,
) -> Option<(Origin, Settings)> {
    let said = |(_, settings): &&(Origin, Settings)| {
        settings.vertical.schedule.is_some_and(|schedule| schedule.is_some())
    };
    layers.iter().find(said)?;
    for (origin, _) in layers.iter().filter(said).filter(|(origin, _)| is_own(origin)) {
        let message = if sources.is_custom {
            "is not used for the pods of jobs, which always run in jobs"
        } else {
            "is used for custom workloads only; the kind of this one decides"
        };
        remarks.push(warning(origin, "schedule.type", message.to_owned()));
    }
    let vertical = VerticalSettings { schedule: Some(None), ..VerticalSettings::default() };
    Some((KIND, Settings { vertical, ..Settings::default() }))
}

/// Whether a document is about one workload.
fn is_own(origin: &Origin) -> bool {
    match origin {
        Origin::Annotation | Origin::OlderAnnotations | Origin::ScaledWorkload => true,
        Origin::Default
        | Origin::Flag(_)
        | Origin::SystemPolicy(_)
        | Origin::ScalingPolicy(_)
        | Origin::DaemonSetAutoscaler(_)
        | Origin::AiScaleTarget(_)
        | Origin::Forced(_) => false,
    }
}
