//! What holds of `auto` for any usage of any pods, from samples to the evaluation. Properties of its
//! machines alone are beside them, in `src/auto/tests`.

use std::time::Duration;

use plimsoll_domain::{
    Allocation, Amount, ContainerKey, Estimate, OomKill, PerResource, Resource, Sample, Signal,
    Target, Timestamp, Trail, Why,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture::{APP, NOW, Scene, resources, set, uid};

/// Usage is looked at by five minutes; with one sample a pod in each, this is a tick.
const TICK: u64 = 300;
const PODS: usize = 3;

/// Usage of one tick: CPU and memory of each pod that was seen.
type Tick = [Option<(f64, f64)>; PODS];

/// A service's usage: cores over four orders of magnitude, memory up to half a gibibyte, with gaps
/// and runs of the same.
fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let cpu = prop_oneof![1 => Just(0.0), 8 => (-3.0..1.0_f64).prop_map(|e| 10_f64.powf(e))];
    let memory = (18.0..29.0_f64).prop_map(f64::exp2);
    let pod = prop::option::weighted(0.9, (cpu, memory));
    let run = ([pod.clone(), pod.clone(), pod], 1..12_usize);
    vec(run, 4..12).prop_map(|runs| {
        runs.into_iter().flat_map(|(tick, times)| std::iter::repeat_n(tick, times)).collect()
    })
}

/// Three pods whose resources are both sized by `auto`.
fn scene() -> Scene {
    let mut scene = Scene::test();
    for resource in Resource::ALL {
        set(&mut scene, resource, |policy| policy.target.value = Target::Auto);
    }
    scene
}

fn key(scene: &Scene) -> ContainerKey {
    ContainerKey { workload: scene.workload.id.clone(), container: APP.into() }
}

fn sample(scene: &Scene, pod: usize, at: Timestamp, (cpu, memory): (f64, f64)) -> Sample {
    Sample {
        container: key(scene),
        pod: uid(pod).into(),
        at,
        age: Duration::from_hours(48),
        usage: PerResource { cpu: Amount::new(cpu), memory: Amount::new(memory) },
    }
}

/// When a tick's samples were taken.
fn moment(tick: usize) -> Timestamp {
    let passed = TICK * u64::try_from(tick).unwrap_or_default();
    NOW.minus(Duration::from_hours(24)).plus(Duration::from_secs(passed + 60))
}

/// Lets the engine see ticks, each pod's in this order, with CPU so many times as much.
fn watch(scene: &mut Scene, ticks: &[Tick], order: [usize; PODS], scale: f64) {
    watch_from(scene, 0, ticks, order, scale);
    scene.engine.pass(moment(ticks.len() + 1));
}

/// The same from a later tick on, of which the last is still open.
fn watch_from(scene: &mut Scene, from: usize, ticks: &[Tick], order: [usize; PODS], scale: f64) {
    for (number, tick) in (from..).zip(ticks) {
        for pod in order {
            if let Some((cpu, memory)) = tick[pod] {
                let sample = sample(scene, pod, moment(number), (cpu * scale, memory));
                scene.engine.observe(&sample);
            }
        }
        scene.engine.pass(moment(number));
    }
}

fn trail(scene: &Scene, resource: Resource) -> Option<Trail> {
    match scene.evaluate().containers[0].estimates.get(resource) {
        Estimate::Known(trail) => Some((**trail).clone()),
        Estimate::Unknown(_) => None,
    }
}

fn asked(scene: &Scene, resource: Resource) -> Option<Allocation> {
    trail(scene, resource).map(|trail| trail.result)
}

/// A template whose memory is one level, or two.
fn any_form() -> impl Strategy<Value = (u32, u32)> {
    select(vec![(512, 512), (256, 512)])
}

/// Any usage at all: mostly five minutes after the last, else at any second from the first on.
fn anything() -> impl Strategy<Value = (f64, f64, Option<i64>)> {
    let amount = || {
        prop_oneof![
            Just(0.0),
            Just(f64::MIN_POSITIVE),
            Just(f64::MAX),
            any::<f64>().prop_map(f64::abs),
            (-3.0..10.0_f64).prop_map(|e| 10_f64.powf(e)),
        ]
    };
    let at = prop_oneof![0..86_400_i64, any::<i64>(), Just(i64::MAX), Just(i64::MIN)];
    (amount(), amount(), prop::option::weighted(0.1, at))
}

