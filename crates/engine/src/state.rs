//! What is remembered from one evaluation to the next: values for new pods, and moves.

use plimsoll_domain::{
    Allocation, Evaluation, Move, OomFloor, Resource, Resources, Running, Timestamp, Workload,
};

use crate::floor;
use crate::rules::Rules;
use crate::values::{self, Values};

/// Values for new pods are replaced when one moves by more than this: fewer writes, and after a
/// restart the same answer as before it.
const MOVED: f64 = 0.01;

/// Notes a decision that was carried out on at least one pod: a new move begins at `now`, unless
/// the pods were given the values of the last one, which then goes on.
pub fn record_move(evaluation: &mut Evaluation, now: Timestamp) {
    let Running::Apply(action) = &evaluation.decision.running else {
        return;
    };
    let state = &mut evaluation.state;
    let last = state.last_move.as_ref();
    if last.is_some_and(|last| values::agree(&last.containers, &action.values, values::SAME)) {
        return;
    }
    state.last_move = Some(Move { at: now, containers: action.values.clone() });
    state.moves += 1;
}

/// The values for new pods, in the template's order.
///
/// With `sufficient` knowledge the recommended ones; where nothing is recommended, those approved
/// last. Without, those approved last, and memory raised by a kill all the same.
pub(crate) fn approved(
    workload: &Workload,
    rules: &Rules<'_>,
    recommended: &Values,
    floors: &[OomFloor],
    sufficient: bool,
) -> Values {
    let last = workload.state.published.as_ref();
    let last = last.map_or(&[][..], |published| published.containers.as_slice());
    let containers = workload.containers.iter().map(|spec| {
        let resources = Resources::from_fn(|resource| {
            if rules.held(&spec.name, resource).is_some() {
                return Allocation::default();
            }
            let wanted = values::given(recommended, &spec.name, resource);
            let kept = values::given(last, &spec.name, resource);
            let floored = resource == Resource::Memory && floor::of(floors, &spec.name).is_some();
            let there = kept.unwrap_or_else(|| *spec.original.get(resource));
            let raised = wanted.filter(|wanted| floored && wanted.request > there.request);
            let chosen = if sufficient { wanted } else { raised };
            chosen.or(kept).unwrap_or_default()
        });
        (spec.name.to_string(), resources)
    });
    let next: Values = containers.filter(|(_, given)| values::is_any(given)).collect();
    let keeps_floors = next.iter().all(|(name, next)| {
        let last = values::of(last, name).and_then(|last| last.memory.request);
        floor::of(floors, name).is_none() || last >= next.memory.request
    });
    if values::agree(last, &next, MOVED) && is_bounded(last, rules) && keeps_floors {
        last.to_vec()
    } else {
        next
    }
}

/// Whether all requests are within the policy's bounds.
pub(crate) fn is_bounded(values: &[(String, Resources)], rules: &Rules<'_>) -> bool {
    values.iter().all(|(name, resources)| {
        resources.iter().all(|(resource, allocation)| {
            let rule = rules.of(name, resource);
            let request = allocation.request;
            rule.zip(request).is_none_or(|(rule, request)| rule.allows(request))
        })
    })
}
