//! What new pods get while running ones are held, and when what was published is replaced.

use std::time::Duration;

use plimsoll_domain::{
    ApplyType, ContainerPatch, ContainerSpec, MetricsState, Mode, OptOut, PerResource, PodPhase,
    Published, Reason, Resources, Rollout, Stop,
};
use plimsoll_engine::{Settings, admit};

use crate::fixture::{
    APP, NOW, Scene, at, cpu, mk_pod, mk_published, patched, resources, untouched,
};

const RECOMMENDED: ((u32, u32), (u32, u32)) = ((220, 0), (451, 677));

fn recommended() -> Resources {
    resources(RECOMMENDED.0, RECOMMENDED.1)
}

#[expect(clippy::unnecessary_wraps, reason = "a state holds an option")]
fn published(values: Resources) -> Option<Published> {
    Some(mk_published(values))
}

/// What new pods get and what is published are one, whatever becomes of running pods.
fn check(scene: &Scene, expect: Option<Resources>) {
    let evaluation = scene.evaluate();
    if let Some(expect) = expect {
        assert_eq!(patched(&evaluation), expect);
        assert_eq!(evaluation.state.published, published(expect));
    } else {
        untouched(&evaluation);
        assert_eq!(evaluation.state.published, None);
    }
}

fn published_before(bend: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = Scene::observed();
    scene.workload.state.published = published(resources((300, 0), (600, 900)));
    scene.with(bend)
}

#[test]
fn get_the_new_values_while_running_pods_wait() {
    let waits: [fn(&mut Scene); 4] = [
        |scene| scene.run_with(recommended()),
        |scene| scene.policy.vertical.apply_type.value = ApplyType::Deferred,
        |scene| scene.workload.pods[0].phase = PodPhase::Pending,
        |scene| {
            scene.workload.rollout = Rollout::InProgress { updated: 1, desired: 3 };
        },
    ];
    for wait in waits {
        check(&published_before(wait), Some(recommended()));
    }
}

#[test]
fn get_nothing_where_nothing_may_be_changed() {
    let forbids: [fn(&mut Scene); 3] = [
        |scene| scene.workload.opt_out = Some(OptOut::NamespaceLabel),
        |scene| scene.policy.vertical.mode.value = Mode::Recommend,
        |scene| scene.workload.hpa_on = PerResource::from_fn(|_| Some("hpa".to_owned())),
    ];
    for forbid in forbids {
        check(&published_before(forbid), None);
    }
}

#[test]
fn get_nothing_while_stopped_and_the_last_values_again_after() {
    let mut scene = published_before(|scene| {
        scene.context.stop = Some(Stop { since: NOW, note: String::new() });
        scene.context.metrics = MetricsState::Unavailable { since: NOW };
    });
    let stopped = scene.step(NOW);
    assert!(matches!(untouched(&stopped), Reason::Stopped(_)));
    scene.context.stop = None;
    check(&scene, Some(resources((300, 0), (600, 900))));
}

#[test]
fn get_the_last_values_while_knowledge_is_missing() {
    let last = resources((300, 0), (600, 900));
    let unavailable = MetricsState::Unavailable { since: NOW };
    check(&published_before(|scene| scene.context.metrics = unavailable), Some(last));
    let unsure = published_before(|scene| {
        scene.policy.vertical.confidence_required.value = true;
        scene.policy.resources.cpu.look_back.value = Duration::from_hours(48);
    });
    check(&unsure, Some(last));
    let mut unseen = Scene::test();
    check(&unseen, None);
    unseen.workload.state.published = published(last);
    check(&unseen, Some(last));
}

#[test]
fn get_nothing_in_a_dry_run() {
    let scene = Scene::observed().with_settings(Settings { dry_run: true, ..Settings::default() });
    assert_eq!(*untouched(&scene.evaluate()), Reason::DryRun);
    check(&scene, None);
}

/// Only CPU was seen: memory stays as the template says, and is left out of what is published.
#[test]
fn get_what_is_known_and_keep_the_rest() {
    let mut scene = Scene::test();
    for sample in 0..288 {
        scene.observe(0, Duration::from_mins(5 * sample), (cpu(200), None));
    }
    let evaluation = scene.evaluate();
    assert_eq!(patched(&evaluation), resources((220, 0), (512, 512)));
    assert_eq!(evaluation.state.published, published(resources((220, 0), (0, 0))));
}

/// A sidecar that was never seen stops nothing: it keeps what the template says.
#[test]
fn get_what_is_known_of_one_container_beside_one_that_is_not() {
    let mut scene = Scene::observed();
    let unseen = spec("sidecar", resources((50, 0), (64, 0)));
    scene.workload.containers.insert(0, unseen);
    check(&scene, Some(recommended()));
    assert_eq!(scene.evaluate().confidence, Some(plimsoll_domain::Ratio::ZERO));
    assert_eq!(crate::fixture::given(&scene.evaluate()).len(), 3);
}

#[test]
fn values_that_move_by_one_percent_stay_published() {
    let mut scene = Scene::observed();
    let near = resources((222, 0), (451, 677));
    scene.workload.state.published = published(near);
    check(&scene, Some(near));
    scene.run_with(near);
    assert_eq!(scene.evaluate().applied.pods, 3);
    scene.workload.state.published = published(resources((223, 0), (451, 677)));
    check(&scene, Some(recommended()));
    scene.workload.state.published = published(resources((222, 400), (451, 677)));
    check(&scene, Some(recommended()));
}

#[test]
fn values_outside_the_bounds_do_not_stay_published() {
    let mut scene = Scene::observed();
    scene.workload.state.published = published(resources((222, 0), (451, 677)));
    scene.policy.resources.cpu.max.value = at(cpu(221));
    check(&scene, Some(recommended()));
}

#[test]
fn a_container_that_is_new_or_gone_replaces_what_is_published() {
    let mut scene = Scene::observed();
    scene.workload.state.published = Some(Published {
        containers: vec![(APP.to_owned(), recommended()), ("gone".to_owned(), recommended())],
        ..Published::default()
    });
    check(&scene, Some(recommended()));
}

fn spec(name: &str, original: Resources) -> ContainerSpec {
    ContainerSpec { name: name.into(), original }
}

/// The new pod's container has these resources; what it is patched with.
fn check_admit(values: Resources, original: Resources, expect: Option<Resources>) {
    let published = published(values).unwrap();
    let containers = [spec("mesh", original), spec(APP, original)];
    let patches: Vec<ContainerPatch> = expect
        .map(|resources| ContainerPatch { container: APP.to_owned(), resources })
        .into_iter()
        .collect();
    assert_eq!(admit(&containers, &published), patches);
}

#[test]
fn a_pod_is_patched_where_it_is_named_and_differs() {
    let original = resources((500, 1000), (512, 512));
    check_admit(recommended(), original, Some(recommended()));
    check_admit(recommended(), recommended(), None);
    let cpu_alone = resources((220, 0), (0, 0));
    check_admit(cpu_alone, original, Some(resources((220, 0), (512, 512))));
    let broken = resources((220, 100), (451, 677));
    check_admit(broken, original, Some(resources((220, 220), (451, 677))));
    assert_eq!(mk_pod(0, original).containers.len(), 1);
}
