//! The changes of running pods that a case calls for: for a memory event, to go on with the last
//! move, or to begin a new one.

use plimsoll_domain::{Move, Pod, PodChange};

use crate::case::{Case, Known};
use crate::compare::{self, Comparison};
use crate::rules::Rules;
use crate::values::{self, Values};
use crate::{floor, state};

/// Changes, and the values they roll out.
#[derive(Debug)]
pub(crate) struct Moves {
    pub(crate) values: Values,
    pub(crate) changes: Vec<PodChange>,
}

/// Raises of memory that cannot wait: the pod has less than a kill has taught, and can have more.
pub(crate) fn urgent(known: &Known<'_>) -> Vec<PodChange> {
    let floored = known.floored_memory();
    let compared = compare::compare(&pods(known), &floored, &known.rules, &known.means);
    let urgent = compared.iter().filter(|comparison| {
        comparison.containers().any(|(container, reached)| {
            let (present, to) = (container.resources.memory, reached.to.memory);
            let is_raise = to.request > present.request || to.limit > present.limit;
            let floor = floor::of(&known.floors, container.identity());
            let is_lowered = to.request < present.request;
            is_raise && !is_lowered && floor.is_some() && present.request < floor
        })
    });
    let mut changes: Vec<PodChange> = urgent.filter_map(Comparison::change).collect();
    order(&mut changes, known);
    changes
}

/// Pods that were killed come first, since the budget may end before the last; then by name.
fn order(changes: &mut [PodChange], known: &Known<'_>) {
    let is_killed = |change: &PodChange| {
        let found = pods(known).into_iter().find(|pod| pod.uid == change.uid);
        found.is_some_and(|pod| pod.containers.iter().any(|one| one.last_oom.is_some()))
    };
    changes.sort_by_cached_key(|change| (!is_killed(change), change.pod.clone()));
}

/// What the case calls for.
///
/// While the last move cools down it goes on to the pods that it has not reached, and nothing new
/// is begun; a memory event goes first.
pub(crate) fn moves(case: &Case<'_>, known: &Known<'_>, urgent: Vec<PodChange>) -> Moves {
    let last = case.workload.state.last_move.as_ref();
    let cooling = last.filter(|_| case.cooling_until().is_some());
    let ordinary = match cooling {
        Some(last) => continued(last, known),
        None => passing(known, &known.compared),
    };
    let is_alone = cooling.is_some() || known.sufficient.is_err() || ordinary.is_empty();
    if !urgent.is_empty() && is_alone {
        let under = cooling.map_or(&[][..], |last| last.containers.as_slice());
        return Moves { values: values::overlaid(under, &known.floored_memory()), changes: urgent };
    }
    match cooling {
        Some(last) => Moves { values: last.containers.clone(), changes: ordinary },
        None => Moves { values: known.goal.clone(), changes: begun(known, ordinary, urgent) },
    }
}

/// All changes that pass the threshold, and the urgent ones of pods where none does.
fn begun(known: &Known<'_>, mut changes: Vec<PodChange>, urgent: Vec<PodChange>) -> Vec<PodChange> {
    for change in urgent {
        if changes.iter().all(|other| other.uid != change.uid) {
            changes.push(change);
        }
    }
    order(&mut changes, known);
    changes
}

/// The last move on the pods that were there when it began (later ones came with values of their
/// own), unless the recommendation has left it behind.
fn continued(last: &Move, known: &Known<'_>) -> Vec<PodChange> {
    let values = values::only(&last.containers, &known.goal);
    if is_outdated(&values, &known.rules, &known.goal) {
        return Vec::new();
    }
    let pods: Vec<&Pod> = pods(known).into_iter().filter(|pod| pod.created_at <= last.at).collect();
    passing(known, &compare::compare(&pods, &values, &known.rules, &known.means))
}

/// Whether pods with these values would have to be moved again, or the policy forbids them by now.
fn is_outdated(values: &Values, rules: &Rules<'_>, goal: &Values) -> bool {
    let departs = goal.iter().any(|(name, goal)| {
        values::of(values, name).is_some_and(|from| compare::departs(name, from, goal, rules))
    });
    departs || !state::is_bounded(values, rules)
}

/// The changes of pods with a difference that is great enough and not left to new pods.
fn passing(known: &Known<'_>, compared: &[Comparison<'_>]) -> Vec<PodChange> {
    let passing = compared.iter().filter(|comparison| comparison.passes);
    let passing = passing.filter(|comparison| known.permits.allow(known, comparison));
    passing.filter_map(Comparison::change).collect()
}

fn pods<'a>(known: &Known<'a>) -> Vec<&'a Pod> {
    known.compared.iter().map(|comparison| comparison.pod).collect()
}
