//! Why there is nothing to do, or not yet.

use plimsoll_domain::{Constraint, Direction, Pod, Reason, ResizeStatus, Verdict};

use crate::case::{Case, Known};
use crate::compare;
use crate::moves::Moves;

/// Why no pod is changed, when no difference passes its threshold: what holds a change back comes
/// before what is merely small, and that before what is as it should be.
pub(crate) fn nothing_passes(known: &Known<'_>, moves: &Moves) -> Option<Reason> {
    if !moves.changes.is_empty() || known.compared.iter().any(|c| c.passes) {
        return None;
    }
    let verdicts = verdicts(known);
    let reason = leak(known)
        .or_else(|| unsettled(known))
        .or_else(|| below_threshold(&verdicts))
        .or_else(|| needs_recreate(&verdicts))
        .or_else(|| bounded(known));
    Some(reason.unwrap_or(Reason::UpToDate))
}

/// Differences pass, but none that running pods may be given.
pub(crate) fn deferred(known: &Known<'_>, moves: &Moves) -> Option<Reason> {
    let mut passing = known.compared.iter().filter(|comparison| comparison.passes);
    if !moves.changes.is_empty() || passing.any(|one| known.permits.allow(known, one)) {
        return None;
    }
    known.permits.deferred(known).map(Reason::Deferred)
}

/// Memory that is not raised although it is needed.
fn leak(known: &Known<'_>) -> Option<Reason> {
    known.trails().find_map(|trail| match trail.constraint {
        Some(Constraint::Leak(most)) => Some(Reason::SuspectedLeak { most }),
        Some(Constraint::Min(_) | Constraint::Max(_) | Constraint::Limit(_)) | None => None,
    })
}

/// A difference passes, but the last move is too recent.
pub(crate) fn cooling_down(case: &Case<'_>, moves: &Moves) -> Option<Reason> {
    let until = case.cooling_until()?;
    moves.changes.is_empty().then_some(Reason::CoolingDown { until })
}

/// A resize that was asked for and is not done: the pods' specs say what is wanted, their
/// containers do not have it yet. The one that needs a person most is told.
fn unsettled(known: &Known<'_>) -> Option<Reason> {
    let pods = known.compared.iter().map(|comparison| comparison.pod);
    pods.filter_map(resize).max_by_key(|(weight, _)| *weight).map(|(_, reason)| reason)
}

fn resize(pod: &Pod) -> Option<(u8, Reason)> {
    match &pod.resize {
        ResizeStatus::Settled => None,
        ResizeStatus::InProgress => Some((0, Reason::ResizeInProgress)),
        ResizeStatus::Deferred { .. } => Some((1, Reason::ResizeDeferred)),
        ResizeStatus::Infeasible { message } | ResizeStatus::Failed { message } => {
            let message = message.clone();
            Some((2, Reason::ResizeRefused { message }))
        }
    }
}

fn verdicts(known: &Known<'_>) -> Vec<Verdict> {
    let names = known.goal.iter().map(|(name, _)| name);
    let verdicts = names.flat_map(|name| {
        let verdicts = compare::verdicts(name, &known.compared, &known.goal, &known.rules);
        [verdicts.cpu, verdicts.memory]
    });
    verdicts.flatten().collect()
}

fn below_threshold(verdicts: &[Verdict]) -> Option<Reason> {
    let differing = verdicts.iter().filter(|verdict| verdict.direction != Direction::Same);
    let greatest =
        differing.max_by(|one, other| compare::size(one).total_cmp(&compare::size(other)));
    let greatest = greatest?;
    Some(Reason::BelowThreshold { difference: greatest.difference?, threshold: greatest.threshold })
}

fn needs_recreate(verdicts: &[Verdict]) -> Option<Reason> {
    let mut gaps = verdicts.iter().flat_map(|verdict| &verdict.gaps);
    gaps.find(|gap| matches!(gap, Reason::NeedsRecreate(_))).cloned()
}

fn bounded(known: &Known<'_>) -> Option<Reason> {
    let constraint = known.trails().find_map(|trail| trail.constraint.as_ref())?;
    let bound = match constraint {
        Constraint::Min(_) => "min",
        Constraint::Max(_) => "max",
        Constraint::Limit(_) => "limit",
        Constraint::Leak(_) => "leak",
    };
    Some(Reason::Bounded { bound })
}