/// Every amount and share that an estimate shows.
fn numbers(trail: &Trail) -> Vec<f64> {
    let Trail { base, with_overhead, oom_floor, result, judgement, .. } = trail;
    let amounts = [Some(*base), Some(*with_overhead), *oom_floor, result.request, result.limit];
    let mut numbers: Vec<f64> = amounts.into_iter().flatten().map(Amount::value).collect();
    match judgement.map(|judgement| judgement.why) {
        Some(Why::Cpu(why)) => {
            let ratios = [
                Some(why.price),
                Some(why.debt_factor),
                Some(why.time_above_lately),
                why.time_above,
                Some(why.time_above_cheapest),
                Some(why.gain_needed),
            ];
            numbers.extend(ratios.into_iter().flatten().map(plimsoll_domain::Ratio::value));
            numbers.push(why.cheapest.value());
        }
        Some(Why::Memory(why)) => {
            numbers.extend(
                [why.margin, why.times_broken, why.days].map(plimsoll_domain::Ratio::value),
            );
            numbers.push(why.peak.value());
        }
        Some(Why::Burstable { day_peak }) => numbers.push(day_peak.value()),
        None => {}
    }
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_pods_and_kills_within_a_tick_does_not_matter(
        ticks in ticks(),
        order in Just([0, 1, 2]).prop_shuffle(),
        kill in (0..PODS, 0..100_usize, any::<bool>()),
    ) {
        let (pod, tick, comes_first) = kill;
        let told = |order, comes_first| {
            let mut scene = scene();
            let at = moment(tick % ticks.len());
            let limit = Some(Amount::from_mebibytes(512));
            let signal = Signal::OomKill {
                container: key(&scene),
                pod: uid(pod).into(),
                kill: OomKill { at, limit },
            };
            let (before, after) = ticks.split_at(tick % ticks.len() + 1);
            let (earlier, own) = before.split_at(before.len() - 1);
            watch_from(&mut scene, 0, earlier, order, 1.0);
            if comes_first {
                scene.engine.signal(&signal);
            }
            watch_from(&mut scene, earlier.len(), own, order, 1.0);
            if !comes_first {
                scene.engine.signal(&signal);
            }
            watch_from(&mut scene, before.len(), after, order, 1.0);
            scene.engine.pass(moment(ticks.len() + 1));
            scene.evaluate()
        };
        prop_assert_eq!(told([0, 1, 2], comes_first), told(order, !comes_first));
    }

    /// Exactly where the scale moves buckets onto buckets, the busiest pod's too.
    #[test]
    fn cpu_scales_with_the_usage_of_all_pods(ticks in ticks(), power in -40..40_i32) {
        let scale = 1.05_f64.powi(power);
        let request = |scale| {
            let mut scene = scene();
            scene.policy.resources.cpu.min.value = None;
            watch(&mut scene, &ticks, [0, 1, 2], scale);
            asked(&scene, Resource::Cpu).and_then(|asked| asked.request)
        };
        let (plain, scaled) = (request(1.0), request(scale));
        prop_assert_eq!(plain.is_some(), scaled.is_some());
        if let (Some(plain), Some(scaled)) = (plain, scaled) {
            let off = (plain.value() * scale - scaled.value()).abs();
            prop_assert!(off <= 1e-6 * scaled.value(), "{plain:?} {scaled:?}");
        }
    }

    /// Against the same past, a tick with more memory in any pod, or a kill in it, asks for no less:
    /// neither request nor limit. (Over a longer past it may: a peak that was always there needs a
    /// thinner margin than one that came as a surprise.)
    #[test]
    fn more_memory_pressure_in_a_tick_never_lowers_memory(
        ticks in ticks(),
        form in any_form(),
        last in [(18.0..29.0_f64), (18.0..29.0_f64), (18.0..29.0_f64)],
        more in (0..PODS, 1.0..8.0_f64),
        kill in any::<bool>(),
    ) {
        let after = |factor: f64, kill: bool| {
            let mut scene = scene();
            scene.workload.containers[0].original = resources((500, 0), form);
            watch(&mut scene, &ticks, [0, 1, 2], 1.0);
            let tick = ticks.len() + 1;
            for (pod, power) in last.iter().enumerate() {
                let factor = if pod == more.0 { factor } else { 1.0 };
                let usage = (0.1, power.exp2() * factor);
                let sample = sample(&scene, pod, moment(tick), usage);
                scene.engine.observe(&sample);
            }
            if kill {
                let limit = asked(&scene, Resource::Memory).and_then(|asked| asked.limit);
                let kill = OomKill { at: moment(tick), limit };
                let (container, pod) = (key(&scene), uid(more.0));
                scene.engine.signal(&Signal::OomKill { container, pod: pod.into(), kill });
            }
            scene.engine.pass(moment(tick + 2));
            asked(&scene, Resource::Memory)
        };
        let (calm, pressed) = (after(1.0, false), after(more.1, kill));
        if let (Some(calm), Some(pressed)) = (calm, pressed) {
            prop_assert!(pressed.request >= calm.request, "{calm:?} {pressed:?}");
            prop_assert!(pressed.limit >= calm.limit, "{calm:?} {pressed:?}");
        }
    }

    #[test]
    fn only_amounts_come_out_whatever_is_seen(
        samples in vec((0..PODS, anything(), prop::bool::weighted(0.1)), 1..120),
        form in any_form(),
        target in select(vec![Target::Auto, Target::Max]),
        overhead in select(vec![0.0, 2.5]),
    ) {
        let mut scene = scene();
        scene.workload.containers[0].original = resources((500, 0), form);
        for resource in Resource::ALL {
            set(&mut scene, resource, |policy| {
                policy.target.value = target;
                policy.overhead.value = plimsoll_domain::Ratio::new(overhead).unwrap_or_default();
                policy.overhead.origin = plimsoll_domain::Origin::Annotation;
            });
        }
        for (number, (pod, (cpu, memory, second), kill)) in samples.into_iter().enumerate() {
            let at = moment(number);
            let at = second.map_or(at, |second| {
                Timestamp::from_seconds(moment(0).seconds().saturating_add(second))
            });
            let sample = sample(&scene, pod, at, (cpu, memory));
            scene.engine.observe(&sample);
            if kill {
                let kill = OomKill { at, limit: Amount::new(memory) };
                let (container, pod) = (key(&scene), uid(pod));
                scene.engine.signal(&Signal::OomKill { container, pod: pod.into(), kill });
            }
            scene.engine.pass(at.plus(Duration::from_mins(8)));
        }
        for resource in Resource::ALL {
            let numbers = trail(&scene, resource).map(|trail| numbers(&trail)).unwrap_or_default();
            prop_assert!(
                numbers.iter().all(|number| number.is_finite() && *number >= 0.0),
                "{numbers:?}"
            );
        }
    }
}
