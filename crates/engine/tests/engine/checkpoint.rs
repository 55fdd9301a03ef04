//! What outlives a process without a disk: the recommendation stands, and nothing richer is lost.

use std::time::Duration;

use plimsoll_domain::{Estimate, PerResource, Resource, Target, Timestamp};
use plimsoll_engine::{CheckpointError, Engine, Settings};
use plimsoll_history::SnapshotError;

use crate::fixture::{NOW, Scene, cpu, memory, set};

const TICK: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);

/// Pods that were watched for so long of the day before now, each with the same usage.
fn watched(target: Target, long: Duration) -> Scene {
    let mut scene = Scene::test();
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.target.value = target);
    }
    watch(&mut scene, Duration::ZERO, long);
    scene
}

fn watch(scene: &mut Scene, from: Duration, to: Duration) {
    for tick in from.as_secs() / TICK.as_secs()..to.as_secs() / TICK.as_secs() {
        let after = Duration::from_secs(tick * TICK.as_secs());
        let phase = u32::try_from(tick / 10 % 24).unwrap();
        for pod in 0..3 {
            scene.observe(pod, after, (cpu(100 + 5 * phase), memory(300 + phase)));
        }
        scene.engine.pass(NOW.minus(DAY).plus(after));
    }
}

fn checkpoint(scene: &Scene) -> Vec<u8> {
    scene.engine.checkpoint(&scene.key()).unwrap()
}

/// Samples and request of each resource; `None` where nothing is known.
fn known(scene: &Scene) -> PerResource<Option<(u64, Option<f64>)>> {
    let evaluation = scene.evaluate();
    PerResource::from_fn(|resource| match evaluation.containers[0].estimates.get(resource) {
        Estimate::Known(trail) => {
            Some((trail.samples, trail.result.request.map(plimsoll_domain::Amount::value)))
        }
        Estimate::Unknown(_) => None,
    })
}

/// The recommendation by this target stands in an engine that knows the checkpoint alone, also after
/// the same was taken in again.
fn check_stands(target: Target) {
    let mut scene = watched(target, DAY);
    let before = known(&scene);
    assert!(before.cpu.is_some() && before.memory.is_some(), "{before:?}");
    let bytes = checkpoint(&scene);
    scene.engine = Engine::new(Settings::default());
    assert_eq!(known(&scene), PerResource { cpu: None, memory: None });
    for _ in 0..2 {
        scene.engine.take_in_checkpoint(&scene.key(), &bytes, NOW).unwrap();
        scene.engine.observe_pods(&scene.configured());
        assert_eq!(known(&scene), before, "{target:?}");
        assert_eq!(checkpoint(&scene), bytes, "it is as good as what it was made of");
    }
}

#[test]
fn the_recommendation_stands_without_relearning() {
    check_stands(Target::Auto);
    check_stands(Target::Max);
    check_stands(Target::Quantile(plimsoll_domain::Quantile::new(0.9).unwrap()));
}

#[test]
fn one_that_comes_late_adds_what_is_not_known_and_no_more() {
    let rich = watched(Target::Auto, Duration::from_hours(23));
    let expect = known(&rich);
    let mut late = Scene::test();
    late.policy = rich.policy.clone();
    // What was seen since the start, half an hour: too short for anything.
    watch(&mut late, Duration::from_mins(23 * 60 + 30), DAY);
    assert_eq!(known(&late).cpu, None);
    late.engine.take_in_checkpoint(&late.key(), &checkpoint(&rich), NOW).unwrap();
    let request = |known: Option<(u64, Option<f64>)>| known.and_then(|known| known.1);
    let after = known(&late);
    assert_eq!(request(after.cpu), request(expect.cpu));
    assert_eq!(request(after.memory), request(expect.memory));
}

#[test]
fn a_poorer_one_changes_nothing() {
    let mut scene = watched(Target::Auto, DAY);
    let before = checkpoint(&scene);
    let poor = watched(Target::Auto, Duration::from_hours(12));
    scene.engine.take_in_checkpoint(&scene.key(), &checkpoint(&poor), NOW).unwrap();
    assert_eq!(checkpoint(&scene), before);
}

#[test]
fn thousands_of_pods_take_no_more_than_one() {
    let mut one = Scene::test();
    let mut many = Scene::test();
    for pod in 0..3000 {
        one.observe(0, TICK * u32::try_from(pod).unwrap() / 2, (cpu(100), memory(100)));
        many.observe(pod, TICK, (cpu(100), memory(100)));
    }
    let (one, many) = (checkpoint(&one).len(), checkpoint(&many).len());
    assert!(many <= one, "{many} bytes, of one pod {one}");
}

#[test]
fn what_is_no_checkpoint_is_refused_and_changes_nothing() {
    let mut scene = watched(Target::Max, DAY);
    let before = checkpoint(&scene);
    let key = scene.key();
    let mut taken = |bytes: &[u8], now| scene.engine.take_in_checkpoint(&key, bytes, now);
    let not = Err(CheckpointError::Snapshot(SnapshotError::NotASnapshot));
    assert_eq!(taken(b"nonsense", NOW), not);
    let short = Err(CheckpointError::Snapshot(SnapshotError::Truncated));
    assert_eq!(taken(&before[..before.len() - 1], NOW), short);
    let mut later = before.clone();
    later[8] = 99;
    let version = Err(CheckpointError::Snapshot(SnapshotError::UnknownVersion { found: 99 }));
    assert_eq!(taken(&later, NOW), version);
    assert_eq!(checkpoint(&scene), before);
}

#[test]
fn one_that_tells_of_the_future_is_refused() {
    let scene = watched(Target::Max, DAY);
    let bytes = checkpoint(&scene);
    let mut engine = Engine::new(Settings::default());
    let newest = NOW.minus(TICK);
    let minutes = |minutes| newest.minus(Duration::from_mins(minutes));
    let taken = engine.take_in_checkpoint(&scene.key(), &bytes, minutes(11));
    assert_eq!(taken, Err(CheckpointError::Ahead { newest }));
    assert_eq!(engine.told().count(), 0);
    engine.take_in_checkpoint(&scene.key(), &bytes, minutes(9)).unwrap();
    let told: Vec<Option<Timestamp>> = engine.told().map(|(_, at)| at).collect();
    assert_eq!(told, [Some(newest)]);
}

#[test]
fn containers_are_found_by_their_workload() {
    let scene = watched(Target::Max, Duration::from_hours(1));
    let key = scene.key();
    assert!(scene.engine.containers_of(&key.workload).eq([&key]));
    let mut other = key.workload.clone();
    other.name = format!("{}x", other.name).into();
    assert_eq!(scene.engine.containers_of(&other).count(), 0);
}
