//! Each guard that holds running pods, with all guards after it open.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    ApplyType, Configured, Deferral, Diagnostic, Estimate, ForeignActuator, Gap, MetricsState,
    Mode, Move, OptOut, Origin, PerResource, PodPhase, Ratio, Reason, ResizeStatus, Resource,
    Rollout, Severity, Stop, WorkloadKind,
};
use plimsoll_engine::Settings;

use crate::fixture::{
    APP, NOW, Scene, action, at, cpu, mk_configuration, mk_published, patched, reason, resources,
    set,
};

fn check(scene: &Scene, expect: &Reason) {
    assert_eq!(reason(&scene.evaluate()), expect);
}

fn observed(bend: impl FnOnce(&mut Scene)) -> Scene {
    Scene::observed().with(bend)
}

/// The pods have what is recommended for them, except that limits stay.
fn up_to_date(scene: &mut Scene) {
    scene.run_with(resources((220, 0), (451, 677)));
}

#[test]
fn nothing_stops_a_change_that_all_guards_allow() {
    assert_eq!(action(&Scene::observed().evaluate()).changes.len(), 3);
}

#[test]
fn stopped() {
    let stop = Stop { since: NOW, note: "freeze".to_owned() };
    let scene = observed(|scene| scene.context.stop = Some(stop.clone()));
    check(&scene, &Reason::Stopped(stop));
}

#[test]
fn opted_out() {
    let scene = observed(|scene| scene.workload.opt_out = Some(OptOut::PodLabel));
    check(&scene, &Reason::OptedOut(OptOut::PodLabel));
}

#[test]
fn configuration_invalid() {
    let scene = observed(|scene| {
        let unreadable = Configured::Unreadable(Diagnostic {
            severity: Severity::Error,
            origin: Origin::Annotation,
            field: String::new(),
            line: Some(3),
            column: Some(5),
            message: "expected spaces".to_owned(),
        });
        scene.workload.configuration = Arc::new(mk_configuration(unreadable));
    });
    let diagnostic = "line 3, column 5: expected spaces".to_owned();
    check(&scene, &Reason::ConfigurationInvalid { diagnostic });
}

/// What is refused is shown with its estimates, changes nothing on running pods, and takes nothing
/// away from new ones.
#[test]
fn configuration_with_a_refused_value() {
    let remark = |severity, field: &str| Diagnostic {
        severity,
        origin: Origin::Annotation,
        field: field.to_owned(),
        line: Some(4),
        column: None,
        message: "expected a percentile".to_owned(),
    };
    let configured = |remark| {
        observed(|scene| {
            let policy = Configured::Policy(Box::new(scene.policy.clone()));
            let mut configuration = mk_configuration(policy);
            configuration.remarks = vec![remark];
            scene.workload.configuration = Arc::new(configuration);
            scene.workload.state.published = Some(mk_published(resources((300, 0), (600, 900))));
        })
    };
    let scene = configured(remark(Severity::Error, "vertical.cpu.target"));
    let diagnostic = "line 4: vertical.cpu.target: expected a percentile".to_owned();
    check(&scene, &Reason::ConfigurationInvalid { diagnostic });
    let evaluation = scene.evaluate();
    assert_eq!(patched(&evaluation), resources((300, 0), (600, 900)));
    assert_eq!(evaluation.state.published, scene.workload.state.published);
    let estimates = &evaluation.containers[0].estimates;
    assert!(matches!(
        (&estimates.cpu, &estimates.memory),
        (Estimate::Known(_), Estimate::Known(_))
    ));
    for harmless in [
        remark(Severity::Warning, "vertical.cpu.target"),
        remark(Severity::Error, "horizontal.minReplicas"),
    ] {
        assert_eq!(action(&configured(harmless).evaluate()).changes.len(), 3);
    }
}

#[test]
fn unknown_kind() {
    let kind = "Widget".to_owned();
    let scene = observed(|scene| {
        let history = scene.engine.histories().next().unwrap().1.clone();
        scene.workload.id.kind = WorkloadKind::Other(kind.clone());
        let key = plimsoll_domain::ContainerKey {
            workload: scene.workload.id.clone(),
            container: APP.into(),
        };
        scene.engine.recall(&key, history);
    });
    check(&scene, &Reason::UnknownKind { kind });
}

#[test]
fn foreign_actuator() {
    let vpa = ForeignActuator { kind: "VerticalPodAutoscaler".to_owned(), name: "web".to_owned() };
    let scene = observed(|scene| scene.workload.foreign_actuator = Some(vpa.clone()));
    check(&scene, &Reason::ForeignActuator(vpa));
}

#[test]
fn recommend_only() {
    let scene = observed(|scene| scene.policy.vertical.mode.value = Mode::Recommend);
    check(&scene, &Reason::RecommendOnly);
}

#[test]
fn hpa_on_both_resources() {
    let hpa = "web-hpa".to_owned();
    let scene = observed(|scene| {
        scene.workload.hpa_on = PerResource::from_fn(|_| Some(hpa.clone()));
    });
    check(&scene, &Reason::HpaOnResource { hpa });
}

#[test]
fn metrics_unavailable() {
    let scene = observed(|scene| scene.context.metrics = MetricsState::Unavailable { since: NOW });
    check(&scene, &Reason::MetricsUnavailable { since: NOW });
}

