//! What holds for single containers: bounds, limits, exclusions, names that several share.

use plimsoll_domain::{
    ANY_CONTAINER, Bound, ContainerPolicy, ContainerSettings, Estimate, Exclusion, Grouping,
    LimitRule, Mode, NewPods, Origin, PerResource, Published, Ratio, Reason, Resource, Resources,
};
use plimsoll_engine::admit;

use crate::fixture::{
    APP, Scene, action, at, cpu, given, memory, mk_published, patched, reason, resources, set,
    untouched,
};

const LOG: &str = "log";

/// What a test does to a scene.
type Bend = fn(&mut Scene);

/// What is recommended for either container.
fn recommended() -> Resources {
    resources((220, 0), (451, 677))
}

/// The observed workload with a second container that uses as much.
fn two_containers() -> Scene {
    let mut scene = Scene::observed();
    let original = scene.workload.containers[0].original;
    scene.add_container(LOG, original);
    scene
}

fn entry(scene: &mut Scene, name: &str, resource: Resource, said: &ContainerSettings) {
    let nothing = ContainerSettings::default();
    let resolve = |of| {
        let said = if of == resource { said } else { &nothing };
        ContainerPolicy::resolve(&[(&Origin::Annotation, said)])
    };
    scene.policy.containers.insert(name.to_owned(), PerResource::from_fn(resolve));
}

/// What new pods are given, container by container; templates say 500m and 512Mi.
fn check(scene: &Scene, expect: &[(&str, Resources)]) {
    let evaluation = scene.evaluate();
    let NewPods::Patch(patches) = &evaluation.decision.new_pods else {
        panic!("{:?}", evaluation.decision.new_pods);
    };
    let found: Vec<_> =
        patches.iter().map(|patch| (patch.container.as_str(), patch.resources)).collect();
    assert_eq!(found, expect);
}

fn bounds(min: Option<Bound>, max: Option<Bound>) -> ContainerSettings {
    ContainerSettings { min: Some(min), max: Some(max), ..ContainerSettings::default() }
}

#[test]
fn an_entry_beats_the_resource_and_a_name_beats_the_rest() {
    let mut scene = two_containers();
    set(&mut scene, Resource::Cpu, |policy| policy.max.value = at(cpu(100)));
    entry(&mut scene, ANY_CONTAINER, Resource::Cpu, &bounds(None, at(cpu(150))));
    check(
        &scene,
        &[(APP, resources((150, 0), (451, 677))), (LOG, resources((150, 0), (451, 677)))],
    );
    entry(&mut scene, LOG, Resource::Cpu, &bounds(None, at(cpu(200))));
    check(
        &scene,
        &[(APP, resources((150, 0), (451, 677))), (LOG, resources((200, 0), (451, 677)))],
    );
    entry(&mut scene, LOG, Resource::Memory, &bounds(at(memory(600)), None));
    check(
        &scene,
        &[(APP, resources((150, 0), (451, 677))), (LOG, resources((100, 0), (600, 900)))],
    );
}

#[test]
fn a_share_of_the_template_bounds_where_the_template_has_a_request() {
    let ninety = Some(Bound::OfOriginal(Ratio::new(0.9).unwrap()));
    let mut scene = two_containers();
    set(&mut scene, Resource::Cpu, |policy| policy.min.value = ninety);
    scene.workload.containers[1].original.cpu.request = None;
    check(&scene, &[(APP, resources((450, 0), (451, 677))), (LOG, recommended())]);
}

#[test]
fn of_bounds_that_cross_the_greatest_holds() {
    let mut scene = Scene::observed();
    set(&mut scene, Resource::Cpu, |policy| policy.max.value = at(cpu(100)));
    entry(&mut scene, APP, Resource::Cpu, &bounds(at(cpu(300)), None));
    check(&scene, &[(APP, resources((100, 0), (451, 677)))]);
    scene.workload.state.published = Some(mk_published(resources((100, 0), (451, 677))));
    check(&scene, &[(APP, resources((100, 0), (451, 677)))]);
}

/// Moved by less than a hundredth, yet out of bounds by now.
#[test]
fn what_was_published_is_held_to_the_bounds_of_its_container() {
    let mut scene = Scene::observed();
    scene.workload.state.published = Some(mk_published(resources((222, 0), (451, 677))));
    check(&scene, &[(APP, resources((222, 0), (451, 677)))]);
    entry(&mut scene, APP, Resource::Cpu, &bounds(None, at(cpu(221))));
    check(&scene, &[(APP, recommended())]);
}

#[test]
fn a_limit_rule_holds_for_one_container() {
    let mut scene = two_containers();
    let keep = ContainerSettings { limit: Some(Some(LimitRule::Keep)), ..Default::default() };
    entry(&mut scene, LOG, Resource::Cpu, &keep);
    check(&scene, &[(APP, recommended()), (LOG, resources((220, 1000), (451, 677)))]);
}

fn mode(mode: Mode) -> ContainerSettings {
    ContainerSettings { mode: Some(Some(mode)), ..ContainerSettings::default() }
}

