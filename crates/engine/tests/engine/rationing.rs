//! The cluster-wide budget of changed pods.

use plimsoll_domain::{Evaluation, NewPods, OomFloor, Reason, Resources, Running};
use plimsoll_engine::{Budget, ration};

use crate::fixture::{APP, NOW, Scene, memory, resources};

/// An evaluation that would change three pods to these values.
fn mk_change(name: &str, to: Resources) -> Evaluation {
    let mut evaluation = Scene::observed().evaluate();
    evaluation.workload.name = name.into();
    if let Running::Apply(action) = &mut evaluation.decision.running {
        action.workload = evaluation.workload.clone();
        for change in &mut action.changes {
            change.containers[0].to = to;
        }
    }
    evaluation
}

fn with_floor(mut evaluation: Evaluation) -> Evaluation {
    evaluation.state.oom_floors =
        vec![OomFloor { container: APP.to_owned(), floor: memory(600).unwrap(), killed_at: NOW }];
    evaluation
}

/// For each evaluation in its order: pods changed and pods waiting; `None` when held.
fn check(evaluations: Vec<Evaluation>, pods_left: u32, expect: &[Option<(usize, u32)>]) {
    let budget = Budget { pods_left, pods_per_minute: 10 };
    let names: Vec<_> = evaluations.iter().map(|e| e.workload.name.clone()).collect();
    let rationed = ration(evaluations, &budget);
    let after: Vec<_> = rationed.iter().map(|e| e.workload.name.clone()).collect();
    assert_eq!(after, names);
    let granted: Vec<_> = rationed
        .iter()
        .map(|evaluation| match &evaluation.decision.running {
            Running::Apply(action) => Some((action.changes.len(), action.waiting_for_budget)),
            Running::Hold(reason) => {
                assert_eq!(*reason, Reason::ChangeBudget { limit: 10 });
                assert!(matches!(evaluation.decision.new_pods, NewPods::Patch(_)));
                None
            }
        })
        .collect();
    assert_eq!(granted, expect);
}

fn raise() -> Resources {
    resources((600, 1000), (512, 512))
}

fn lower(cpu: u32) -> Resources {
    resources((cpu, 1000), (512, 512))
}

#[test]
fn a_budget_for_all_changes_nothing() {
    let all = vec![mk_change("a", raise()), mk_change("b", lower(100))];
    check(all, 6, &[Some((3, 0)), Some((3, 0))]);
}

#[test]
fn change_budget() {
    check(vec![mk_change("a", raise())], 0, &[None]);
}

#[test]
fn raises_go_before_the_rest() {
    let both = || vec![mk_change("a", lower(50)), mk_change("b", raise())];
    check(both(), 3, &[None, Some((3, 0))]);
    check(both(), 4, &[Some((1, 2)), Some((3, 0))]);
}

#[test]
fn the_greater_benefit_goes_first() {
    let all = vec![mk_change("a", lower(400)), mk_change("b", lower(100))];
    check(all, 3, &[None, Some((3, 0))]);
}

#[test]
fn among_equals_the_workload_decides() {
    let all = vec![mk_change("b", lower(400)), mk_change("a", lower(400))];
    check(all, 3, &[None, Some((3, 0))]);
}

#[test]
fn memory_events_go_first_of_all() {
    let small = resources((500, 1000), (520, 520));
    let great = resources((5000, 5000), (512, 512));
    let all = vec![mk_change("a", great), with_floor(mk_change("b", small))];
    check(all, 3, &[None, Some((3, 0))]);
    let above_the_floor = |mut evaluation: Evaluation| {
        evaluation.state.oom_floors[0].floor = memory(500).unwrap();
        evaluation
    };
    let ordinary = above_the_floor(with_floor(mk_change("b", small)));
    check(vec![mk_change("a", great), ordinary], 3, &[Some((3, 0)), None]);
}
