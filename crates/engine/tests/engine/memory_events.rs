//! Kills for exceeding the memory limit: what they teach, and what they may skip.

use std::time::Duration;

use plimsoll_domain::{Estimate, Gap, LimitRule, Move, OomFloor, Reason, Resource, Running};

use crate::fixture::{
    APP, NOW, Scene, action, at, given, memory, mk_published, patched, reason, resources, set,
    untouched,
};

/// The memory request of a new pod, in whole mebibytes.
fn check(scene: &Scene, expect: u32) {
    assert_eq!(patched(&scene.evaluate()).memory.request, memory(expect));
}

/// 1.2 x 512Mi is 614.4Mi.
#[test]
fn a_kill_raises_memory_by_a_fifth_of_the_limit() {
    let mut scene = Scene::observed();
    scene.kill(0, 512, 1);
    check(&scene, 615);
    let evaluation = scene.evaluate();
    let Estimate::Known(trail) = &evaluation.containers[0].estimates.memory else {
        panic!("no estimate");
    };
    let floor = trail.oom_floor.unwrap().value() / 1024.0 / 1024.0;
    assert!((floor - 614.4).abs() < 1e-9);
}

/// A working set of 600Mi seen under a limit of 512Mi (lowered since): 1.2 x 600Mi is 720Mi.
#[test]
fn the_working_set_counts_where_it_is_greater() {
    let mut scene = Scene::observed();
    let last = Duration::from_hours(24) - Duration::from_mins(1);
    scene.observe(0, last, (None, memory(600)));
    scene.kill(0, 512, 0);
    check(&scene, 720);
}

#[test]
fn a_floor_below_what_is_used_changes_nothing() {
    let mut scene = Scene::observed();
    scene.kill(0, 100, 1);
    check(&scene, 451);
}

#[test]
fn the_greatest_request_bounds_the_floor() {
    let mut scene = Scene::observed();
    set(&mut scene, Resource::Memory, |policy| policy.max.value = at(memory(520)));
    scene.kill(0, 512, 1);
    check(&scene, 520);
}

#[test]
fn a_floor_ends_with_the_look_back() {
    let mut scene = Scene::observed();
    scene.kill(0, 512, 24 * 60);
    check(&scene, 451);
    assert!(scene.evaluate().state.oom_floors.is_empty());
}

#[test]
fn a_floor_is_remembered_without_a_store() {
    let mut scene = Scene::test();
    scene.workload.state.oom_floors = vec![floor(600, 60)];
    check(&scene, 600);
}

fn floor(mebibytes: u32, minutes_ago: u64) -> OomFloor {
    OomFloor {
        container: APP.to_owned(),
        floor: memory(mebibytes).unwrap(),
        killed_at: NOW.minus(Duration::from_mins(minutes_ago)),
    }
}

/// After a restart the pod still tells of its last kill, maybe with the limit it was given since.
#[test]
fn a_kill_that_is_counted_does_not_count_again() {
    let mut scene = Scene::observed();
    scene.workload.state.oom_floors = vec![floor(615, 60)];
    scene.kill(0, 923, 60);
    check(&scene, 615);
    scene.kill(0, 923, 5);
    check(&scene, 1108);
}

#[test]
fn while_kills_go_on_the_greatest_floor_stays() {
    let mut scene = Scene::observed();
    scene.workload.state.oom_floors = vec![floor(700, 60)];
    scene.kill(0, 512, 5);
    assert_eq!(scene.evaluate().state.oom_floors, [floor(700, 5)]);
}

/// What is raised for the event alone: memory of the pods below the floor.
fn urgent() -> plimsoll_domain::Resources {
    resources((500, 1000), (615, 922))
}

/// With no usage the limit grows with what is there: 1.5 x 614.4Mi.
#[test]
fn a_kill_skips_insufficient_history_for_memory_alone() {
    let mut scene = Scene::test();
    scene.kill(0, 512, 1);
    let evaluation = scene.step(NOW);
    let expected = [("web-0", urgent()), ("web-1", urgent()), ("web-2", urgent())];
    assert_eq!(given(&evaluation), expected);
    assert_eq!(patched(&evaluation), urgent());
    let after = scene.evaluate_at(NOW.plus(Duration::from_mins(1)));
    let gap = Gap { samples: 0, needed: 10, startup: Duration::from_mins(2) };
    assert_eq!(*reason(&after), Reason::InsufficientHistory(gap));
    assert_eq!(patched(&after), urgent());
}

#[test]
fn a_kill_skips_low_confidence_for_memory_alone() {
    let mut scene = Scene::observed();
    scene.policy.vertical.confidence_required.value = true;
    set(&mut scene, Resource::Cpu, |policy| policy.look_back.value = Duration::from_hours(48));
    assert!(matches!(untouched(&scene.evaluate()), Reason::LowConfidence { .. }));
    scene.kill(0, 512, 1);
    let evaluation = scene.step(NOW);
    assert_eq!(given(&evaluation)[0].1, urgent());
    assert_eq!(patched(&evaluation), urgent());
    assert!(matches!(reason(&scene.evaluate()), Reason::LowConfidence { .. }));
}

#[test]
fn a_kill_skips_the_threshold() {
    let mut scene = Scene::observed();
    scene.run_with(resources((220, 1000), (550, 1024)));
    assert!(matches!(reason(&scene.evaluate()), Reason::BelowThreshold { .. }));
    scene.kill(0, 512, 1);
    assert_eq!(given(&scene.evaluate()).len(), 3);
}