/// What is left as it is keeps the template's values in new pods and what it has in running ones,
/// and is recommended for all the same.
#[test]
fn what_is_excluded_stays_as_it_is() {
    let memory_alone = resources((500, 1000), (451, 677));
    let cpu_alone = resources((220, 0), (512, 512));
    let bends: [(Bend, &[(&str, Resources)]); 5] = [
        (
            |scene| scene.policy.resources.cpu.mode.value = Mode::Recommend,
            &[(APP, memory_alone), (LOG, memory_alone)],
        ),
        (
            |scene| scene.policy.vertical.excluded_containers.value = vec![LOG.to_owned()],
            &[(APP, recommended())],
        ),
        (
            |scene| entry(scene, LOG, Resource::Memory, &mode(Mode::Recommend)),
            &[(APP, recommended()), (LOG, cpu_alone)],
        ),
        (
            |scene| entry(scene, ANY_CONTAINER, Resource::Memory, &mode(Mode::Recommend)),
            &[(APP, cpu_alone), (LOG, cpu_alone)],
        ),
        (
            |scene| {
                scene.policy.resources.memory.mode.value = Mode::Recommend;
                entry(scene, LOG, Resource::Memory, &mode(Mode::Apply));
            },
            &[(APP, cpu_alone), (LOG, recommended())],
        ),
    ];
    for (bend, expect) in bends {
        let mut scene = two_containers().with(bend);
        // Where memory alone is left, its difference is to be great enough.
        set(&mut scene, Resource::Memory, |policy| {
            policy.threshold.value = plimsoll_domain::Threshold::Ratio(Ratio::new(0.1).unwrap());
        });
        check(&scene, expect);
        let evaluation = scene.evaluate();
        for container in &evaluation.containers {
            let known = |estimate| matches!(estimate, &Estimate::Known(_));
            assert!(container.estimates.iter().all(|(_, estimate)| known(estimate)));
        }
        for change in action(&evaluation).changes.iter().flat_map(|change| &change.containers) {
            let (_, to) = expect.iter().find(|(name, _)| *name == change.container).unwrap();
            for (resource, allocation) in to.iter() {
                assert_eq!(change.to.get(resource).request, allocation.request);
            }
        }
    }
}

#[test]
fn the_verdict_on_what_is_excluded_names_the_setting() {
    let mut scene = two_containers();
    scene.policy.vertical.excluded_containers.value = vec![LOG.to_owned()];
    scene.policy.resources.cpu.mode.value = Mode::Recommend;
    scene.policy.resources.cpu.mode.origin = Origin::Annotation;
    let evaluation = scene.evaluate();
    for (container, resource, what, origin) in [
        (0, Resource::Cpu, Exclusion::Resource, Origin::Annotation),
        (1, Resource::Cpu, Exclusion::Container, Origin::Default),
        (1, Resource::Memory, Exclusion::Container, Origin::Default),
    ] {
        let verdicts = &evaluation.containers[container].verdicts;
        let verdict = verdicts.get(resource).as_ref().unwrap();
        assert_eq!(verdict.gaps, [Reason::Excluded { what, origin }]);
        assert!(!verdict.passed && verdict.current == verdict.reachable);
    }
}

#[test]
fn a_workload_of_which_everything_is_excluded_holds_and_publishes_nothing() {
    let mut scene = two_containers();
    scene.workload.state.published = Some(mk_published(recommended()));
    scene.policy.vertical.excluded_containers.value = vec![APP.to_owned(), LOG.to_owned()];
    let evaluation = scene.evaluate();
    let expect = Reason::Excluded { what: Exclusion::Container, origin: Origin::Default };
    assert_eq!((reason(&evaluation), untouched(&evaluation)), (&expect, &expect));
    assert_eq!(evaluation.state.published, None);
}

#[test]
fn what_is_newly_excluded_is_published_no_more() {
    let mut scene = two_containers();
    let both = vec![(APP.to_owned(), recommended()), (LOG.to_owned(), recommended())];
    scene.workload.state.published = Some(Published { containers: both, ..Published::default() });
    scene.policy.vertical.excluded_containers.value = vec![LOG.to_owned()];
    assert_eq!(scene.evaluate().state.published, Some(mk_published(recommended())));
}

/// Nothing is known of the excluded container, and nothing waits for it.
#[test]
fn confidence_does_not_wait_for_what_is_excluded() {
    let mut scene = Scene::observed();
    scene.policy.vertical.confidence_required.value = true;
    let original = scene.workload.containers[0].original;
    scene.add_unseen_container(LOG, original);
    assert!(matches!(reason(&scene.evaluate()), Reason::LowConfidence { .. }));
    scene.policy.vertical.excluded_containers.value = vec![LOG.to_owned()];
    check(&scene, &[(APP, recommended())]);
}

/// Pods whose containers are called otherwise than the template's, and count as it.
fn grouped() -> Scene {
    Scene::observed().with(|scene| {
        for (number, pod) in scene.workload.pods.iter_mut().enumerate() {
            pod.containers[0].name = format!("job-{number}");
            pod.containers[0].counts_as = Some(APP.to_owned());
        }
        scene.policy.vertical.grouping.value =
            vec![Grouping { contains: vec!["job-".to_owned()], into: APP.to_owned() }];
    })
}

#[test]
fn containers_that_count_as_one_are_changed_under_their_own_names() {
    let mut scene = grouped();
    let evaluation = scene.step(crate::fixture::NOW);
    assert_eq!(patched(&evaluation), recommended());
    assert_eq!(given(&evaluation).len(), 3);
    for (number, change) in action(&evaluation).changes.iter().enumerate() {
        assert_eq!(change.containers[0].container, format!("job-{number}"));
    }
    let after = scene.evaluate_at(crate::fixture::NOW.plus(std::time::Duration::from_mins(1)));
    assert_eq!(after.applied.pods, 3);
}

#[test]
fn new_pods_get_what_their_containers_count_as() {
    let published = grouped().evaluate().state.published.unwrap();
    let original = resources((500, 1000), (512, 512));
    let spec = |name: &str| plimsoll_domain::ContainerSpec { name: name.into(), original };
    let patches = admit(&[spec("a-job-9"), spec("mesh"), spec("job-")], &published);
    let named: Vec<_> = patches.iter().map(|patch| patch.container.as_str()).collect();
    assert_eq!(named, ["a-job-9", "job-"]);
    assert!(patches.iter().all(|patch| patch.resources == recommended()));
}
