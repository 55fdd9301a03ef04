//! A reason as one English sentence with its numbers. The matches are exhaustive: a new reason
//! does not compile until it can be said.

use std::time::Duration;

use plimsoll_domain::{
    Deferral, Exclusion, Gap, OptOut, Origin, Ratio, Reason, RecreateCause, Resource, Stop,
};

use crate::quantity::format_step;

use crate::settings::origin_text;
use crate::time::{format_duration, format_time};

/// What a reason says, as one sentence.
pub fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::Stopped(stop) => stopped(stop),
        Reason::OptedOut(opt_out) => opt_out_sentence(*opt_out).to_owned(),
        Reason::ConfigurationInvalid { diagnostic } => invalid(diagnostic),
        Reason::ForeignActuator(other) => {
            format!("{} {} sets the resources of this workload too.", other.kind, other.name)
        }
        Reason::HpaOnResource { hpa } => hpa_sentence(hpa),
        Reason::Excluded { what, origin } => excluded(*what, origin),
        Reason::UnknownKind { kind } => {
            format!("Workloads of kind {kind} are recommended for but never changed.")
        }
        Reason::RecommendOnly => RECOMMEND_ONLY.to_owned(),
        Reason::MetricsUnavailable { since } => {
            format!("No usage could be read since {}.", format_time(*since))
        }
        Reason::InsufficientHistory(gap) => gap_sentence(*gap),
        Reason::ShortHistory { seen, needed } => short_history(*seen, *needed),
        Reason::LowConfidence { confidence, threshold, wait } => {
            low_confidence(*confidence, *threshold, *wait)
        }
        Reason::BelowThreshold { difference, threshold } => {
            below_threshold(*difference, *threshold)
        }
        Reason::Bounded { bound } => {
            format!("The {bound} bound holds the value where it is; nothing is left to do.")
        }
        Reason::SuspectedLeak { most } => format!(
            "Memory grows without end, day after day or kill after kill, and gets no more than {}: \
             look for a leak, or set the bounds it needs.",
            format_step(Resource::Memory, *most)
        ),
        Reason::UpToDate => "Running pods have the recommended values.".to_owned(),
        Reason::CoolingDown { until } => {
            format!("The last change is recent; the next is made after {}.", format_time(*until))
        }
        Reason::RolloutInProgress { updated, desired } => {
            format!("A rollout is in progress: {updated} of {desired} pods are updated.")
        }
        Reason::ChangeBudget { limit } => change_budget(*limit),
        Reason::Deferred(which) => deferred_sentence(*which).to_owned(),
        Reason::NoRunningPods => "There is no running pod to change.".to_owned(),
        Reason::NeedsRecreate(cause) => recreate_sentence(*cause).to_owned(),
        Reason::ResizeInProgress => "The last resize is not finished yet.".to_owned(),
        Reason::ResizeDeferred => "The node has no room for the last resize yet.".to_owned(),
        Reason::ResizeRefused { message } => {
            format!("The resize was refused: {}.", message.trim_end_matches('.'))
        }
        Reason::DryRun => "The program runs with --dry-run; nothing is changed.".to_owned(),
        Reason::Internal => INTERNAL.to_owned(),
    }
}

/// Why something cannot be changed in place, as one sentence.
pub fn recreate_sentence(cause: RecreateCause) -> &'static str {
    match cause {
        RecreateCause::LimitRemoval => {
            "A limit cannot be removed from a running pod; the next pod is created without it."
        }
        RecreateCause::QosClass => {
            "The change would give the pod another quality-of-service class; the next pod gets it."
        }
        RecreateCause::MemoryLimitDecrease => {
            "The memory limit cannot be lowered in place; the next pod gets the lower one."
        }
        RecreateCause::RestartPolicy => {
            "The container's resizePolicy would restart it for this resource; the next pod gets \
             the value."
        }
        RecreateCause::PodLevelResources => {
            "The pod sets resources for the pod as a whole; such pods are left as they are."
        }
        RecreateCause::NoResizeSubresource => {
            "This cluster cannot resize pods in place; the next pod gets the values."
        }
    }
}

