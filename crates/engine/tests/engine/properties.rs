//! What holds for any workload, policy, usage and past.

use std::time::Duration;

use plimsoll_domain::{
    Action, ApplyType, Constraint, Estimate, Evaluation, LimitRule, MetricsState, Mode, Move,
    NewPods, PerResource, PodPhase, QosClass, Quantile, Ratio, Reason, ResizeRestart, Resource,
    Resources, Rounding, Running, Target, Threshold,
};
use plimsoll_engine::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture::{APP, NOW, Scene, at, constant, cpu, memory, mk_published, resources, set};

const EPSILON: f64 = 1e-9;

fn any_resources() -> impl Strategy<Value = Resources> {
    let pair = || (select(vec![0_u32, 50, 200, 500, 2000]), select(vec![0_u32, 1, 2, 3]));
    (pair(), pair()).prop_map(|((cpu, by), (memory, memory_by))| {
        resources((cpu, cpu * by), (memory, memory * memory_by))
    })
}

fn any_limit() -> impl Strategy<Value = LimitRule> {
    prop_oneof![
        Just(LimitRule::Automatic),
        Just(LimitRule::None),
        Just(LimitRule::Keep),
        Just(LimitRule::MaintainRatio),
        (1.0..4.0, any::<bool>(), any::<bool>()).prop_map(|(factor, exists, lower)| {
            LimitRule::Multiplier {
                factor: Ratio::new(factor).unwrap(),
                only_if_original_exists: exists,
                only_if_original_lower: lower,
            }
        }),
    ]
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::Max),
        Just(Target::Auto),
        (0.0..=1.0).prop_map(|value| Target::Pooled(Quantile::new(value).unwrap())),
        (0.0..=1.0).prop_map(|value| Target::Quantile(Quantile::new(value).unwrap())),
    ]
}

fn any_threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        Just(Threshold::DEFAULT_ADAPTIVE),
        (0.01..2.5).prop_map(|share| Threshold::Ratio(Ratio::new(share).unwrap())),
        (0.0..1.5).prop_map(|share| Threshold::OfCurrent(Ratio::new(share).unwrap())),
        (0_u32..1000).prop_map(|value| Threshold::Absolute(cpu(value).unwrap())),
        (0.0..2.0, 0.0..2.0, 0.0..1.0).prop_map(|(numerator, denominator, exponent)| {
            Threshold::Adaptive { numerator, denominator, exponent }
        }),
    ]
}

#[derive(Clone, Debug)]
struct AnyPolicy {
    limit: LimitRule,
    target: Target,
    threshold: Threshold,
    lowering_threshold: Option<Threshold>,
    mode: Mode,
    overhead: f64,
    min: Option<u32>,
    above_min: Option<u32>,
}

fn any_policy() -> impl Strategy<Value = AnyPolicy> {
    let overhead = prop_oneof![Just(0.0), Just(0.1), 0.0..2.5];
    let bound = || prop::option::of(0_u32..1000);
    let thresholds = || (any_threshold(), prop::option::of(any_threshold()));
    let mode = prop_oneof![7 => Just(Mode::Apply), 1 => Just(Mode::Recommend)];
    (any_limit(), any_target(), thresholds(), mode, overhead, bound(), bound()).prop_map(
        |(limit, target, (threshold, lowering_threshold), mode, overhead, min, above_min)| {
            AnyPolicy {
                limit,
                target,
                threshold,
                lowering_threshold,
                mode,
                overhead,
                min,
                above_min,
            }
        },
    )
}

#[derive(Clone, Debug)]
struct Past {
    last_move: Option<(u64, Resources)>,
    published: Option<Resources>,
    kills: Vec<(usize, u32, u64)>,
}

fn any_past() -> impl Strategy<Value = Past> {
    let minutes = select(vec![1_u64, 10, 45]);
    (
        prop::option::of((minutes, any_resources())),
        prop::option::of(any_resources()),
        vec((0_usize..3, 1_u32..2000, 1_u64..2000), 0..3),
    )
        .prop_map(|(last_move, published, kills)| Past { last_move, published, kills })
}

