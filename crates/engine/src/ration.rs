//! Ration: spreads the cluster-wide budget of changed pods over all decisions.

use std::cmp::{Ordering, Reverse};

use plimsoll_domain::{
    Action, Allocation, Amount, ContainerChange, Evaluation, Reason, Resource, Running,
};

use crate::{floor, values};

/// How many pods may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Now.
    pub pods_left: u32,
    /// In any minute.
    pub pods_per_minute: u32,
}

/// Holds what exceeds the budget; the evaluations come back in their order.
///
/// Memory events go first, then whatever raises a request, then the rest; among equals the greater
/// benefit for each pod, since pods are what the budget counts; then by workload. An action is cut
/// short where the budget ends, and held where nothing is left of it.
pub fn ration(mut evaluations: Vec<Evaluation>, budget: &Budget) -> Vec<Evaluation> {
    let mut ranked: Vec<usize> = (0..evaluations.len()).collect();
    let ranks: Vec<Rank> = evaluations.iter().map(Rank::of).collect();
    ranked.sort_by(|&one, &other| {
        let by_workload = || evaluations[one].workload.cmp(&evaluations[other].workload);
        ranks[one].cmp(&ranks[other]).then_with(by_workload)
    });
    let mut left = budget.pods_left;
    for index in ranked {
        left -= spend(&mut evaluations[index].decision.running, left, *budget);
    }
    evaluations
}

/// Cuts one decision to what is left; returns how much it uses.
fn spend(running: &mut Running, left: u32, budget: Budget) -> u32 {
    let Running::Apply(action) = running else {
        return 0;
    };
    let wanted = u32::try_from(action.changes.len()).unwrap_or(u32::MAX);
    let granted = wanted.min(left);
    if granted == 0 && wanted > 0 {
        *running = Running::Hold(Reason::ChangeBudget { limit: budget.pods_per_minute });
        return 0;
    }
    action.changes.truncate(granted as usize);
    action.waiting_for_budget = wanted - granted;
    granted
}

/// What goes first: the lesser rank.
#[derive(PartialEq)]
struct Rank {
    is_event: Reverse<bool>,
    is_raise: Reverse<bool>,
    /// Mean over pods of the sum over containers and resources of the relative change of the
    /// request: free of units, so that cores and bytes can be added, and at most 1 each.
    benefit: f64,
}

impl Rank {
    fn of(evaluation: &Evaluation) -> Self {
        let floors = &evaluation.state.oom_floors;
        let action = match &evaluation.decision.running {
            Running::Apply(action) => Some(action),
            Running::Hold(_) => None,
        };
        let any = |is: &dyn Fn(&ContainerChange) -> bool| {
            action.is_some_and(|action| changes(action).any(is))
        };
        Self {
            is_event: Reverse(any(&|change| {
                let floor = floor::of(floors, &change.container);
                change.from.memory.request < floor && is_raise(change, Resource::Memory)
            })),
            is_raise: Reverse(any(&|change| {
                Resource::ALL.into_iter().any(|resource| is_raise(change, resource))
            })),
            benefit: action.map_or(0.0, benefit),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        (self.is_event.cmp(&other.is_event))
            .then_with(|| self.is_raise.cmp(&other.is_raise))
            .then_with(|| other.benefit.total_cmp(&self.benefit))
    }
}

fn changes(action: &Action) -> impl Iterator<Item = &ContainerChange> {
    action.changes.iter().flat_map(|change| &change.containers)
}

fn is_raise(change: &ContainerChange, resource: Resource) -> bool {
    change.to.get(resource).request > change.from.get(resource).request
}

fn benefit(action: &Action) -> f64 {
    let shares = changes(action).flat_map(|change| {
        let shares = Resource::ALL
            .map(|resource| relative_change(*change.from.get(resource), *change.to.get(resource)));
        shares.into_iter()
    });
    shares.sum::<f64>() / (action.changes.len().max(1) as f64)
}

/// The change of the request as a share of the greater one, 0 to 1.
fn relative_change(from: Allocation, to: Allocation) -> f64 {
    if values::same(from.request, to.request) {
        return 0.0;
    }
    let value = |allocation: Allocation| allocation.request.map_or(0.0, Amount::value);
    let (from, to) = (value(from), value(to));
    (to - from).abs() / from.max(to)
}
