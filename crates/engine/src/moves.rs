//! The changes of running pods that a case calls for: for a memory event, to go on with the last
//! move, or to begin a new one.

use plimsoll_domain::{Move, Pod, PodChange, Policy};

use crate::case::{Case, Known};
use crate::compare::{self, Comparison};
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
    let compared = compare::compare(&pods(known), &floored, known.policy, &known.means);
    let urgent = compared.iter().filter(|comparison| {
        comparison.containers().any(|(container, reached)| {
            let (present, to) = (container.resources.memory, reached.to.memory);
            let is_raise = to.request > present.request || to.limit > present.limit;
            let floor = floor::of(&known.floors, &container.name);
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
    if !urgent.is_empty() && (cooling.is_some() || known.sufficient.is_err()) {
        let under = cooling.map_or(&[][..], |last| last.containers.as_slice());
        return Moves { values: values::overlaid(under, &known.floored_memory()), changes: urgent };
    }
    match cooling {
        Some(last) => Moves { values: last.containers.clone(), changes: continued(last, known) },
        None => Moves { values: known.goal.clone(), changes: begun(known, urgent) },
    }
}

/// All changes that pass the threshold, and the urgent ones of pods where none does.
fn begun(known: &Known<'_>, urgent: Vec<PodChange>) -> Vec<PodChange> {
    let mut changes = passing(&known.compared);
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
    if is_outdated(&values, known.policy, &known.goal) {
        return Vec::new();
    }
    let pods: Vec<&Pod> = pods(known).into_iter().filter(|pod| pod.created_at <= last.at).collect();
    passing(&compare::compare(&pods, &values, known.policy, &known.means))
}

/// Whether pods with these values would have to be moved again, or the policy forbids them by now.
fn is_outdated(values: &Values, policy: &Policy, goal: &Values) -> bool {
    let departs = goal.iter().any(|(name, goal)| {
        values::of(values, name).is_some_and(|from| compare::departs(from, goal, policy))
    });
    departs || !state::is_bounded(values, policy)
}

fn passing(compared: &[Comparison<'_>]) -> Vec<PodChange> {
    let passing = compared.iter().filter(|comparison| comparison.passes);
    passing.filter_map(Comparison::change).collect()
}

fn pods<'a>(known: &Known<'a>) -> Vec<&'a Pod> {
    known.compared.iter().map(|comparison| comparison.pod).collect()
}