#[test]
fn insufficient_history() {
    let mut scene = Scene::test();
    for sample in 0..9 {
        let usage = (cpu(100), None);
        scene.observe(0, Duration::from_mins(sample), usage);
    }
    let gap = Gap { samples: 9, needed: 10, startup: Duration::from_mins(2) };
    check(&scene, &Reason::InsufficientHistory(gap));
}

#[test]
fn low_confidence() {
    let scene = observed(|scene| {
        scene.policy.vertical.confidence_required.value = true;
        set(scene, Resource::Memory, |policy| {
            policy.look_back.value = Duration::from_hours(48);
        });
    });
    let evaluation = scene.evaluate();
    let Reason::LowConfidence { confidence, threshold, wait } = reason(&evaluation) else {
        panic!("{:?}", evaluation.decision);
    };
    assert!((confidence.value() - 0.5).abs() < 0.01, "{confidence:?}");
    // 40 % of two days.
    let hours = wait.map(|wait| (wait.as_secs_f64() / 3600.0).round());
    assert_eq!(hours, Some(19.0));
    assert_eq!(*threshold, Ratio::new(0.9).unwrap());
}

#[test]
fn no_running_pods() {
    let scene = observed(|scene| {
        for pod in &mut scene.workload.pods {
            pod.phase = PodPhase::Pending;
        }
    });
    check(&scene, &Reason::NoRunningPods);
}

#[test]
fn deferred() {
    let scene = observed(|scene| scene.policy.vertical.apply_type.value = ApplyType::Deferred);
    check(&scene, &Reason::Deferred(Deferral::Everything));
}

#[test]
fn below_threshold() {
    let scene = observed(|scene| scene.run_with(resources((240, 0), (451, 677))));
    let evaluation = scene.evaluate();
    let expect = 20.0 / 220.0;
    assert!(
        matches!(reason(&evaluation), Reason::BelowThreshold { difference, .. }
            if (difference.value() - expect).abs() < 1e-9),
        "{:?}",
        evaluation.decision
    );
}

#[test]
fn up_to_date_pods() {
    check(&observed(up_to_date), &Reason::UpToDate);
}

#[test]
fn bounded() {
    let scene = observed(|scene| {
        set(scene, Resource::Cpu, |policy| policy.max.value = at(cpu(200)));
        scene.run_with(resources((200, 0), (451, 677)));
    });
    check(&scene, &Reason::Bounded { bound: "max" });
}

#[test]
fn needs_recreate() {
    let scene = observed(|scene| scene.context.capabilities.resize = false);
    let cause = plimsoll_domain::RecreateCause::NoResizeSubresource;
    check(&scene, &Reason::NeedsRecreate(cause));
    assert_eq!(scene.evaluate().applied.pods, 0);
}

#[test]
fn cooling_down() {
    let scene = observed(|scene| {
        scene.workload.state.last_move = Some(Move {
            at: NOW.minus(Duration::from_mins(10)),
            containers: vec![(APP.to_owned(), resources((500, 0), (512, 0)))],
        });
    });
    let until = NOW.plus(Duration::from_mins(20));
    check(&scene, &Reason::CoolingDown { until });
}

#[test]
fn cooling_down_for_as_long_as_the_policy_says() {
    let scene = |minutes: u64, cooldown: u64| {
        observed(|scene| {
            let at = NOW.minus(Duration::from_mins(minutes));
            scene.workload.state.last_move = Some(Move { at, containers: Vec::new() });
            scene.policy.vertical.cooldown.value = Some(Duration::from_mins(cooldown));
        })
    };
    let until = NOW.plus(Duration::from_mins(50));
    check(&scene(40, 90), &Reason::CoolingDown { until });
    assert_eq!(action(&scene(16, 15).evaluate()).changes.len(), 3);
    assert_eq!(action(&scene(0, 0).evaluate()).changes.len(), 3);
}

#[test]
fn rollout_in_progress() {
    let (updated, desired) = (1, 3);
    let scene = observed(|scene| {
        scene.workload.rollout = Rollout::InProgress { updated, desired };
    });
    check(&scene, &Reason::RolloutInProgress { updated, desired });
}

fn resizing(resize: ResizeStatus) -> Scene {
    observed(|scene| {
        up_to_date(scene);
        scene.workload.pods[1].resize = ResizeStatus::InProgress;
        scene.workload.pods[2].resize = resize;
    })
}

#[test]
fn resize_in_progress() {
    check(&resizing(ResizeStatus::Settled), &Reason::ResizeInProgress);
}

#[test]
fn resize_deferred() {
    let message = "no room".to_owned();
    check(&resizing(ResizeStatus::Deferred { message }), &Reason::ResizeDeferred);
}

#[test]
fn resize_refused() {
    let message = "too large for the node".to_owned();
    let resize = ResizeStatus::Infeasible { message: message.clone() };
    check(&resizing(resize), &Reason::ResizeRefused { message });
}

#[test]
fn dry_run() {
    let scene = Scene::observed().with_settings(Settings { dry_run: true, ..Settings::default() });
    check(&scene, &Reason::DryRun);
}
