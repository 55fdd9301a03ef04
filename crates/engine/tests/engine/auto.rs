//! `auto` as a target: fed by all pods of a container, followed five minutes at a time.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    Amount, AutoVerdict, Configured, Constraint, Estimate, Origin, Ratio, Reason, ResizeRestart,
    Resource, Sourced, Target, Threshold, Timestamp, Trail, UsageCell, Why,
};
use plimsoll_engine::auto::{CpuAuto, CpuConstants};
use plimsoll_engine::{Engine, Settings};
use plimsoll_history::ContainerHistory;

use crate::fixture::{NOW, Scene, cpu, memory, mk_configuration, reason, resources, set};

const TICK: Duration = Duration::from_secs(30);
const CELL: Duration = Duration::from_mins(5);

/// A scene whose resources are both sized by `auto`, and whose pods used this much; one sample a
/// pod every 30 s from a day ago on, for so long.
fn watched(span: Duration, usage: impl Fn(usize, u64) -> (u32, u32)) -> Scene {
    let mut scene = Scene::test();
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.target.value = Target::Auto);
    }
    watch(&mut scene, Duration::ZERO, span, usage);
    scene
}

fn watch(
    scene: &mut Scene,
    from: Duration,
    to: Duration,
    usage: impl Fn(usize, u64) -> (u32, u32),
) {
    let ticks = from.as_secs() / TICK.as_secs()..to.as_secs() / TICK.as_secs();
    for tick in ticks {
        let ago = Duration::from_secs(tick * TICK.as_secs());
        for pod in 0..3 {
            let (millicores, mebibytes) = usage(pod, tick);
            scene.observe(pod, ago, (cpu(millicores), memory(mebibytes)));
        }
        scene.engine.pass(start().plus(ago));
    }
}

fn start() -> Timestamp {
    NOW.minus(Duration::from_hours(24))
}

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// A sawtooth, so that the histogram has more than one bucket.
fn sawtooth(pod: usize, tick: u64) -> (u32, u32) {
    let phase = u32::try_from((tick / 10 + pod as u64 * 7) % 24).unwrap();
    (100 + 5 * phase, 300 + phase)
}

fn trail(scene: &Scene, resource: Resource) -> Trail {
    let evaluation = scene.evaluate();
    match evaluation.containers[0].estimates.get(resource) {
        Estimate::Known(trail) => (**trail).clone(),
        Estimate::Unknown(reason) => panic!("{reason:?}"),
    }
}

fn request(scene: &Scene, resource: Resource) -> Option<Amount> {
    trail(scene, resource).result.request
}

#[test]
fn it_asks_for_what_a_replay_of_the_same_usage_would() {
    let alone = |_, tick| sawtooth(0, tick);
    let scene = watched(hours(20), alone);
    let mut replayed = CpuAuto::new(CpuConstants::in_place(), CELL);
    for cell in 0..240_u32 - 1 {
        replayed.tick(cpu(alone(0, u64::from(cell) * 10).0));
        let now = start().plus(CELL * (cell + 1));
        let decision = replayed.decide(now).filter(|decision| decision.verdict.moves());
        if let Some(decision) = decision.filter(|_| cell + 1 >= 12) {
            replayed.applied(decision.request);
        }
    }
    let found = replayed.decide(start().plus(hours(20))).unwrap();
    let trail = trail(&scene, Resource::Cpu);
    let Why::Cpu(why) = trail.judgement.unwrap().why else { panic!("not of CPU") };
    // All pods use the same, for three quarters of the time no more than this.
    let busiest = why.busiest_pod.unwrap().value();
    assert!((busiest / 0.19 - 1.0).abs() < 0.025, "{busiest}");
    let request = trail.result.request.unwrap();
    assert!((request.value() - found.request.value()).abs() < 1e-9, "{request:?} {found:?}");
}

