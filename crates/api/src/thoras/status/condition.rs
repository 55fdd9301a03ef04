//! Conditions in Kubernetes' form: `Ready` sums up, `Valid` is about what is written, `Governing`
//! about whether it counts; `Forecasting` is in `forecasting.rs`.

use plimsoll_domain::{Diagnostic, Governor, Parsed, Severity, Timestamp};
use serde_json::{Value, json};

use super::{TargetFacts, TargetedWorkload, TemplateFacts};
use crate::time;

/// A condition without its times.
#[derive(Debug)]
pub(super) struct Condition {
    kind: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Condition {
    pub(super) fn new(
        kind: &'static str,
        holds: bool,
        reason: &'static str,
        message: String,
    ) -> Self {
        Self { kind, holds, reason, message }
    }

    /// Whether it holds, and why.
    #[cfg(test)]
    pub(super) fn parts(&self) -> (bool, &str, &str) {
        (self.holds, self.reason, &self.message)
    }

    /// As the API server has it; since when it is so is taken from the stored one, if that was so.
    pub(super) fn to_json(
        &self,
        generation: Option<i64>,
        now: Timestamp,
        previous: Option<&Value>,
    ) -> Value {
        let status = if self.holds { "True" } else { "False" };
        let stored = previous
            .and_then(|status| status.get("conditions")?.as_array())
            .and_then(|all| all.iter().find(|one| text(one, "type") == Some(self.kind)));
        let since = stored
            .filter(|one| text(one, "status") == Some(status))
            .and_then(|one| text(one, "lastTransitionTime"))
            .map_or_else(|| json!(time(now)), |since| json!(since));
        let mut condition = json!({
            "type": self.kind,
            "status": status,
            "reason": self.reason,
            "message": self.message,
            "lastTransitionTime": since
        });
        if let (Some(generation), Some(condition)) = (generation, condition.as_object_mut()) {
            condition.insert("observedGeneration".to_owned(), json!(generation));
        }
        condition
    }
}

/// Whether what is written can be worked by.
pub(super) fn valid(document: &Parsed) -> Condition {
    let unreadable = document.settings.as_ref().err();
    let refused = unreadable.or_else(|| error(&document.remarks));
    if let Some(refused) = refused {
        Condition::new("Valid", false, "Refused", said(refused))
    } else {
        let warnings = document.remarks.len();
        let message = match document.remarks.first() {
            Some(first) if warnings == 1 => format!("With a warning: {}", said(first)),
            Some(first) => format!("With {warnings} warnings, the first: {}", said(first)),
            None => "Every field was understood".to_owned(),
        };
        Condition::new("Valid", true, "Understood", message)
    }
}

/// Whether it governs the workloads it is for.
pub(super) fn governing(facts: &TargetFacts<'_>) -> Condition {
    let workloads = facts.workloads;
    let condition = |holds, reason, message| Condition::new("Governing", holds, reason, message);
    let Some(first) = workloads.first() else {
        let message = "There is no workload of that name or with such pods in the namespace";
        return condition(false, "WorkloadMissing", message.to_owned());
    };
    match workloads.iter().find(|workload| !workload.is_governed) {
        Some(lost) => condition(false, "Overruled", overruled(lost)),
        None if workloads.len() == 1 => {
            condition(true, "Governing", format!("It governs {}", first.id))
        }
        None => condition(true, "Governing", format!("It governs {} workloads", workloads.len())),
    }
}

/// The sum of the others.
pub(super) fn ready(others: &[&Condition], facts: &TargetFacts<'_>) -> Condition {
    if let Some(failed) = others.iter().find(|condition| !condition.holds) {
        return Condition::new("Ready", false, failed.reason, failed.message.clone());
    }
    if facts.workloads.iter().any(|workload| workload.evaluation.is_none()) {
        let message = "Not every workload was looked at yet";
        return Condition::new("Ready", false, "Pending", message.to_owned());
    }
    Condition::new("Ready", true, "Ready", "It is worked by".to_owned())
}

/// Whether a template makes its targets.
pub(super) fn of_template(remarks: &[Diagnostic], facts: &TemplateFacts<'_>) -> Condition {
    let TemplateFacts { made, skipped, notes } = *facts;
    if let Some(refused) = remarks.iter().find(|remark| remark.severity == Severity::Error) {
        return Condition::new("Ready", false, "Refused", said(refused));
    }
    let mut parts = vec![match made {
        1 => "One workload has a target from it".to_owned(),
        made => format!("{made} workloads have a target from it"),
    }];
    match skipped {
        0 => {}
        1 => parts.push("one has a target of its own".to_owned()),
        skipped => parts.push(format!("{skipped} have a target of their own")),
    }
    parts.extend_from_slice(notes);
    Condition::new("Ready", true, "Ready", parts.join("; "))
}

fn overruled(workload: &TargetedWorkload<'_>) -> String {
    let by = match workload.governor {
        Governor::Annotation => "its annotation".to_owned(),
        Governor::DaemonSetAutoscaler(name) => format!("DaemonSetAutoscaler {name}"),
        Governor::TargetByName(name) => format!("AIScaleTarget {name}, which names it"),
        Governor::TargetBySelector(name) => {
            format!("AIScaleTarget {name}, whose selector matches its pods")
        }
        Governor::TargetFromTemplate(name) => {
            format!("AIScaleTarget {name}, which a template made")
        }
        Governor::ScaledWorkload => "its ScaledWorkload".to_owned(),
        Governor::ScalingPolicy => "its ScalingPolicy".to_owned(),
    };
    format!("{} is governed by {by}", workload.id)
}

/// The first error that keeps anything from being done: one below `horizontal` keeps nothing.
fn error(remarks: &[Diagnostic]) -> Option<&Diagnostic> {
    remarks.iter().find(|remark| {
        remark.severity == Severity::Error
            && !remark.field.split('.').any(|key| key == "horizontal")
    })
}

fn said(remark: &Diagnostic) -> String {
    let Diagnostic { field, message, .. } = remark;
    if field.is_empty() { message.clone() } else { format!("{field}: {message}") }
}

fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}
