//! Moves over several evaluations: cooldown, budget, later pods, and what is remembered.

use std::time::Duration;

use plimsoll_domain::{
    Applied, Evaluation, Move, Reason, ResizeStatus, Resource, Resources, Running,
};
use plimsoll_engine::record_move;

use crate::fixture::{APP, NOW, Scene, action, cpu, given, reason, resources};

fn after(minutes: u64) -> plimsoll_domain::Timestamp {
    NOW.plus(Duration::from_mins(minutes))
}

fn check(evaluation: &Evaluation, expect: &[(&str, Resources)]) {
    assert_eq!(given(evaluation), expect);
}

/// The pods as a move to these values left them: the first has them, the others not yet.
fn begun(values: Resources, minutes_ago: u64) -> Scene {
    let mut scene = Scene::observed();
    let original = resources((500, 0), (512, 0));
    scene.workload.containers[0].original = original;
    scene.run_with(original);
    scene.workload.pods[0].containers[0].resources = values;
    scene.workload.state.last_move = Some(Move {
        at: NOW.minus(Duration::from_mins(minutes_ago)),
        containers: vec![(APP.to_owned(), values)],
    });
    scene
}

#[test]
fn a_move_goes_on_to_the_pods_left_without_cooldown() {
    let values = resources((225, 0), (451, 0));
    let scene = begun(values, 5);
    check(&scene.evaluate(), &[("web-1", values), ("web-2", values)]);
    assert_eq!(scene.evaluate().applied, Applied { pods: 1, of: 3 });
}

/// The surge came after the move began: what is left of it would take away what is needed now.
#[test]
fn a_move_that_the_recommendation_left_behind_does_not_go_on() {
    let scene = begun(resources((50, 0), (451, 0)), 5);
    let until = after(25);
    assert_eq!(*reason(&scene.evaluate()), Reason::CoolingDown { until });
}

/// 225m and a new least request of 240m differ by less than the threshold: no reason to move pods
/// again, but none to give more pods less than the policy allows.
#[test]
fn a_move_that_the_policy_forbids_by_now_does_not_go_on() {
    let mut scene = begun(resources((225, 0), (451, 0)), 5);
    crate::fixture::set(&mut scene, Resource::Cpu, |policy| {
        policy.min.value = crate::fixture::at(cpu(240));
    });
    let until = after(25);
    assert_eq!(*reason(&scene.evaluate()), Reason::CoolingDown { until });
}

#[test]
fn a_pod_that_came_later_is_not_taken_back_to_the_move() {
    let values = resources((225, 0), (451, 0));
    let mut scene = begun(values, 5);
    for pod in &mut scene.workload.pods[1..] {
        pod.created_at = NOW.minus(Duration::from_mins(1));
    }
    let until = after(25);
    assert_eq!(*reason(&scene.evaluate()), Reason::CoolingDown { until });
}

#[test]
fn after_the_cooldown_the_present_recommendation_is_rolled_out() {
    let scene = begun(resources((50, 0), (451, 0)), 30);
    let values = resources((220, 0), (451, 0));
    let expect = [("web-0", values), ("web-1", values), ("web-2", values)];
    check(&scene.evaluate(), &expect);
}

#[test]
fn a_new_move_is_counted_and_one_that_goes_on_is_not() {
    let mut scene = Scene::observed();
    scene.step(NOW);
    let begun = scene.workload.state.clone();
    assert_eq!(begun.moves, 1);
    let last = begun.last_move.as_ref().unwrap();
    assert_eq!((last.at, last.containers[0].1), (NOW, resources((220, 0), (451, 677))));
    scene.workload.pods[2].containers[0].resources = resources((500, 1000), (512, 512));
    let evaluation = scene.step(after(1));
    assert_eq!(action(&evaluation).changes.len(), 1);
    assert_eq!(scene.workload.state.last_move, begun.last_move);
    assert_eq!(scene.workload.state.moves, 1);
}

#[test]
fn a_hold_is_no_move() {
    let mut scene = Scene::observed();
    scene.run_with(resources((220, 0), (451, 677)));
    let mut evaluation = scene.evaluate();
    record_move(&mut evaluation, NOW);
    assert_eq!(evaluation.state.last_move, None);
}

#[test]
fn nothing_is_done_again_a_minute_after() {
    let mut scene = Scene::observed();
    scene.step(NOW);
    let evaluation = scene.evaluate_at(after(1));
    assert!(matches!(evaluation.decision.running, Running::Hold(_)));
}

/// A pod asked to be resized says in its spec what it will have, not what it has.
#[test]
fn a_resize_that_is_not_done_is_not_applied() {
    let mut scene = Scene::observed();
    scene.step(NOW);
    scene.workload.pods[0].resize = ResizeStatus::InProgress;
    assert_eq!(scene.evaluate().applied, Applied { pods: 2, of: 3 });
}

/// A restart loses the engine; what is in the workload's state and in the store decides the same.
#[test]
fn a_restart_changes_no_answer() {
    let mut scene = Scene::observed();
    scene.step(NOW);
    let before = scene.evaluate_at(after(1));
    let restarted = scene.with_settings(plimsoll_engine::Settings::default());
    assert_eq!(restarted.evaluate_at(after(1)), before);
}

#[test]
fn pods_that_are_gone_are_ended_and_old_histories_forgotten() {
    let mut scene = Scene::observed();
    scene.workload.pods.truncate(1);
    let workload = scene.workload.clone();
    scene.engine.observe_pods(&workload);
    let live = |scene: &Scene| {
        let histories = scene.engine.histories();
        histories.map(|(_, history)| history.live_pods().count()).collect::<Vec<_>>()
    };
    assert_eq!(live(&scene), [1]);
    scene.engine.forget(NOW.plus(Duration::from_hours(7 * 24)));
    assert_eq!(live(&scene).len(), 1);
    scene.engine.forget(NOW.plus(Duration::from_hours(8 * 24)));
    assert!(live(&scene).is_empty());
}

/// One pod lives, with 180m, and two are gone, with 220m: 200m, where three would make 207m.
#[test]
fn pods_that_are_gone_count_as_one() {
    let mut scene = Scene::test();
    scene.observe_day([180, 220, 220], 300, 410);
    scene.workload.pods.truncate(1);
    let workload = scene.workload.clone();
    scene.engine.observe_pods(&workload);
    let request = crate::fixture::patched(&scene.evaluate()).cpu.request;
    assert_eq!(request, cpu(220));
}
