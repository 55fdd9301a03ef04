//! What a running pod can be given, and what is left to the next one.

use std::time::Duration;

use plimsoll_domain::{
    LimitRule, PerResource, QosClass, Ratio, Reason, RecreateCause, ResizeRestart, Resource,
    Resources, Running,
};

use crate::fixture::{APP, Scene, at, cpu, memory, mk_pod, reason, resources, set};

/// What the pods are given (what they have, when nothing) and the causes of what is left out.
fn check(scene: &Scene, expect: Resources, causes: &[RecreateCause]) {
    let evaluation = scene.evaluate();
    let present = scene.workload.pods[0].containers[0].resources;
    let to = match &evaluation.decision.running {
        Running::Apply(action) => action.changes[0].containers[0].to,
        Running::Hold(_) => present,
    };
    assert_eq!(to, expect, "{:?}", evaluation.decision.running);
    let verdicts = &evaluation.containers[0].verdicts;
    let gaps = verdicts.iter().flat_map(|(_, verdict)| verdict.as_ref().unwrap().gaps.clone());
    let causes: Vec<Reason> = causes.iter().copied().map(Reason::NeedsRecreate).collect();
    assert_eq!(gaps.collect::<Vec<_>>(), causes);
}

/// 220m and 451Mi are recommended; the limits as `limit` says.
fn scene(present: Resources, qos: QosClass, limit: LimitRule) -> Scene {
    let mut scene = Scene::observed();
    scene.run_with(present);
    for pod in &mut scene.workload.pods {
        pod.qos = qos;
    }
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.limit.value = limit);
    }
    scene
}

fn multiplier(factor: f64) -> LimitRule {
    LimitRule::Multiplier {
        factor: Ratio::new(factor).unwrap(),
        only_if_original_exists: false,
        only_if_original_lower: false,
    }
}

#[test]
fn a_limit_is_not_removed_but_raised_to_the_request() {
    let removal = RecreateCause::LimitRemoval;
    let present = resources((100, 150), (300, 600));
    check(
        &scene(present, QosClass::Burstable, LimitRule::None),
        resources((220, 220), (451, 600)),
        &[removal, removal],
    );
}

#[test]
fn limits_are_lowered_and_added_as_the_rule_asks() {
    let present = resources((500, 2000), (512, 2048));
    check(
        &scene(present, QosClass::Burstable, multiplier(2.0)),
        resources((220, 440), (451, 902)),
        &[],
    );
    let present = resources((500, 0), (512, 0));
    check(
        &scene(present, QosClass::Burstable, multiplier(2.0)),
        resources((220, 440), (451, 902)),
        &[],
    );
}

#[test]
fn a_memory_limit_is_not_lowered_where_the_cluster_does_not_allow_it() {
    let mut scene =
        scene(resources((500, 2000), (512, 2048)), QosClass::Burstable, multiplier(2.0));
    scene.context.capabilities.lower_memory_limit = false;
    let cause = RecreateCause::MemoryLimitDecrease;
    check(&scene, resources((220, 440), (451, 2048)), &[cause]);
}

#[test]
fn a_memory_limit_is_not_lowered_below_what_was_used() {
    let mut scene =
        scene(resources((500, 2000), (512, 2048)), QosClass::Burstable, multiplier(1.5));
    set(&mut scene, Resource::Memory, |policy| policy.max.value = at(memory(200)));
    let cause = RecreateCause::MemoryLimitDecrease;
    check(&scene, resources((220, 330), (200, 2048)), &[cause]);
}

#[test]
fn guaranteed_pods_keep_request_and_limit_as_one() {
    check(
        &scene(resources((500, 500), (512, 512)), QosClass::Guaranteed, multiplier(1.0)),
        resources((220, 220), (451, 451)),
        &[],
    );
}

/// Such a pod's CPU request is its limit too: p80 with overhead would throttle what was above it.
#[test]
fn guaranteed_pods_get_the_peak_of_cpu_where_that_is_above_the_recommendation() {
    let present = resources((500, 500), (512, 512));
    let mut scene = scene(present, QosClass::Guaranteed, multiplier(1.0));
    // Newer than the day that was observed, so that it is a sample of its own.
    scene.observe(1, Duration::from_hours(24), (cpu(300), memory(300)));
    check(&scene, resources((300, 300), (451, 451)), &[]);
    set(&mut scene, Resource::Cpu, |policy| {
        policy.max.value = at(cpu(250));
    });
    check(&scene, resources((250, 250), (451, 451)), &[]);
}