#[test]
fn before_the_warm_up_it_asks_for_nothing_and_says_how_much_it_has_seen() {
    let scene = watched(Duration::from_mins(32), |_, _| (200, 300));
    let evaluation = scene.evaluate();
    let Reason::InsufficientHistory(gap) = reason(&evaluation) else {
        panic!("{:?}", reason(&evaluation))
    };
    assert_eq!((gap.samples, gap.needed), (5, 12));
    let scene = watched(Duration::from_mins(63), |_, _| (200, 300));
    assert!(request(&scene, Resource::Cpu) >= cpu(200));
}

#[test]
fn memory_is_one_level_where_the_templates_request_is_its_limit_and_two_elsewhere() {
    let one = watched(hours(20), |_, _| (200, 300));
    let level = trail(&one, Resource::Memory).result;
    assert_eq!(level.request, level.limit);
    assert!(level.request > memory(315) && level.request < memory(512), "{level:?}");

    let mut two = watched(hours(20), |_, _| (200, 300));
    two.workload.containers[0].original = resources((500, 0), (256, 512));
    let levels = trail(&two, Resource::Memory).result;
    assert_eq!((levels.request, levels.limit), (memory(315), memory(600)));

    let mut none = watched(hours(20), |_, _| (200, 300));
    none.workload.containers[0].original = resources((500, 0), (256, 0));
    let levels = trail(&none, Resource::Memory).result;
    assert_eq!((levels.request, levels.limit), (memory(315), None), "no limit is made");
}

#[test]
fn only_what_somebody_set_is_added_to_it() {
    let mut scene = watched(hours(20), |_, _| (200, 300));
    let bare = request(&scene, Resource::Cpu).unwrap();
    let origin = Origin::Annotation;
    set(&mut scene, Resource::Cpu, |policy| {
        policy.overhead = Sourced::new(Ratio::new(0.5).unwrap(), origin);
    });
    let raised = request(&scene, Resource::Cpu).unwrap();
    assert!((raised.value() / bare.value() - 1.5).abs() < 1e-9, "{bare:?} {raised:?}");
}

#[test]
fn its_own_test_of_worth_is_the_threshold_unless_somebody_set_one() {
    let mut scene = watched(hours(20), |_, _| (200, 300));
    let recommended = scene.evaluate().containers[0].estimates.clone();
    let near = |resource| match recommended.get(resource) {
        Estimate::Known(trail) => trail.result.request.unwrap().raised(Ratio::new(0.02).unwrap()),
        Estimate::Unknown(reason) => panic!("{reason:?}"),
    };
    let mut running = resources((500, 1000), (512, 512));
    running.cpu.request = Some(near(Resource::Cpu));
    scene.run_with(running);
    let passed = |scene: &Scene| {
        scene.evaluate().containers[0].verdicts.cpu.as_ref().map(|verdict| verdict.passed)
    };
    assert_eq!(passed(&scene), Some(true));
    set(&mut scene, Resource::Cpu, |policy| {
        let threshold = Threshold::Ratio(Ratio::new(0.1).unwrap());
        policy.threshold = Sourced::new(threshold, Origin::Annotation);
    });
    assert_eq!(passed(&scene), Some(false));
}

#[test]
fn one_busy_pod_among_idle_ones_does_not_starve() {
    let skewed = watched(hours(20), |pod, _| (if pod == 0 { 900 } else { 20 }, 300));
    assert!(request(&skewed, Resource::Cpu) >= cpu(900));
    let even = watched(hours(20), |_, _| (20, 300));
    assert!(request(&even, Resource::Cpu) < cpu(30));
}

#[test]
fn three_times_in_a_row_above_it_raises_it_at_once() {
    let mut scene = watched(hours(16), |_, _| (100, 300));
    watch(&mut scene, hours(16), hours(16) + CELL * 4, |_, _| (400, 300));
    let trail = trail(&scene, Resource::Cpu);
    assert!(trail.result.request > cpu(399), "{trail:?}");
    let verdict = trail.judgement.map(|judgement| judgement.verdict);
    assert!(
        matches!(verdict, Some(AutoVerdict::RaisedAtOnce | AutoVerdict::RaisedForRisk)),
        "{verdict:?}"
    );
}