/// The move under way is not lost: its CPU is still to be rolled out beside the raised memory.
#[test]
fn a_kill_skips_the_cooldown_for_memory_alone() {
    let mut scene = Scene::observed();
    let moved = resources((220, 1000), (451, 677));
    scene.workload.state.last_move = Some(Move {
        at: NOW.minus(Duration::from_mins(5)),
        containers: vec![(APP.to_owned(), resources((220, 0), (451, 677)))],
    });
    scene.workload.pods[0].containers[0].resources = moved;
    scene.kill(0, 677, 1);
    let evaluation = scene.step(NOW);
    let raised = |cpu| resources((cpu, 1000), (813, 1219));
    let expected = [("web-0", raised(220)), ("web-1", raised(500)), ("web-2", raised(500))];
    assert_eq!(given(&evaluation), expected);
    let next = scene.step(NOW.plus(Duration::from_mins(1)));
    let expected = [("web-1", raised(220)), ("web-2", raised(220))];
    assert_eq!(given(&next), expected);
}

/// A kill is no reason to take memory away, even where the floor is below what is there.
#[test]
fn a_kill_without_history_never_lowers_memory() {
    let mut scene = Scene::test();
    scene.run_with(resources((500, 1000), (4096, 4096)));
    scene.kill(0, 512, 1);
    let evaluation = scene.evaluate();
    assert!(matches!(reason(&evaluation), Reason::InsufficientHistory(_)));
    assert_eq!(patched(&evaluation).memory.request, memory(4096));
}

#[test]
fn a_kill_without_history_keeps_what_a_larger_template_says() {
    let mut scene = Scene::test();
    scene.workload.pods.clear();
    scene.workload.containers[0].original = resources((500, 0), (4096, 0));
    scene.kill(0, 512, 1);
    scene.workload.state.published = Some(mk_published(resources((220, 0), (451, 0))));
    check(&scene, 4096);
}

/// 612Mi is within 1 % of 615Mi, and below the floor of 614.4Mi.
#[test]
fn a_floor_is_published_to_the_last_mebibyte() {
    let mut scene = Scene::observed();
    scene.kill(0, 512, 1);
    scene.workload.state.published = Some(mk_published(resources((220, 0), (612, 922))));
    check(&scene, 615);
}

/// The floor of 120Mi is no reason to trust a recommendation of 451Mi that is not yet sure.
#[test]
fn a_kill_lets_nothing_lower_through_low_confidence() {
    let mut scene = Scene::observed();
    scene.policy.vertical.confidence_required.value = true;
    set(&mut scene, Resource::Cpu, |policy| policy.look_back.value = Duration::from_hours(48));
    scene.workload.state.published = Some(mk_published(resources((300, 0), (600, 900))));
    scene.kill(0, 100, 1);
    check(&scene, 600);
}

#[test]
fn a_kill_raises_what_was_published() {
    let mut scene = Scene::test();
    scene.workload.state.published = Some(mk_published(resources((220, 0), (451, 677))));
    scene.kill(0, 512, 1);
    assert_eq!(patched(&scene.evaluate()), resources((220, 0), (615, 922)));
}

/// The limit stays, so the request can go no higher: said, and not tried for ever.
#[test]
fn a_kept_limit_ends_the_event() {
    let mut scene = Scene::observed();
    set(&mut scene, Resource::Memory, |policy| policy.limit.value = LimitRule::Keep);
    scene.run_with(resources((220, 1000), (400, 512)));
    scene.kill(0, 512, 1);
    let evaluation = scene.step(NOW);
    assert_eq!(action(&evaluation).changes[0].containers[0].to.memory.request, memory(512));
    let after = scene.evaluate_at(NOW.plus(Duration::from_mins(1)));
    assert!(matches!(after.decision.running, Running::Hold(_)));
}

#[test]
fn a_kill_teaches_nothing_where_no_remedy_is_wanted() {
    let mut scene = Scene::observed();
    scene.policy.vertical.oom_remediation.value = false;
    scene.workload.state.oom_floors = vec![floor(700, 60)];
    scene.kill(0, 512, 1);
    check(&scene, 451);
    assert!(scene.evaluate().state.oom_floors.is_empty());
    scene.run_with(resources((220, 0), (451, 677)));
    assert_eq!(*reason(&scene.evaluate()), Reason::UpToDate);
}

#[test]
fn a_floor_stands_for_the_window_of_its_own() {
    let kill_ago = |hours: u64, window| {
        let mut scene = Scene::observed();
        scene.policy.vertical.oom_window.value = Some(Duration::from_hours(window));
        scene.kill(0, 512, hours * 60);
        scene
    };
    check(&kill_ago(0, 1), 615);
    check(&kill_ago(1, 1), 451);
    check(&kill_ago(30, 48), 615);
}

/// At most 3.5 times 410Mi, the most that was used, or 512Mi, what the template gives: 1792Mi.
#[test]
fn floors_do_not_grow_without_end() {
    let mut scene = Scene::observed();
    scene.kill(0, 1400, 9);
    check(&scene, 1680);
    scene.kill(0, 1600, 8);
    check(&scene, 1792);
    scene.workload.state.oom_floors = vec![floor(1792, 8)];
    scene.kill(0, 2688, 1);
    check(&scene, 1792);
    let last = Duration::from_hours(24) - Duration::from_mins(1);
    scene.observe(0, last, (None, memory(600)));
    check(&scene, 2100);
}

/// Without any measure of what is too much, the first floor stands and does not grow.
#[test]
fn a_floor_that_nothing_can_be_compared_with_does_not_grow() {
    let mut scene = Scene::test();
    scene.workload.containers[0].original = resources((500, 0), (0, 0));
    scene.kill(0, 1000, 9);
    check(&scene, 1200);
    scene.workload.state.oom_floors = vec![floor(1200, 9)];
    scene.run_with(resources((500, 0), (1200, 1800)));
    scene.kill(0, 1800, 1);
    check(&scene, 1200);
}
