//! The worked examples of the documentation, from usage to the values of a pod.

use plimsoll_domain::{
    Applied, Constraint, Estimate, LimitRule, PodPhase, QosClass, Quantile, Ratio, Reason,
    RecreateCause, Resource, Resources, Target, Threshold, Trail,
};

use crate::fixture::{
    APP, NOW, Scene, action, at, cpu, given, memory, patched, reason, resources, set,
};

fn trail(scene: &Scene, resource: Resource) -> Trail {
    match scene.evaluate().containers[0].estimates.get(resource) {
        Estimate::Known(trail) => (**trail).clone(),
        Estimate::Unknown(reason) => panic!("no estimate: {reason:?}"),
    }
}

/// What new pods are given.
fn check(scene: &Scene, expect: Resources) {
    assert_eq!(patched(&scene.evaluate()), expect);
}

/// Base 200m (mean of the pods' p80s) and 410Mi (peak of any pod), 10 % more each: 220m and 451Mi.
#[test]
fn three_pods_of_a_core_and_a_gibibyte_come_down_to_what_they_use() {
    let mut scene = Scene::observed();
    let original = resources((1000, 0), (1024, 0));
    scene.workload.containers[0].original = original;
    scene.run_with(original);
    let evaluation = scene.step(NOW);
    let expect = resources((220, 0), (451, 0));
    let expected = [("web-0", expect), ("web-1", expect), ("web-2", expect)];
    assert_eq!(given(&evaluation), expected);
    assert_eq!(patched(&evaluation), expect);
    assert_eq!(evaluation.applied, Applied { pods: 0, of: 3 });
    assert_eq!(evaluation.confidence, Some(Ratio::ONE));
    assert_eq!(scene.evaluate_at(NOW).applied, Applied { pods: 3, of: 3 });
}

#[test]
fn guaranteed_pods_of_a_core_and_a_gibibyte_move_request_and_limit_together() {
    let mut scene = Scene::observed();
    let original = resources((1000, 1000), (1024, 1024));
    scene.workload.containers[0].original = original;
    scene.run_with(original);
    for pod in &mut scene.workload.pods {
        pod.qos = QosClass::Guaranteed;
    }
    let evaluation = scene.step(NOW);
    let expect = resources((220, 220), (451, 451));
    let expected = [("web-0", expect), ("web-1", expect), ("web-2", expect)];
    assert_eq!(given(&evaluation), expected);
    assert_eq!(patched(&evaluation), resources((220, 0), (451, 1024)));
}

#[test]
fn the_trail_tells_every_step() {
    let scene = Scene::observed();
    let cpu_trail = trail(&scene, Resource::Cpu);
    assert_eq!((cpu_trail.samples, cpu_trail.pods), (864, 3));
    assert!((cpu_trail.base.value() - 0.2).abs() < 1e-12);
    assert!((cpu_trail.with_overhead.value() - 0.22).abs() < 1e-12);
    assert_eq!(cpu_trail.result.limit, None);
    let memory_trail = trail(&scene, Resource::Memory);
    assert_eq!(Some(memory_trail.base), memory(410));
    assert_eq!(memory_trail.constraint, None);
    assert_eq!(memory_trail.limit.original, memory(512));
    let mebibytes = memory_trail.result.limit.unwrap().value() / 1024.0 / 1024.0;
    assert!((mebibytes - 676.5).abs() < 1e-9);
}

/// 500m/512Mi with limits 1000m/512Mi: CPU differs by 127 % > 33 % and passes, memory by 13.5 % <
/// 33 % does not, and moves along. Removing the CPU limit is left to the next pod.
#[test]
fn the_end_to_end_example_applies_since_cpu_passes() {
    let mut scene = Scene::observed();
    let evaluation = scene.step(NOW);
    assert_eq!(patched(&evaluation), resources((220, 0), (451, 677)));
    let expect = resources((220, 1000), (451, 677));
    assert_eq!(given(&evaluation)[0], ("web-0", expect));
    let verdicts = &evaluation.containers[0].verdicts;
    let (cpu, memory) = (verdicts.cpu.as_ref().unwrap(), verdicts.memory.as_ref().unwrap());
    assert!(cpu.passed && (cpu.difference.unwrap().percent() - 127.27).abs() < 0.01);
    assert!(!memory.passed && (memory.difference.unwrap().percent() - 13.53).abs() < 0.01);
    let removal = Reason::NeedsRecreate(RecreateCause::LimitRemoval);
    assert_eq!(cpu.gaps, std::slice::from_ref(&removal));
    let after = scene.evaluate();
    assert_eq!(*reason(&after), removal);
    assert_eq!(after.applied, Applied { pods: 3, of: 3 });
}