#[derive(Clone, Debug)]
struct Surroundings {
    flags: [bool; 10],
    restarts: bool,
    /// For lowering, and for memory events.
    apply_types: [Option<ApplyType>; 2],
    samples: u64,
    usage: [u32; 3],
    memory: (u32, u32),
}

fn any_apply_type() -> impl Strategy<Value = Option<ApplyType>> {
    select(vec![None, None, Some(ApplyType::Immediate), Some(ApplyType::Deferred)])
}

fn any_surroundings() -> impl Strategy<Value = Surroundings> {
    let usage = || prop_oneof![Just(0_u32), 1_u32..3000];
    (
        any::<[bool; 10]>(),
        prop::bool::weighted(0.1),
        [any_apply_type(), any_apply_type()],
        select(vec![0_u64, 12, 12, 40]),
        [usage(), usage(), usage()],
        (1_u32..2000, 1_u32..3000),
    )
        .prop_map(|(flags, restarts, apply_types, samples, usage, memory)| Surroundings {
            flags,
            restarts,
            apply_types,
            samples,
            usage,
            memory,
        })
}

fn qos(resources: &Resources) -> QosClass {
    let allocations = [resources.cpu, resources.memory];
    if allocations.iter().all(|a| a.request.is_none() && a.limit.is_none()) {
        QosClass::BestEffort
    } else if allocations.iter().all(|a| a.limit.is_some() && a.request == a.limit) {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}

fn any_scene() -> impl Strategy<Value = Scene> {
    (
        any_resources(),
        [any_resources(), any_resources(), any_resources()],
        any_surroundings(),
        [any_policy(), any_policy()],
        any_past(),
    )
        .prop_map(|(original, present, around, policies, past)| {
            build(original, present, &around, policies, past)
        })
}

fn build(
    original: Resources,
    present: [Resources; 3],
    around: &Surroundings,
    policies: [AnyPolicy; 2],
    past: Past,
) -> Scene {
    let [resize, lower, recommend, deferred, required, hpa, metrics, pending, unrounded, dry] =
        around.flags;
    let mut scene = Scene::test().with_settings(Settings {
        rounding: if unrounded { Rounding::None } else { Rounding::Kubernetes },
        dry_run: dry && pending && hpa,
        ..Settings::default()
    });
    scene.context.capabilities.resize = resize || lower;
    scene.context.capabilities.lower_memory_limit = lower;
    if metrics && dry && pending {
        scene.context.metrics = MetricsState::Unavailable { since: NOW };
    }
    if recommend && dry && hpa {
        scene.policy.vertical.mode.value = Mode::Recommend;
    }
    if deferred && dry && lower {
        scene.policy.vertical.apply_type.value = ApplyType::Deferred;
    }
    [scene.policy.vertical.lowering.value, scene.policy.vertical.memory_event.value] =
        around.apply_types;
    scene.policy.vertical.confidence_required.value = required;
    if hpa && pending {
        scene.workload.hpa_on.cpu = Some("hpa".to_owned());
    }
    for (resource, any) in Resource::ALL.into_iter().zip(policies) {
        set(&mut scene, resource, |policy| {
            let amount = |value| match resource {
                Resource::Cpu => cpu(value),
                Resource::Memory => memory(value),
            };
            policy.limit.value = any.limit;
            policy.target.value = any.target;
            policy.threshold.value = any.threshold;
            policy.lowering_threshold.value = any.lowering_threshold;
            policy.mode.value = any.mode;
            policy.overhead.value = Ratio::new(any.overhead).unwrap();
            policy.min.value = at(any.min.and_then(amount));
            let least = any.min.unwrap_or(0);
            policy.max.value = at(any.above_min.and_then(|above| amount(least + above)));
        });
    }
    scene.workload.containers[0].original = original;
    for (pod, present) in scene.workload.pods.iter_mut().zip(present) {
        pod.qos = qos(&present);
        pod.containers[0].resources = present;
        if around.restarts {
            pod.containers[0].resize_restart.memory = ResizeRestart::RestartContainer;
        }
    }
    if pending {
        scene.workload.pods[2].phase = PodPhase::Pending;
    }
    remember(&mut scene, around, past);
    scene
}

fn remember(scene: &mut Scene, around: &Surroundings, past: Past) {
    for sample in 0..around.samples {
        for (pod, used) in around.usage.into_iter().enumerate() {
            let (usual, peak) = around.memory;
            let used_memory = if sample == 3 { peak } else { usual };
            let ago = Duration::from_mins(5 * sample);
            scene.observe(pod, ago, (cpu(used), memory(used_memory)));
        }
    }
    scene.engine.pass(NOW);
    for (pod, limit, minutes_ago) in past.kills {
        scene.kill(pod, limit, minutes_ago);
    }
    scene.workload.state.last_move = past.last_move.map(|(minutes, values)| Move {
        at: NOW.minus(Duration::from_mins(minutes)),
        containers: vec![(APP.to_owned(), values)],
    });
    scene.workload.state.published = past.published.map(mk_published);
}

/// A request is at most its limit.
fn is_valid(resources: &Resources) -> bool {
    resources.iter().all(|(_, allocation)| {
        let (request, limit) = (allocation.request, allocation.limit);
        limit.is_none() || request <= limit
    })
}

/// Bounds hold: the greatest always, the least unless a limit that stays is below it.
fn estimates_are_bounded(scene: &Scene, evaluation: &Evaluation) -> bool {
    let estimates = &evaluation.containers[0].estimates;
    estimates.iter().all(|(resource, estimate)| {
        let policy = scene.policy.resources.get(resource);
        let Estimate::Known(trail) = estimate else {
            return true;
        };
        let request = trail.result.request.unwrap();
        let limited = matches!(trail.constraint, Some(Constraint::Limit(_)));
        constant(policy.max.value).is_none_or(|max| request <= max)
            && constant(policy.min.value).is_none_or(|min| limited || request >= min)
            && trail.result.limit.is_none_or(|limit| request <= limit)
    })
}

/// What Kubernetes would refuse: taking a request or a limit away, another class, lowering a memory
/// limit where it cannot be.
fn is_accepted(scene: &Scene, from: &Resources, to: &Resources) -> bool {
    let none_removed = PerResource::from_fn(|resource| {
        let (from, to) = (from.get(resource), to.get(resource));
        (from.request.is_none() || to.request.is_some())
            && (from.limit.is_none() || to.limit.is_some())
    });
    let lowers = from.memory.limit.is_some() && to.memory.limit < from.memory.limit;
    let may_lower = scene.context.capabilities.lower_memory_limit;
    none_removed.cpu
        && none_removed.memory
        && qos(from) == qos(to)
        && (!lowers || may_lower)
        && is_valid(to)
}

fn check(scene: &Scene, evaluation: &Evaluation) -> Result<(), TestCaseError> {
    prop_assert!(estimates_are_bounded(scene, evaluation));
    let patches = match &evaluation.decision.new_pods {
        NewPods::Patch(patches) => Some(patches),
        NewPods::Untouched(_) => None,
    };
    // A stop and a dry run leave what was published for when they end.
    let untouched = &evaluation.decision.new_pods;
    let is_kept = matches!(untouched, NewPods::Untouched(Reason::Stopped(_) | Reason::DryRun));
    let is_published = evaluation.state.published.is_some();
    prop_assert!(is_kept || patches.is_some() == is_published);
    if let Running::Apply(action) = &evaluation.decision.running {
        prop_assert!(!action.changes.is_empty());
        for container in action.changes.iter().flat_map(|change| &change.containers) {
            prop_assert!(
                is_accepted(scene, &container.from, &container.to),
                "{:?} to {:?}",
                container.from,
                container.to
            );
        }
        prop_assert!(is_permitted(scene, action), "{action:?}");
    }
    Ok(())
}

/// What is excluded is left alone, and where a direction is deferred each pod is changed for the sake
/// of the other one, or of a kill.
fn is_permitted(scene: &Scene, action: &Action) -> bool {
    let vertical = &scene.policy.vertical;
    let all = vertical.apply_type.value;
    let is_deferred = |of: Option<ApplyType>| of.unwrap_or(all) == ApplyType::Deferred;
    let moves = |up: bool| {
        action.changes.iter().all(|change| {
            change.containers.iter().any(|container| {
                Resource::ALL.into_iter().any(|resource| {
                    let (from, to) = (container.from.get(resource), container.to.get(resource));
                    if up {
                        to.request > from.request || to.limit > from.limit
                    } else {
                        to.request < from.request || to.limit < from.limit
                    }
                })
            })
        })
    };
    let containers = || action.changes.iter().flat_map(|change| &change.containers);
    let spares = |resource| {
        scene.policy.resources.get(resource).mode.value == Mode::Apply
            || containers().all(|one| one.from.get(resource) == one.to.get(resource))
    };
    Resource::ALL.into_iter().all(spares)
        && (!is_deferred(vertical.lowering.value) || moves(true))
        && (!is_deferred(None) || !is_deferred(vertical.memory_event.value) || moves(false))
}

/// The memory request of a new pod: what it is patched with, or the template's.
fn new_memory(scene: &Scene, evaluation: &Evaluation) -> f64 {
    let resources = match &evaluation.decision.new_pods {
        NewPods::Patch(patches) => patches[0].resources,
        NewPods::Untouched(_) => scene.workload.containers[0].original,
    };
    resources.memory.request.map_or(0.0, plimsoll_domain::Amount::value)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn results_are_bounded_and_what_kubernetes_accepts(scene in any_scene()) {
        check(&scene, &scene.evaluate())?;
    }

    /// A memory event that goes before a move under way lets it go on a minute later; then, and
    /// without one at once, nothing is left to do.
    #[test]
    fn decide_after_apply_holds(mut scene in any_scene()) {
        let minute = |minutes| NOW.plus(Duration::from_mins(minutes));
        let first = scene.step(minute(0));
        check(&scene, &first)?;
        if !first.state.oom_floors.is_empty() {
            scene.step(minute(1));
        }
        let last = scene.evaluate_at(minute(2));
        prop_assert!(
            matches!(last.decision.running, Running::Hold(_)),
            "{:?}\nafter {:?}",
            last.decision.running,
            first.decision.running
        );
    }

    #[test]
    fn a_kill_never_lowers_memory(mut scene in any_scene(), limit in 1_u32..4000) {
        let before = scene.evaluate();
        scene.kill(1, limit, 2);
        let after = scene.evaluate();
        check(&scene, &after)?;
        let (before, after) = (new_memory(&scene, &before), new_memory(&scene, &after));
        let kept = scene.policy.resources.memory.limit.value == LimitRule::Keep;
        let max = scene.policy.resources.memory.max.value;
        let bounded = constant(max).is_some_and(|max| before > max.value());
        prop_assert!(
            after >= before * (1.0 - EPSILON) || kept || bounded,
            "{before} became {after}"
        );
    }

    #[test]
    fn more_memory_used_is_never_less_memory_given(around in any_surroundings(), more in 1.0..3.0) {
        let observed = |by: f64| {
            let (usual, peak) = around.memory;
            let scaled = |used: u32| plimsoll_domain::Amount::new(f64::from(used) * by * 1e6);
            let mut scene = Scene::test();
            for sample in 0..around.samples {
                let used = scaled(if sample == 3 { peak } else { usual });
                scene.observe(0, Duration::from_mins(5 * sample), (cpu(100), used));
            }
            new_memory(&scene, &scene.evaluate())
        };
        if around.samples > 9 {
            prop_assert!(observed(more) >= observed(1.0));
        }
    }
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene")
            .field("workload", &self.workload)
            .field("context", &self.context)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
