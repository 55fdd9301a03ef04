//! The reference page of reasons: every code, what it means, what a person can do.

use std::fmt::Write as _;

use plimsoll_domain::Reason;

/// The Markdown page that lists every reason in the order of [`Reason::CODES`].
pub fn reason_reference() -> String {
    let mut page = String::from(
        "# Reasons\n\nEvery decision to leave something as it is has one of these reasons. The same \
         word is in the object's conditions and status, in events, metrics, logs, `plimsoll explain` \
         and `plimsoll report`.\n\n| reason | meaning | what to do |\n|---|---|---|\n",
    );
    for code in Reason::CODES {
        let (meaning, remedy) = entry(code);
        writeln!(page, "| `{code}` | {meaning} | {remedy} |").ok();
    }
    page
}

/// Meaning and remedy of one code; empty for a word that is none, which a test rules out.
fn entry(code: &str) -> (&'static str, &'static str) {
    ENTRIES
        .iter()
        .find(|(name, _, _)| *name == code)
        .map_or(("", ""), |(_, meaning, remedy)| (meaning, remedy))
}

const NOTHING: &str = "Nothing.";

const ENTRIES: [(&str, &str, &str); Reason::CODES.len()] = [
    (
        "Stopped",
        "A person told the whole cluster to stand still.",
        "`plimsoll resume` when the cause is over.",
    ),
    (
        "OptedOut",
        "A label on the pods or the namespace asks that it be left alone, or the namespace is \
         `kube-system` or the program's own.",
        "Remove the label to have it sized.",
    ),
    (
        "ConfigurationInvalid",
        "The configuration cannot be read, or a value in it is refused. Running pods stay as they \
         are, new pods get the last published values, and nothing weaker takes over.",
        "Correct the field, line and column that the message names.",
    ),
    (
        "ForeignActuator",
        "Another program, for example a VerticalPodAutoscaler whose mode is not Off, sets the same \
         resources.",
        "Delete that object or set its mode to Off.",
    ),
    (
        "HpaOnResource",
        "A HorizontalPodAutoscaler follows the utilization of this resource; a new request would \
         change its replica count. The other resource proceeds.",
        "Have the HorizontalPodAutoscaler follow an average value or another metric.",
    ),
    (
        "Excluded",
        "A setting says that this resource or container is recommended for and left as it is. New \
         pods keep what their template says of it. The rest of the workload proceeds.",
        "Remove `optimization: off` of the resource, or the name from `excludedContainers`.",
    ),
    (
        "UnknownKind",
        "The kind of workload is not known well enough to be changed; it is recommended for.",
        "Copy the recommended values by hand.",
    ),
    (
        "RecommendOnly",
        "The policy says to recommend only. This is what workloads without configuration have.",
        "Set `vertical.optimization: on` in the annotation to have it applied.",
    ),
    (
        "MetricsUnavailable",
        "No usage could be read, so nothing is changed anywhere. It goes on by itself when usage \
         can be read again.",
        "Look at `kubectl get apiservice v1beta1.metrics.k8s.io` and at the metrics server.",
    ),
    (
        "InsufficientHistory",
        "No pod has enough samples yet outside its startup time.",
        "Wait, or shorten `vertical.startup.period` where containers live shortly.",
    ),
    (
        "ShortHistory",
        "The usage seen does not reach back as far as the policy asks for. New pods get the last \
         published values.",
        "Wait, or shorten `model.min_lookback_to_scale`.",
    ),
    (
        "LowConfidence",
        "Samples cover too little of the look-back for the confidence that is asked for.",
        "Wait, shorten `lookBackPeriod`, or lower `vertical.confidence.threshold`.",
    ),
    (
        "BelowThreshold",
        "No change is great enough to be worth making. New pods get the values all the same.",
        "Lower `applyThreshold` to have smaller changes made.",
    ),
    (
        "Bounded",
        "A bound of the policy, or a limit that stays, holds the value where it is.",
        "Widen `min` or `max`, or change the `limit` rule, if another value is wanted.",
    ),
    (
        "SuspectedLeak",
        "Memory had a higher peak each day for a week, or kill followed kill, until it was ten times what the \
         container was content with or what its template gives it. It is raised no further for as long as that goes on, and eight days.",
        "Look for a leak. If that much is really needed, set `min` for its memory.",
    ),
    ("UpToDate", "Running pods have the recommended values.", NOTHING),
    (
        "CoolingDown",
        "The last change is too recent for the next one.",
        "Nothing: it goes on at the time named.",
    ),
    (
        "RolloutInProgress",
        "The workload is replacing its pods; the new ones get the values when they are created.",
        "Nothing, or look at why the rollout does not finish.",
    ),
    (
        "ChangeBudget",
        "The cluster-wide budget of changed pods is used up for this minute.",
        "Nothing, or raise the budget by its flag.",
    ),
    (
        "Deferred",
        "The apply type is deferred, for all changes or for those that are due: raising, lowering, \
         or memory after a kill. Or the pods can share no node with their like, and the policy \
         heeds that. Only new pods get the values.",
        "Set `vertical.applyType`, `vertical.downscaling.applyType` or \
         `vertical.memoryEvent.applyType` to `immediate` to have running pods changed.",
    ),
    ("NoRunningPods", "There is no running pod to change.", NOTHING),
    (
        "NeedsRecreate",
        "This cannot be changed in a running pod: removing a limit, another quality-of-service \
         class, a memory limit that would fall, a container whose `resizePolicy` restarts it, \
         or a cluster without in-place resize. The next pod \
         gets it. Pods with pod-level resources are left as they are, new ones too.",
        "Nothing, or restart the workload when it suits.",
    ),
    ("ResizeInProgress", "The last resize is not finished.", "Nothing: the kubelet is at it."),
    (
        "ResizeDeferred",
        "The node has no room for the last resize; the kubelet tries again by itself.",
        "Make room on the node, or let the pod move to another.",
    ),
    (
        "ResizeRefused",
        "The node or the API server will not do the resize.",
        "Read the message: often a quota, a LimitRange or a node that is too small.",
    ),
    (
        "DryRun",
        "The program runs with `--dry-run`: it says what it would do and does nothing.",
        "Start it without the flag.",
    ),
    (
        "Internal",
        "A defect of the program. Only this workload is held.",
        "Report it with the log of the controller.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_meaning_in_the_order_of_the_codes() {
        let names: Vec<&str> = ENTRIES.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, Reason::CODES);
        assert!(!reason_reference().contains("|  |"));
    }
}