/// 512Mi to 451Mi alone: 13.5 % is held by the adaptive 33.3 % and passes 10 %.
#[test]
fn memory_alone_is_held_by_the_adaptive_threshold_and_passes_ten_percent() {
    let mut scene = Scene::observed();
    scene.run_with(resources((220, 1000), (512, 512)));
    let held = scene.evaluate();
    assert!(matches!(reason(&held), Reason::BelowThreshold { difference, threshold }
        if (difference.percent() - 13.53).abs() < 0.01
            && (threshold.percent() - 33.33).abs() < 0.01));
    set(&mut scene, Resource::Memory, |policy| {
        policy.threshold.value = Threshold::Ratio(Ratio::new(0.1).unwrap());
    });
    assert_eq!(action(&scene.evaluate()).changes.len(), 3);
}

#[test]
fn bounds_hold_the_value_and_say_so() {
    let mut scene = Scene::observed();
    set(&mut scene, Resource::Cpu, |policy| policy.min.value = at(cpu(300)));
    set(&mut scene, Resource::Memory, |policy| policy.max.value = at(memory(400)));
    check(&scene, resources((300, 0), (400, 600)));
    assert!(matches!(trail(&scene, Resource::Cpu).constraint, Some(Constraint::Min(_))));
    assert!(matches!(trail(&scene, Resource::Memory).constraint, Some(Constraint::Max(_))));
}

/// Idle containers get the floor of 10m and 10Mi.
#[test]
fn nothing_used_is_the_least_request() {
    let mut scene = Scene::test();
    scene.observe_day([0, 0, 0], 1, 1);
    check(&scene, resources((10, 0), (10, 512)));
}

#[test]
fn a_limit_that_is_kept_holds_the_request_down() {
    let mut scene = Scene::observed();
    let original = resources((100, 150), (256, 400));
    scene.workload.containers[0].original = original;
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.limit.value = LimitRule::Keep);
    }
    check(&scene, resources((150, 150), (400, 400)));
    let expect = Some(Constraint::Limit(cpu(150).unwrap()));
    assert_eq!(trail(&scene, Resource::Cpu).constraint, expect);
}

/// Recorded usage and templates need not lie on the grid: what a person wrote is not rounded up,
/// and no request is rounded past it.
#[test]
fn rounding_up_passes_neither_a_kept_limit_nor_the_greatest_request() {
    let mut scene = Scene::observed();
    let odd = plimsoll_domain::Amount::new(450.5 * 1024.0 * 1024.0);
    scene.workload.containers[0].original.memory.limit = odd;
    set(&mut scene, Resource::Memory, |policy| policy.limit.value = LimitRule::Keep);
    let kept = patched(&scene.evaluate()).memory;
    assert_eq!((kept.request, kept.limit), (odd, odd));
    set(&mut scene, Resource::Memory, |policy| {
        policy.limit.value = LimitRule::None;
        policy.max.value = at(odd);
    });
    assert_eq!(patched(&scene.evaluate()).memory.request, odd);
}

/// Samples within the first two minutes of a container are not learned from.
#[test]
fn startup_is_left_out() {
    let mut scene = Scene::observed();
    for sample in 0..12 {
        let at = NOW.minus(std::time::Duration::from_secs(90 - sample));
        scene.engine.observe(&plimsoll_domain::Sample {
            container: plimsoll_domain::ContainerKey {
                workload: scene.workload.id.clone(),
                container: APP.into(),
            },
            pod: "uid-new".into(),
            at,
            age: std::time::Duration::from_secs(sample),
            usage: plimsoll_domain::PerResource { cpu: cpu(4000), memory: memory(4000) },
        });
    }
    check(&scene, resources((220, 0), (451, 677)));
}

#[test]
fn pods_that_do_not_run_are_neither_changed_nor_counted() {
    let mut scene = Scene::observed();
    scene.workload.pods[0].phase = PodPhase::Pending;
    scene.workload.pods[1].opted_out = true;
    let evaluation = scene.evaluate();
    assert_eq!(given(&evaluation).len(), 1);
    assert_eq!(evaluation.applied, Applied { pods: 0, of: 1 });
}

/// Of three pods one uses 900m: the mean of the pods' p90s is 400m, which starves that one for good; nine
/// tenths of what all of them used together is within what that one uses.
#[test]
fn a_pooled_percentile_is_of_all_pods_together() {
    let target = |target: fn(Quantile) -> Target| {
        let mut scene = Scene::test();
        scene.observe_day([150, 150, 900], 300, 410);
        set(&mut scene, Resource::Cpu, |policy| {
            policy.target.value = target(Quantile::new(0.9).unwrap());
            policy.overhead.value = Ratio::ZERO;
        });
        patched(&scene.evaluate()).cpu.request
    };
    assert_eq!(target(Target::Quantile), cpu(400));
    let pooled = target(Target::Pooled).unwrap().value();
    assert!((pooled / 0.9 - 1.0).abs() < 0.025, "{pooled}");
}