#[test]
fn guaranteed_pods_keep_their_memory_where_its_limit_cannot_be_lowered() {
    let present = resources((500, 500), (512, 512));
    let mut scene = scene(present, QosClass::Guaranteed, multiplier(1.0));
    scene.context.capabilities.lower_memory_limit = false;
    let cause = RecreateCause::MemoryLimitDecrease;
    check(&scene, resources((220, 220), (512, 512)), &[cause]);
}

#[test]
fn guaranteed_pods_whose_limits_are_kept_stay_as_they_are() {
    let present = resources((500, 500), (512, 512));
    let mut scene = scene(present, QosClass::Guaranteed, LimitRule::Keep);
    scene.workload.containers[0].original = present;
    check(&scene, present, &[RecreateCause::QosClass, RecreateCause::QosClass]);
}

#[test]
fn best_effort_pods_stay_as_they_are() {
    let present = resources((0, 0), (0, 0));
    check(
        &scene(present, QosClass::BestEffort, LimitRule::None),
        present,
        &[RecreateCause::QosClass, RecreateCause::QosClass],
    );
}

#[test]
fn a_burstable_pod_does_not_become_guaranteed() {
    let present = resources((500, 1000), (512, 1024));
    check(
        &scene(present, QosClass::Burstable, multiplier(1.0)),
        present,
        &[RecreateCause::QosClass, RecreateCause::QosClass],
    );
}

/// Its init container, which is not listed, is what makes such a pod Burstable.
#[test]
fn a_burstable_pod_that_looks_guaranteed_may_change() {
    let present = resources((500, 500), (512, 512));
    check(
        &scene(present, QosClass::Burstable, multiplier(1.0)),
        resources((220, 220), (451, 451)),
        &[],
    );
}

#[test]
fn a_resource_whose_change_restarts_the_container_stays_as_it_is() {
    let mut scene = scene(resources((500, 0), (512, 0)), QosClass::Burstable, LimitRule::None);
    for pod in &mut scene.workload.pods {
        pod.containers[0].resize_restart = PerResource {
            cpu: ResizeRestart::NotRequired,
            memory: ResizeRestart::RestartContainer,
        };
    }
    check(&scene, resources((220, 0), (512, 0)), &[RecreateCause::RestartPolicy]);
}

#[test]
fn pods_with_resources_of_their_own_stay_as_they_are() {
    let present = resources((500, 0), (512, 0));
    let mut scene = scene(present, QosClass::Burstable, LimitRule::None);
    for pod in &mut scene.workload.pods {
        pod.has_pod_level_resources = true;
    }
    let cause = RecreateCause::PodLevelResources;
    check(&scene, present, &[cause, cause]);
    assert_eq!(*reason(&scene.evaluate()), Reason::NeedsRecreate(cause));
}

#[test]
fn containers_that_nothing_is_recommended_for_stay_as_they_are() {
    let mut scene = scene(resources((500, 0), (512, 0)), QosClass::Burstable, LimitRule::None);
    for (number, pod) in scene.workload.pods.iter_mut().enumerate() {
        let mut injected = mk_pod(number, resources((100, 100), (64, 64))).containers;
        injected[0].name = "mesh".to_owned();
        pod.containers.extend(injected);
    }
    let evaluation = scene.evaluate();
    for change in &crate::fixture::action(&evaluation).changes {
        let names: Vec<&str> = change.containers.iter().map(|c| c.container.as_str()).collect();
        assert_eq!(names, [APP]);
    }
}

/// A HorizontalPodAutoscaler follows CPU: memory goes its way alone, in running and in new pods.
#[test]
fn a_resource_that_a_hpa_follows_stays_as_it_is() {
    let mut scene = Scene::observed();
    scene.run_with(resources((500, 1000), (1024, 1024)));
    scene.workload.hpa_on.cpu = Some("web-hpa".to_owned());
    let evaluation = scene.evaluate();
    let to = crate::fixture::given(&evaluation)[0].1;
    assert_eq!((to.cpu, to.memory.request), (resources((500, 1000), (0, 0)).cpu, memory(451)));
    assert_eq!(crate::fixture::patched(&evaluation), resources((500, 1000), (451, 677)));
    let verdict = evaluation.containers[0].verdicts.cpu.as_ref().unwrap();
    let hpa = "web-hpa".to_owned();
    assert_eq!(verdict.gaps, [Reason::HpaOnResource { hpa }]);
}
