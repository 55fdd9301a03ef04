//! Which changes running pods get, and which are left to new pods.

use plimsoll_domain::{ApplyType, Deferral, Reason, Resources, Running};

use crate::fixture::{APP, NOW, Scene, given, patched, resources};

const I: Option<ApplyType> = Some(ApplyType::Immediate);
const D: Option<ApplyType> = Some(ApplyType::Deferred);

/// What the pods have before: CPU to lower, CPU to raise, and CPU to raise and memory to lower.
const LOWER: ((u32, u32), (u32, u32)) = ((500, 1000), (451, 677));
const RAISE: ((u32, u32), (u32, u32)) = ((100, 1000), (451, 677));
const MIXED: ((u32, u32), (u32, u32)) = ((100, 1000), (1024, 1024));

/// What is recommended, with the CPU limit that cannot be removed in place.
const ALL: ((u32, u32), (u32, u32)) = ((220, 1000), (451, 677));

type Given = Result<((u32, u32), (u32, u32)), Deferral>;

/// Apply type, and those for lowering and for memory events; what pods have; what they are given.
fn check(
    (all, lowering, event): (Option<ApplyType>, Option<ApplyType>, Option<ApplyType>),
    scene: &mut Scene,
    expect: Given,
) {
    let vertical = &mut scene.policy.vertical;
    vertical.apply_type.value = all.unwrap_or(ApplyType::Immediate);
    vertical.lowering.value = lowering;
    vertical.memory_event.value = event;
    let evaluation = scene.evaluate();
    match (&evaluation.decision.running, expect) {
        (Running::Apply(_), Ok((cpu, memory))) => {
            assert_eq!(given(&evaluation)[0], ("web-0", resources(cpu, memory)));
        }
        (Running::Hold(reason), Err(which)) => assert_eq!(*reason, Reason::Deferred(which)),
        (found, expect) => panic!("{found:?}, expected {expect:?}"),
    }
    // New pods get everything whatever running pods are given.
    assert_eq!(patched(&evaluation).cpu.request, resources((220, 0), (0, 0)).cpu.request);
}

fn running(present: ((u32, u32), (u32, u32))) -> Scene {
    Scene::observed().with(|scene| scene.run_with(resources(present.0, present.1)))
}

#[test]
fn each_direction_goes_by_its_own_setting() {
    for (types, present, expect) in [
        ((I, None, None), LOWER, Ok(ALL)),
        ((I, D, None), LOWER, Err(Deferral::Lowering)),
        ((I, D, None), RAISE, Ok(ALL)),
        ((D, I, None), RAISE, Err(Deferral::Raising)),
        ((D, I, None), LOWER, Ok(ALL)),
        ((D, None, None), LOWER, Err(Deferral::Everything)),
        ((D, D, None), RAISE, Err(Deferral::Everything)),
        ((D, None, I), RAISE, Err(Deferral::Everything)),
    ] {
        check(types, &mut running(present), expect);
    }
}

#[test]
fn of_a_change_in_both_directions_the_more_permissive_decides() {
    for (types, expect) in [
        ((I, D, None), Ok(ALL)),
        ((D, I, None), Ok(ALL)),
        ((D, D, None), Err(Deferral::Everything)),
    ] {
        check(types, &mut running(MIXED), expect);
    }
}

/// A kill under 800Mi teaches a floor of 960Mi; the limit is half as much again.
#[test]
fn memory_raised_after_a_kill_goes_by_its_own_setting_and_brings_nothing_deferred() {
    let whole = Ok(((220, 1000), (960, 1440)));
    let memory_alone = Ok(((500, 1000), (960, 1440)));
    for (types, expect) in [
        ((I, None, None), whole),
        ((I, None, D), whole),
        ((I, D, I), memory_alone),
        ((D, None, I), memory_alone),
        ((I, D, D), Err(Deferral::MemoryEvent)),
        ((D, None, None), Err(Deferral::Everything)),
    ] {
        let mut scene = running(LOWER);
        scene.kill(0, 800, 1);
        check(types, &mut scene, expect);
    }
}

/// What was done for a kill alone leaves nothing to do, a minute later and after the cooldown.
#[test]
fn after_a_kill_that_is_done_the_rest_stays_deferred() {
    let mut scene = running(LOWER);
    scene.policy.vertical.apply_type.value = ApplyType::Deferred;
    scene.policy.vertical.memory_event.value = I;
    scene.kill(0, 800, 1);
    scene.step(NOW);
    let moved = scene.workload.state.last_move.as_ref().unwrap();
    assert_eq!(moved.containers, [(APP.to_owned(), resources((0, 0), (960, 1440)))]);
    for minutes in [1, 31] {
        let later = NOW.plus(std::time::Duration::from_mins(minutes));
        let expect = Running::Hold(Reason::Deferred(Deferral::Everything));
        assert_eq!(scene.evaluate_at(later).decision.running, expect);
    }
}

#[test]
fn pods_that_share_no_node_are_left_to_new_ones_where_the_policy_heeds_that() {
    let alone = |heeds, excludes, kills| {
        running(LOWER).with(|scene| {
            scene.policy.vertical.consider_anti_affinity.value = heeds;
            scene.workload.excludes_its_like = excludes;
            if kills {
                scene.kill(0, 800, 1);
            }
        })
    };
    check((I, I, I), &mut alone(true, true, false), Err(Deferral::SharesNoNode));
    check((I, I, I), &mut alone(true, true, true), Err(Deferral::SharesNoNode));
    check((I, I, I), &mut alone(true, false, false), Ok(ALL));
    check((I, I, I), &mut alone(false, true, false), Ok(ALL));
    let whole: Resources = resources((220, 1000), (960, 1440));
    assert_eq!(given(&alone(false, true, true).evaluate())[0].1, whole);
}
