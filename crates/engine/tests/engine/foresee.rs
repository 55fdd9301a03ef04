//! Targets that are forecasts: told of the past, followed five minutes at a time.

use std::time::Duration;

use plimsoll_domain::{
    Amount, Cadence, Estimate, Foreseen, Quantile, Resource, Strategy, Target, Timestamp, Trail,
    UsageCell,
};
use plimsoll_engine::{Engine, Settings};

use crate::fixture::{NOW, Scene, cpu, memory, set};

const CELL: Duration = Duration::from_mins(5);
/// The scene begins at 08:00 in UTC, a day before now.
const START: Timestamp = Timestamp::from_seconds(1_800_000_000 - 86_400);
const DAY: i64 = 86_400;

/// Thousandths of a core at a time: 200 by night, 800 from 10:00 to 18:00, an hour from one to the
/// other, and a ripple.
fn rhythm(at: Timestamp) -> u32 {
    let second = at.seconds().rem_euclid(DAY);
    let rise = (second - 9 * 3600).clamp(0, 3600) - (second - 18 * 3600).clamp(0, 3600);
    let ripple = (at.seconds() / 300).rem_euclid(7) * 5;
    u32::try_from(200 + rise / 6 + ripple).unwrap()
}

/// A scene whose CPU follows a forecast of the next hour, and which knows nine days of the rhythm.
fn foreseen(strategy: Strategy) -> Scene {
    let mut scene = Scene::test();
    set(&mut scene, Resource::Cpu, |policy| policy.target.value = Target::Forecast(strategy));
    scene.policy.vertical.forecast_horizon.value = Duration::from_hours(1);
    live(&mut scene, Duration::ZERO, CELL, rhythm);
    scene.engine.observe_pods(&scene.configured());
    let key = scene.key();
    assert_eq!(scene.engine.without_past(), std::slice::from_ref(&key));
    scene.engine.recall_cells(&key, &past(9 * 288));
    assert_eq!(scene.engine.without_past(), []);
    scene
}

fn past(cells: i64) -> Vec<UsageCell> {
    let cell = |number: i64| {
        let start = Timestamp::from_seconds(START.seconds() - 300 * number);
        let usage = cpu(rhythm(start));
        UsageCell { start, cpu_mean: usage, cpu_max: usage, memory_max: memory(300), pods: 3 }
    };
    (1..=cells).rev().map(cell).collect()
}

/// Lets usage be seen every 30 s between these times since the start.
fn live(scene: &mut Scene, from: Duration, to: Duration, usage: impl Fn(Timestamp) -> u32) {
    for tick in from.as_secs() / 30..to.as_secs() / 30 {
        let ago = Duration::from_secs(30 * tick);
        let at = START.plus(ago);
        scene.observe(0, ago, (cpu(usage(at)), memory(300)));
        scene.engine.pass(at);
    }
}

fn trail(scene: &Scene, at: Duration) -> Trail {
    let evaluation = scene.evaluate_at(START.plus(at));
    match evaluation.containers[0].estimates.get(Resource::Cpu) {
        Estimate::Known(trail) => (**trail).clone(),
        Estimate::Unknown(reason) => panic!("{reason:?}"),
    }
}

fn millicores(scene: &Scene, at: Duration) -> f64 {
    trail(scene, at).base.value() * 1000.0
}