#[test]
fn a_kill_is_learned_from() {
    let mut scene = watched(hours(16), |_, _| (100, 300));
    let before = request(&scene, Resource::Memory).unwrap();
    scene.kill(0, 512, 8 * 60 - 1);
    watch(&mut scene, hours(16), hours(17), |_, _| (100, 300));
    let after = request(&scene, Resource::Memory).unwrap();
    assert!(before < Amount::from_mebibytes(512), "{before:?}");
    assert!(after.value() >= 1.6 * Amount::from_mebibytes(512).value(), "{after:?}");
}

/// The price of risk after a day.
fn check_price(restart: ResizeRestart, set: Option<f64>, expect: f64) {
    let mut policy = Scene::test().policy;
    policy.vertical.risk_price.value = set.and_then(Ratio::new);
    let mut scene = watched(hours(1), |_, _| (200, 300));
    for pod in &mut scene.workload.pods {
        pod.containers[0].resize_restart.cpu = restart;
    }
    scene.workload.configuration = Arc::new(mk_configuration(Configured::Policy(Box::new(policy))));
    scene.engine.observe_pods(&scene.workload);
    watch(&mut scene, hours(1), hours(24), |_, _| (200, 300));
    scene.engine.pass(NOW.plus(CELL));
    let Some(Why::Cpu(why)) = trail(&scene, Resource::Cpu).judgement.map(|one| one.why) else {
        panic!("not of CPU")
    };
    assert!((why.price.value() - expect).abs() < 2.0, "{why:?}");
}

#[test]
fn where_a_change_restarts_the_container_moves_are_dearer() {
    check_price(ResizeRestart::NotRequired, None, 15.0);
    check_price(ResizeRestart::RestartContainer, None, 27.0);
}

#[test]
fn the_price_of_risk_is_the_one_that_somebody_set() {
    check_price(ResizeRestart::NotRequired, Some(60.0), 60.0);
    check_price(ResizeRestart::RestartContainer, Some(5.0), 5.0);
}

/// What is asked for at this price after a day of 100m, with 130m in each tenth five minutes and 180m
/// in each twenty-fifth.
fn asked_at(price: f64) -> Amount {
    let mut scene = watched(hours(1), |_, _| (100, 300));
    let mut policy = Scene::test().policy;
    policy.vertical.risk_price.value = Ratio::new(price);
    scene.workload.configuration = Arc::new(mk_configuration(Configured::Policy(Box::new(policy))));
    scene.engine.observe_pods(&scene.workload);
    watch(&mut scene, hours(1), hours(24), |_, tick| {
        let used = match tick / 10 {
            cell if cell % 25 == 0 => 180,
            cell if cell % 10 == 5 => 130,
            _ => 100,
        };
        (used, 300)
    });
    scene.engine.pass(NOW.plus(CELL));
    request(&scene, Resource::Cpu).unwrap()
}

#[test]
fn the_higher_the_price_of_risk_the_more_is_asked_for() {
    let asked = [1.0, 15.0, 200.0].map(asked_at);
    assert!(asked[0] < asked[1] && asked[1] < asked[2], "{asked:?}");
}

#[test]
fn a_restart_at_any_moment_changes_nothing() {
    for minutes in [3, 61, 64, 333, 700] {
        let until = Duration::from_mins(minutes);
        let mut scene = watched(until, sawtooth);
        let mut fresh = Engine::new(Settings::default());
        for (key, bytes) in scene.engine.snapshots() {
            fresh.restore_snapshot(key, &bytes).unwrap();
        }
        let again: Vec<_> = fresh.snapshots().map(|(_, bytes)| bytes).collect();
        let first: Vec<_> = scene.engine.snapshots().map(|(_, bytes)| bytes).collect();
        assert!(again == first, "the same bytes after {minutes} minutes");
        watch(&mut scene, until, hours(13), sawtooth);
        let mut restarted = Scene::test();
        restarted.policy = scene.policy.clone();
        restarted.engine = fresh;
        watch(&mut restarted, until, hours(13), sawtooth);
        assert_eq!(scene.evaluate(), restarted.evaluate(), "restarted after {minutes} minutes");
    }
}