/// Who asked that a workload be left alone, as one sentence.
pub fn opt_out_sentence(opt_out: OptOut) -> &'static str {
    match opt_out {
        OptOut::NamespaceLabel => "A label on the namespace asks that it be left alone.",
        OptOut::PodLabel => "A label on the pods asks that they be left alone.",
        OptOut::ProtectedNamespace => "The namespace is never changed.",
    }
}

const RECOMMEND_ONLY: &str = "The policy says to recommend only; nothing is applied.";
const INTERNAL: &str =
    "A defect of the program stopped this evaluation; other workloads are not affected.";

fn invalid(diagnostic: &str) -> String {
    let what = diagnostic.trim_end_matches('.');
    format!("The configuration cannot be used, so nothing is changed: {what}.")
}

fn hpa_sentence(hpa: &str) -> String {
    format!(
        "HorizontalPodAutoscaler {hpa} follows the utilization of this resource, so its request \
         stays as it is."
    )
}

fn excluded(what: Exclusion, origin: &Origin) -> String {
    let what = match what {
        Exclusion::Resource => "This resource is",
        Exclusion::Container => "This container is",
        Exclusion::ContainerResource => "This resource of this container is",
    };
    format!("{what} recommended for and left as it is ({}).", origin_text(origin))
}

fn deferred_sentence(which: Deferral) -> &'static str {
    match which {
        Deferral::Everything => "The apply type is deferred: only new pods get the values.",
        Deferral::Lowering => {
            "Running pods are not lowered, as the apply type for lowering is deferred: only new pods \
             get the values."
        }
        Deferral::Raising => {
            "Running pods are not raised, as the apply type is deferred: only new pods get the values."
        }
        Deferral::MemoryEvent => {
            "Running pods are not raised after a kill, as the apply type for memory events is \
             deferred: only new pods get the values."
        }
        Deferral::SharesNoNode => {
            "The pods can share no node with their like, and such workloads are left to new pods as \
             the policy says: only these get the values."
        }
    }
}

fn short_history(seen: Duration, needed: Duration) -> String {
    format!(
        "Usage was seen for {}; {} are needed before anything is applied.",
        format_duration(seen),
        format_duration(needed)
    )
}

fn low_confidence(confidence: Ratio, threshold: Ratio, wait: Option<Duration>) -> String {
    let required = format!(
        "Samples cover {} of the look-back; {} are required",
        percent(confidence),
        percent(threshold)
    );
    match wait {
        // Whole minutes: it is a bound, not an appointment.
        Some(wait) => {
            let minutes = Duration::from_mins(wait.as_secs().div_ceil(60));
            format!("{required}, in {} at the earliest.", format_duration(minutes))
        }
        None => format!("{required}."),
    }
}

fn below_threshold(difference: Ratio, threshold: Ratio) -> String {
    format!(
        "The greatest change is {}, which is not more than the threshold of {}.",
        percent(difference),
        percent(threshold)
    )
}

fn change_budget(limit: u32) -> String {
    format!(
        "At most {limit} pods are changed in a minute in the whole cluster, and this minute's are \
         used up."
    )
}

fn stopped(stop: &Stop) -> String {
    let note = if stop.note.is_empty() { String::new() } else { format!(": {}", stop.note) };
    format!("The whole cluster was told to stand still at {}{note}.", format_time(stop.since))
}

fn gap_sentence(gap: Gap) -> String {
    let startup = if gap.startup.is_zero() {
        String::new()
    } else {
        format!(
            "; samples from the first {} of a container do not count",
            format_duration(gap.startup)
        )
    };
    format!(
        "Too little usage was seen: the pod with the most has {} of {} samples needed{startup}.",
        gap.samples, gap.needed
    )
}

fn percent(ratio: Ratio) -> String {
    format!("{:.1} %", ratio.percent())
}