fn told(scene: &Scene, at: Duration) -> Foreseen {
    trail(scene, at).foreseen.unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

#[test]
fn requests_rise_before_the_morning_and_fall_after_the_evening() {
    let mut scene = foreseen(Strategy::Balanced);
    // 08:10: it is night until 09:00.
    live(&mut scene, CELL, minutes(11), rhythm);
    let night = millicores(&scene, minutes(10));
    assert!((200.0..320.0).contains(&night), "{night}");
    // 08:58: usage has not moved yet, and in an hour it will be 800.
    live(&mut scene, minutes(11), minutes(59), rhythm);
    let before = millicores(&scene, minutes(58));
    assert!(before > 600.0, "{before}");
    let foreseen = told(&scene, minutes(58));
    assert!(foreseen.is_followed(), "{foreseen:?}");
    assert_eq!(foreseen.next, Some(START.plus(minutes(60))));
    // 14:00 and 20:00.
    live(&mut scene, minutes(59), minutes(361), rhythm);
    let noon = millicores(&scene, minutes(360));
    assert!((790.0..1000.0).contains(&noon), "{noon}");
    live(&mut scene, minutes(361), minutes(721), rhythm);
    let evening = millicores(&scene, minutes(720));
    assert!(evening < 400.0, "{evening}");
}

#[test]
fn a_rhythm_that_breaks_is_not_believed_for_longer_than_a_day() {
    let mut scene = foreseen(Strategy::Balanced);
    let flat = |_: Timestamp| 200;
    // Nothing comes at 09:00; the morning after at 07:58, and then at 09:30, nobody waits for it.
    live(&mut scene, CELL, minutes(26 * 60), flat);
    let next_morning = millicores(&scene, minutes(25 * 60 + 30));
    assert!(next_morning < 450.0, "{next_morning}");
}

#[test]
fn each_strategy_asks_for_its_quantile() {
    let strategies = [
        Strategy::Undershoot,
        Strategy::CostOptimized,
        Strategy::Balanced,
        Strategy::AssuranceOptimized,
        Strategy::Overshoot,
    ];
    let asked = strategies.map(|strategy| {
        let mut scene = foreseen(strategy);
        live(&mut scene, CELL, minutes(11), rhythm);
        millicores(&scene, minutes(10))
    });
    assert!(asked.is_sorted() && asked[0] < asked[4], "{asked:?}");
    let half = Strategy::Percentile(Quantile::new(0.5).unwrap());
    let mut scene = foreseen(half);
    live(&mut scene, CELL, minutes(11), rhythm);
    let median = millicores(&scene, minutes(10));
    assert_eq!(median.to_bits(), asked[0].to_bits());
}

#[test]
fn a_forecast_stands_until_the_next_is_due() {
    let mut scene = foreseen(Strategy::Balanced);
    scene.policy.vertical.forecast_cadence.value = Cadence::Cron("30 * * * *".to_owned());
    scene.engine.observe_pods(&scene.configured());
    live(&mut scene, CELL, minutes(29), rhythm);
    let first = told(&scene, minutes(29));
    assert_eq!(first.next, Some(START.plus(minutes(30))));
    live(&mut scene, minutes(29), minutes(31), rhythm);
    let second = told(&scene, minutes(31));
    assert_eq!((second.at, second.next), (START.plus(minutes(30)), Some(START.plus(minutes(90)))));
    live(&mut scene, minutes(31), minutes(80), rhythm);
    assert_eq!(told(&scene, minutes(80)), second);
}

#[test]
fn without_a_past_what_was_seen_stands_in() {
    let mut scene = Scene::test();
    let target = Target::Forecast(Strategy::Balanced);
    set(&mut scene, Resource::Cpu, |policy| policy.target.value = target);
    live(&mut scene, Duration::ZERO, CELL, rhythm);
    scene.engine.observe_pods(&scene.configured());
    scene.engine.recall_cells(&scene.key(), &[]);
    live(&mut scene, CELL, minutes(30), |_| 300);
    let trail = trail(&scene, minutes(30));
    assert_eq!(trail.base, Amount::from_millicores(300));
    assert!(trail.foreseen.is_some_and(|foreseen| !foreseen.is_followed()), "{trail:?}");
}

/// A past that comes in later, in parts, is as good as one told at once; until then what was seen
/// stands in.
#[test]
fn a_past_that_comes_in_later_is_learned_from_anew() {
    let mut early = foreseen(Strategy::Balanced);
    let mut late = Scene::test();
    let target = Target::Forecast(Strategy::Balanced);
    set(&mut late, Resource::Cpu, |policy| policy.target.value = target);
    late.policy.vertical.forecast_horizon.value = Duration::from_hours(1);
    live(&mut late, Duration::ZERO, CELL, rhythm);
    late.engine.observe_pods(&late.configured());
    for scene in [&mut early, &mut late] {
        live(scene, CELL, minutes(32), rhythm);
    }
    let seen = trail(&late, minutes(32));
    assert!(seen.foreseen.is_some_and(|foreseen| !foreseen.is_followed()), "{seen:?}");
    let (older, newer) = (past(9 * 288), past(4 * 288));
    let key = late.key();
    for part in [&older[..5 * 288], &newer[..]] {
        late.engine.recall_cells(&key, part);
    }
    for scene in [&mut early, &mut late] {
        live(scene, minutes(32), minutes(50), rhythm);
    }
    let [early, late] = [early, late].map(|scene| told(&scene, minutes(50)));
    assert!(late.is_followed(), "{late:?}");
    assert_eq!(late.at, early.at);
    assert_eq!(late.history, early.history);
    assert!(
        (late.covered.value() / early.covered.value() - 1.0).abs() < 0.02,
        "{late:?} {early:?}"
    );
}

/// A gap that is filled later changes what is known, not what was learned.
#[test]
fn little_more_of_the_past_leaves_the_forecast_as_it_is() {
    let mut scene = foreseen(Strategy::Balanced);
    live(&mut scene, CELL, minutes(40), rhythm);
    let before = told(&scene, minutes(40));
    let key = scene.key();
    scene.engine.expect_past_of(&key);
    assert_eq!(scene.engine.without_past(), std::slice::from_ref(&key));
    scene.engine.recall_cells(&key, &past(10 * 288));
    assert_eq!(scene.engine.without_past(), []);
    assert_eq!(told(&scene, minutes(40)), before);
}

#[test]
fn cpu_of_a_quantile_follows_a_forecast_where_that_is_asked_for() {
    let mut scene = Scene::test();
    scene.policy.vertical.predictive_cpu.value = true;
    scene.policy.vertical.forecast_horizon.value = Duration::from_hours(1);
    live(&mut scene, Duration::ZERO, CELL, rhythm);
    scene.engine.observe_pods(&scene.configured());
    scene.engine.recall_cells(&scene.key(), &past(9 * 288));
    live(&mut scene, CELL, minutes(59), rhythm);
    assert!(millicores(&scene, minutes(58)) > 600.0);
    scene.policy.vertical.predictive_cpu.value = false;
    scene.engine.observe_pods(&scene.configured());
    assert!(millicores(&scene, minutes(58)) < 300.0);
    assert!(trail(&scene, minutes(58)).foreseen.is_none());
}

/// The usage is told again, the rest is remembered.
#[test]
fn a_restart_changes_nothing() {
    let until = |scene: &mut Scene| live(scene, minutes(40), minutes(100), rhythm);
    let mut scene = foreseen(Strategy::Balanced);
    live(&mut scene, CELL, minutes(40), rhythm);
    let snapshots: Vec<_> = scene.engine.snapshots().map(|(k, b)| (k.clone(), b)).collect();
    let mut again = foreseen(Strategy::Balanced);
    again.engine = Engine::new(Settings::default());
    for (key, bytes) in snapshots {
        again.engine.restore_snapshot(&key, &bytes).unwrap();
    }
    again.engine.observe_pods(&again.configured());
    let now = START.plus(minutes(40));
    assert_eq!(again.evaluate_at(now), scene.evaluate_at(now));
    let seen: Vec<UsageCell> = (0..7).map(|cell| seen(START.plus(cell * CELL))).collect();
    let cells: Vec<UsageCell> = past(9 * 288).into_iter().chain(seen).collect();
    again.engine.recall_cells(&scene.key(), &cells);
    until(&mut scene);
    until(&mut again);
    assert_eq!(again.evaluate_at(NOW), scene.evaluate_at(NOW));
}

/// A cell of the live scene, as it is stored.
fn seen(start: Timestamp) -> UsageCell {
    let usage = cpu(rhythm(start));
    UsageCell { start, cpu_mean: usage, cpu_max: usage, memory_max: memory(300), pods: 1 }
}