#[test]
fn the_order_of_pods_within_a_tick_does_not_matter() {
    let forwards = watched(hours(6), sawtooth);
    let mut backwards = watched(Duration::ZERO, sawtooth);
    for tick in 0..6 * 120 {
        for pod in [2, 0, 1] {
            let (millicores, mebibytes) = sawtooth(pod, tick);
            let ago = Duration::from_secs(tick * 30);
            backwards.observe(pod, ago, (cpu(millicores), memory(mebibytes)));
        }
        backwards.engine.pass(start().plus(Duration::from_secs(tick * 30)));
    }
    assert_eq!(forwards.evaluate(), backwards.evaluate());
}

#[test]
fn a_damaged_snapshot_is_refused_and_never_worse() {
    let scene = watched(hours(3), sawtooth);
    let (key, bytes) = scene.engine.snapshots().next().unwrap();
    let mut engine = Engine::new(Settings::default());
    for length in 0..bytes.len() {
        assert!(engine.restore_snapshot(key, &bytes[..length]).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        let mut engine = Engine::new(Settings::default());
        if engine.restore_snapshot(key, &damaged).is_ok() {
            engine.pass(NOW);
        }
    }
}

/// The eight bytes of the magic number are followed by the version.
#[test]
fn what_an_earlier_version_wrote_is_a_history_that_is_learned_from() {
    let scene = watched(hours(20), sawtooth);
    let (key, mut bytes) = scene.engine.snapshots().next().unwrap();
    bytes[8..10].copy_from_slice(&1_u16.to_le_bytes());
    let mut engine = Engine::new(Settings::default());
    engine.restore_snapshot(key, &bytes).unwrap();
    let mut told = Scene::test();
    (told.policy, told.engine) = (scene.policy.clone(), engine);
    assert!(request(&told, Resource::Cpu) > cpu(100));
    // The version before forecasts ends where their mark begins: there is none.
    let before = bytes.len() - 1;
    bytes[8..10].copy_from_slice(&2_u16.to_le_bytes());
    told.engine.restore_snapshot(key, &bytes[..before]).unwrap();
    bytes[8..10].copy_from_slice(&4_u16.to_le_bytes());
    assert!(told.engine.restore_snapshot(key, &bytes).is_err());
}

#[test]
fn what_a_history_tells_it_asks_for_what_it_would_had_it_watched() {
    let busy = |pod: usize, tick: u64| {
        let load = u32::try_from((tick / 10) * 7919 % 31 + pod as u64).unwrap();
        (100 + 10 * load, 300 + load)
    };
    let watched = watched(hours(20), busy);
    let mut told = Scene::test();
    told.policy = watched.policy.clone();
    let (key, history) = watched.engine.histories().next().unwrap();
    told.engine.recall(key, history.clone());
    for resource in Resource::ALL {
        let (seen, heard) = (request(&watched, resource), request(&told, resource));
        let ratio = heard.unwrap().value() / seen.unwrap().value();
        assert!((0.9..1.1).contains(&ratio), "{resource:?}: {heard:?}, not {seen:?}");
    }
}

#[test]
fn what_it_watched_for_a_day_it_is_not_told_again() {
    let scene = watched(hours(25), sawtooth);
    let before = scene.evaluate();
    let (key, history) = scene.engine.histories().next().unwrap();
    let (key, past) = (key.clone(), ContainerHistory::new());
    assert!(history.last_seen().is_some());
    let mut scene = scene;
    scene.engine.recall(&key, past);
    assert_eq!(before, scene.evaluate());
}

#[test]
fn cells_that_are_over_are_given_once_to_whoever_asked_for_them() {
    let mut scene = watched(Duration::ZERO, sawtooth);
    // Amounts whose sums and means are exact.
    let usage = |pod: usize, _| {
        let one = u32::try_from(pod).unwrap();
        (125 * (one + 1), 300 + one)
    };
    watch(&mut scene, Duration::ZERO, CELL, usage);
    scene.engine.pass(start().plus(CELL * 2));
    assert_eq!(scene.engine.take_cells(), [], "nobody had asked for the first");
    scene.engine.keep_cells();
    watch(&mut scene, CELL * 2, CELL * 3, usage);
    watch(&mut scene, CELL * 4, CELL * 5, usage);
    scene.engine.pass(start().plus(CELL * 5));
    let told = scene.engine.take_cells();
    let cell = |number: u32| UsageCell {
        start: start().plus(CELL * number),
        cpu_mean: cpu(250),
        cpu_max: cpu(375),
        memory_max: memory(302),
        pods: 3,
    };
    // The last is not over until what comes late has come.
    assert_eq!(told.iter().map(|(_, cell)| *cell).collect::<Vec<_>>(), [cell(2)]);
    scene.engine.pass(start().plus(CELL * 6));
    let told = scene.engine.take_cells();
    assert_eq!(told.iter().map(|(_, cell)| *cell).collect::<Vec<_>>(), [cell(4)]);
    assert_eq!(scene.engine.take_cells(), []);
}

#[test]
fn snapshots_after_a_container_begin_with_the_next_and_end_with_itself() {
    let mut engine = Engine::new(Settings::default());
    let key = |name: &str| {
        let mut key = watched(Duration::ZERO, sawtooth).key();
        key.container = name.into();
        key
    };
    for name in ["a", "c", "d"] {
        engine.recall(&key(name), ContainerHistory::new());
    }
    let order = |after: Option<&str>| -> Vec<String> {
        let after = after.map(key);
        engine.snapshots_after(after.as_ref()).map(|(key, _)| key.container.to_string()).collect()
    };
    assert_eq!(order(None), ["a", "c", "d"]);
    assert_eq!(order(Some("a")), ["c", "d", "a"]);
    assert_eq!(order(Some("b")), ["c", "d", "a"]);
    assert_eq!(order(Some("d")), ["a", "c", "d"]);
    assert!(engine.knows(&key("c")) && !engine.knows(&key("b")));
}

/// Memory that fills whatever limit it has within the hour, and is killed at it each time; the last limit
/// that is asked for, in mebibytes.
fn leak(scene: &mut Scene, hours_long: u64) -> u32 {
    let mebibytes = |amount: Option<Amount>| {
        let amount = amount.map_or(0.0, Amount::value) / Amount::from_mebibytes(1).value();
        (0..u32::MAX).find(|whole| f64::from(*whole) >= amount).unwrap()
    };
    let mut limit = 300;
    scene.engine.observe_pods(&scene.workload);
    for hour in 0..hours_long {
        watch(scene, hours(4 + hour), hours(5 + hour), |_, tick| {
            let minute = u32::try_from(tick / 2 % 60).unwrap();
            (100, limit / 2 + limit / 2 * minute / 60)
        });
        scene.kill(0, limit, 60 * (24 - 5 - hour));
        scene.engine.pass(start().plus(hours(5 + hour) + CELL * 2));
        let asked = trail(scene, Resource::Memory).result.limit;
        limit = mebibytes(asked).max(limit);
    }
    limit
}

#[test]
fn a_leak_is_told_of_and_not_fed_without_bound() {
    let mut scene = watched(hours(4), |_, _| (100, 150));
    let limit = leak(&mut scene, 16);
    assert!((4000..=5120).contains(&limit), "ten times the template's at most: {limit}");
    let held = trail(&scene, Resource::Memory);
    assert!(matches!(held.constraint, Some(Constraint::Leak(_))), "{held:?}");
    assert_eq!(held.judgement.map(|one| one.verdict), Some(AutoVerdict::HeldAsLeak));
    let given = scene.evaluate().state.published.unwrap().containers[0].1;
    scene.run_with(given);
    assert!(matches!(reason(&scene.evaluate()), Reason::SuspectedLeak { .. }));
}

#[test]
fn with_other_targets_too_kills_alone_do_not_feed_a_leak_without_bound() {
    let mut scene = watched(hours(4), |_, _| (100, 150));
    set(&mut scene, Resource::Memory, |policy| policy.target.value = Target::Max);
    let limit = leak(&mut scene, 19);
    assert!(limit > 1500, "{limit}");
    let floors = scene.evaluate().state.oom_floors;
    assert!(floors[0].floor <= Amount::from_mebibytes(5120), "{floors:?}");
}
