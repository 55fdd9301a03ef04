//! The event that an evaluation is worth: one for changed pods, one when the reason to hold is
//! another than before; none for what goes on as it was.

use crate::view::{EvaluationView, OutcomesView, PodChangeView, RunningView};

/// The longest note the events API accepts, in bytes.
const NOTE_BYTES_MAX: usize = 1024;

/// A Kubernetes event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView {
    /// How bad it is.
    pub kind: EventKind,
    /// One word.
    pub reason: String,
    /// What happened, in at most 1,024 bytes.
    pub note: String,
}

/// How bad an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// As it should be.
    Normal,
    /// A person should look.
    Warning,
}

impl EventKind {
    /// The word Kubernetes uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// The event for `current`, if it is worth one.
///
/// A workload seen for the first time is worth an event only when a person should look: a start in
/// a cluster of thousands of workloads would otherwise be an event for each.
pub fn event(previous: Option<&EvaluationView>, current: &EvaluationView) -> Option<EventView> {
    let (kind, reason, note) = match &current.decision.running {
        RunningView::Apply { pods, changes, .. } => {
            applied(*pods, changes, current.outcomes.as_ref())
        }
        RunningView::Hold { reason } => {
            let kind = hold_kind(&reason.code);
            let changed = match previous {
                Some(previous) => previous.decision.running.code() != reason.code,
                None => kind == EventKind::Warning,
            };
            if !changed {
                return None;
            }
            (kind, reason.code.clone(), reason.message.clone())
        }
    };
    Some(EventView { kind, reason, note: shortened(note) })
}

fn applied(
    pods: u32,
    changes: &[PodChangeView],
    outcomes: Option<&OutcomesView>,
) -> (EventKind, String, String) {
    let what = changes.first().map(change).unwrap_or_default();
    let Some(outcomes) = outcomes else {
        return (EventKind::Normal, "Resizing".to_owned(), format!("{pods} pods: {what}."));
    };
    if let Some(failure) = outcomes.failures.first() {
        let note = format!(
            "{} of {pods} pods were not resized; {}: {}.",
            outcomes.failed, failure.pod, failure.message
        );
        return (EventKind::Warning, "ResizeFailed".to_owned(), note);
    }
    if outcomes.dry_run > 0 {
        let note = format!("Dry run: {pods} pods would be resized: {what}.");
        return (EventKind::Normal, "DryRun".to_owned(), note);
    }
    let note = format!("Resized {} of {pods} pods: {what}.", outcomes.accepted);
    (EventKind::Normal, "Resized".to_owned(), note)
}

/// `app cpu 1000m -> 220m, memory 1024Mi -> 451Mi; sidecar ...`.
fn change(change: &PodChangeView) -> String {
    let containers: Vec<String> = change
        .from
        .iter()
        .zip(&change.to)
        .map(|(from, to)| {
            let moves: Vec<String> = from
                .resources()
                .into_iter()
                .zip(to.resources())
                .filter(|((_, from), (_, to))| from.request != to.request)
                .map(|((name, from), (_, to))| {
                    let none = || "none";
                    format!(
                        "{name} {} -> {}",
                        from.request.as_deref().unwrap_or_else(none),
                        to.request.as_deref().unwrap_or_else(none)
                    )
                })
                .collect();
            let moves = if moves.is_empty() { "limits".to_owned() } else { moves.join(", ") };
            format!("{} {moves}", from.container)
        })
        .collect();
    containers.join("; ")
}

/// Which reasons ask for a person.
fn hold_kind(code: &str) -> EventKind {
    match code {
        "ConfigurationInvalid"
        | "MetricsUnavailable"
        | "ForeignActuator"
        | "ResizeRefused"
        | "Internal" => EventKind::Warning,
        _ => EventKind::Normal,
    }
}

fn shortened(mut note: String) -> String {
    if note.len() > NOTE_BYTES_MAX {
        note.truncate(note.floor_char_boundary(NOTE_BYTES_MAX - 3));
        note.push_str("...");
    }
    note
}
