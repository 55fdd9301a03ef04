//! How much must be known before anything is applied.

use std::time::Duration;

use plimsoll_domain::{
    Quantile, Ratio, Reason, Resource, Running, Schedule, Strategy, Target, WorkloadKind,
};

use crate::fixture::{
    Scene, cpu, memory, mk_published, patched, reason, resources, set, untouched,
};

const HOUR: Duration = Duration::from_hours(1);

/// Usage reaches back a day. What is needed, and what that comes to.
fn check_reach(needed: Duration, expect: Option<Duration>) {
    let mut scene = Scene::observed();
    scene.policy.vertical.min_history.value = needed;
    let evaluation = scene.evaluate();
    match expect {
        None => assert!(matches!(evaluation.decision.running, Running::Apply(_))),
        Some(needed) => {
            let seen = 24 * HOUR;
            assert_eq!(*reason(&evaluation), Reason::ShortHistory { seen, needed });
            assert_eq!(*untouched(&evaluation), Reason::ShortHistory { seen, needed });
        }
    }
}

#[test]
fn nothing_is_applied_before_usage_reaches_back_far_enough() {
    check_reach(Duration::ZERO, None);
    check_reach(24 * HOUR, None);
    check_reach(25 * HOUR, Some(25 * HOUR));
    // No more than a week can be asked for: what is older is not remembered.
    check_reach(1000 * HOUR, Some(168 * HOUR));
}

#[test]
fn new_pods_get_the_last_values_while_history_is_short() {
    let mut scene = Scene::observed();
    scene.policy.vertical.min_history.value = 25 * HOUR;
    let last = resources((300, 0), (600, 900));
    scene.workload.state.published = Some(mk_published(last));
    assert_eq!(patched(&scene.evaluate()), last);
}

#[test]
fn a_kill_does_not_wait_for_history() {
    let mut scene = Scene::observed();
    scene.policy.vertical.min_history.value = 25 * HOUR;
    scene.kill(0, 512, 1);
    let raised = resources((500, 1000), (615, 922));
    assert_eq!(crate::fixture::given(&scene.evaluate())[0].1, raised);
}

/// So many runs of five minutes each, all a day ago and each in a pod that is gone; the confidence in
/// percent.
fn check_runs(kind: WorkloadKind, schedule: Option<Schedule>, runs: usize, percent: Option<f64>) {
    let mut scene = Scene::test();
    scene.workload.id.kind = kind;
    scene.workload.pods.clear();
    scene.policy.vertical.schedule.value = schedule;
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.look_back.value = 168 * HOUR);
    }
    for run in 0..runs {
        for sample in 0..10 {
            scene.observe(run, Duration::from_secs(30 * sample), (cpu(100), memory(100)));
        }
        scene.engine.observe_pods(&scene.workload);
    }
    let confidence = scene.evaluate().confidence.map(Ratio::percent);
    match (confidence, percent) {
        (Some(is), Some(percent)) => assert!((is - percent).abs() < 0.1, "{runs} runs: {is} %"),
        (is, percent) => assert_eq!(is, percent, "{runs} runs"),
    }
}

#[test]
fn three_runs_are_enough_of_what_runs_in_jobs() {
    use WorkloadKind as Kind;
    let job = || Kind::custom("Job");
    check_runs(job(), None, 0, None);
    check_runs(job(), None, 1, Some(33.3));
    check_runs(job(), None, 2, Some(66.7));
    check_runs(job(), None, 3, Some(100.0));
    check_runs(job(), None, 5, Some(100.0));
    check_runs(Kind::CronJob, None, 3, Some(100.0));
    check_runs(Kind::Job, None, 3, Some(100.0));
    check_runs(Kind::custom("CronJob"), None, 3, Some(100.0));
    check_runs(Kind::custom("Task"), Some(Schedule::JobLike), 3, Some(100.0));
    // One or two of 2016 cells.
    check_runs(Kind::custom("Task"), None, 3, Some(0.1));
    check_runs(Kind::Deployment, None, 3, Some(0.1));
}

#[test]
fn bare_pods_run_in_jobs_unless_said_otherwise() {
    let bare = || WorkloadKind::custom("Pod");
    check_runs(bare(), None, 3, Some(100.0));
    check_runs(bare(), Some(Schedule::JobLike), 1, Some(33.3));
    check_runs(bare(), Some(Schedule::Continuous), 3, Some(0.1));
}

#[test]
fn a_kind_that_tells_how_it_runs_is_not_asked() {
    use WorkloadKind as Kind;
    let (jobs, continuous) = (Some(Schedule::JobLike), Some(Schedule::Continuous));
    for kind in [Kind::Job, Kind::CronJob, Kind::custom("Job"), Kind::custom("CronJob")] {
        check_runs(kind, continuous, 3, Some(100.0));
    }
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Rollout] {
        check_runs(kind, jobs, 3, Some(0.1));
    }
}

/// What new pods request of CPU under a target that is not in effect yet: pods used 180m, 220m and
/// 200m, with 10 % overhead.
fn check_target(resource: Resource, target: Target, expect: (u32, u32)) {
    let mut scene = Scene::observed();
    set(&mut scene, resource, |policy| policy.target.value = target);
    let found = patched(&scene.evaluate());
    assert_eq!((found.cpu.request, found.memory.request), (cpu(expect.0), memory(expect.1)));
}

#[test]
fn what_is_not_in_effect_yet_has_a_stand_in() {
    let median = Quantile::new(0.5).unwrap();
    // 300Mi and 10 %, as far as a bucket tells: within 2.5 %.
    check_target(Resource::Memory, Target::Forecast(Strategy::Percentile(median)), (220, 329));
    for strategy in [
        Strategy::Undershoot,
        Strategy::CostOptimized,
        Strategy::Balanced,
        Strategy::AssuranceOptimized,
        Strategy::Overshoot,
    ] {
        check_target(Resource::Cpu, Target::Forecast(strategy), (242, 451));
        check_target(Resource::Memory, Target::Forecast(strategy), (220, 451));
    }
}
