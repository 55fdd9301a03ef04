//! The engine itself as a recommender of the replay: one workload with one pod, sized as a policy says.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    Allocation, Amount, ApplyType, Capabilities, Configuration, Configured, ContainerKey,
    ContainerSpec, DecisionState, Governor, MetricsState, Mode, OomKill, Origin, PerResource, Pod,
    PodPhase, Policy, QosClass, Ratio, ResizeStatus, Resource, Resources, Rollout, Rounding,
    Running, RunningContainer, Sample, Signal, Sourced, Threshold, Timestamp, Workload, WorkloadId,
    WorkloadKind,
};
use plimsoll_engine::{Context, Engine, Settings, record_move};

use super::Memory;
use super::drive::{Recommender, Seen, Values};
use crate::trace::SeriesInfo;

/// How often the controller evaluates what is not `auto`: recommendations are renewed every 30 min.
const EVALUATE_EVERY: i64 = 30 * 60;
/// A machine whose usage is recorded in fractions is taken to be this large, so that no amount that
/// is built in (10m, 10Mi, 128Mi) means anything beside its usage.
const MACHINE: PerResource<f64> = PerResource { cpu: 1e6, memory: 1e18 };
/// What stands for the adaptive threshold where the policy does not set one: that goes by amounts.
const THRESHOLD: f64 = 0.1;
const NAME: &str = "app";
/// Older than any startup.
const AGE: Duration = Duration::from_hours(24);

/// One container under a policy.
#[derive(Debug)]
pub(super) struct Policied {
    engine: Engine,
    workload: Workload,
    resource: Resource,
    memory: Memory,
    tick: Duration,
    scale: f64,
    /// A kill since the last look.
    was_killed: bool,
}

impl Policied {
    pub(super) fn new(policy: &Policy, info: &SeriesInfo, tick: Duration, memory: Memory) -> Self {
        let settings = Settings { rounding: Rounding::None, ..Settings::default() };
        let policy = turned_on(policy.clone(), info.is_fraction);
        Self {
            engine: Engine::new(settings),
            workload: workload(policy),
            resource: info.resource,
            memory,
            tick,
            scale: if info.is_fraction { *MACHINE.get(info.resource) } else { 1.0 },
            was_killed: false,
        }
    }

    fn observe(&mut self, at: Timestamp, usage: Amount) {
        let mut seen = PerResource::default();
        *seen.get_mut(self.resource) = Amount::new(usage.value() * self.scale);
        self.engine.observe(&Sample {
            container: self.key(),
            pod: NAME.into(),
            at,
            age: AGE,
            usage: seen,
        });
    }

    fn key(&self) -> ContainerKey {
        ContainerKey { workload: self.workload.id.clone(), container: NAME.into() }
    }

    /// What a pod has after a change to these resources.
    fn run_with(&mut self, to: Resources) -> Option<Values> {
        let container = self.workload.pods.first_mut()?.containers.first_mut()?;
        container.resources = to;
        let Allocation { request, limit } = *to.get(self.resource);
        let unscaled = |amount: Amount| Amount::new(amount.value() / self.scale);
        let request = unscaled(request?)?;
        let limit = match (self.resource, self.memory) {
            (Resource::Cpu, _) => None,
            (Resource::Memory, Memory::Guaranteed) => Some(request),
            (Resource::Memory, Memory::Burstable) => limit.and_then(unscaled),
        };
        Some(Values { request, limit })
    }
}

impl Recommender for Policied {
    fn tick(&mut self, start: Timestamp, seen: Seen) {
        match seen {
            Seen::Gap => {}
            Seen::Usage(usage) => self.observe(start, usage),
            Seen::OutOfMemory(limit) => {
                self.observe(start, limit);
                let limit = Amount::new(limit.value() * self.scale);
                let kill = OomKill { at: start, limit };
                let (container, pod) = (self.key(), NAME.to_owned());
                self.engine.signal(&Signal::OomKill { container, pod: pod.into(), kill });
                self.was_killed = true;
            }
        }
        self.engine.observe_pods(&self.workload);
        self.engine.pass(start.plus(self.tick));
    }

    fn decide(&mut self, now: Timestamp) -> Option<Values> {
        let is_auto = self.is_auto();
        let is_due = now.seconds().rem_euclid(EVALUATE_EVERY) < tick_seconds(self.tick);
        if !is_auto && !is_due && !std::mem::take(&mut self.was_killed) {
            return None;
        }
        self.was_killed = false;
        self.engine.forget(now);
        let context = Context {
            stop: None,
            capabilities: Capabilities { resize: true, lower_memory_limit: true },
            metrics: MetricsState::Available,
        };
        let mut evaluation = self.engine.evaluate(&self.workload, &context, now);
        let Running::Apply(action) = evaluation.decision.running.clone() else {
            self.workload.state = evaluation.state;
            return None;
        };
        record_move(&mut evaluation, now);
        self.workload.state = evaluation.state;
        let change = action.changes.first()?.containers.first()?;
        self.run_with(change.to)
    }
}

impl Policied {
    fn is_auto(&self) -> bool {
        match &self.workload.configuration.configured {
            Configured::Policy(policy) => {
                let target = policy.resources.get(self.resource).target.value;
                target == plimsoll_domain::Target::Auto
            }
            Configured::Unreadable(_) => false,
        }
    }
}

fn tick_seconds(tick: Duration) -> i64 {
    i64::try_from(tick.as_secs()).unwrap_or(i64::MAX)
}

/// The policy as if it were turned on for running pods.
fn turned_on(mut policy: Policy, is_fraction: bool) -> Policy {
    let forced = Origin::Forced("replay");
    policy.vertical.mode = Sourced::new(Mode::Apply, forced.clone());
    policy.vertical.apply_type = Sourced::new(ApplyType::Immediate, forced.clone());
    policy.vertical.lowering = Sourced::new(None, forced.clone());
    policy.vertical.memory_event = Sourced::new(None, forced.clone());
    for resource in Resource::ALL {
        let threshold = &mut policy.resources.get_mut(resource).threshold;
        let is_built_in = matches!(threshold.origin, Origin::SystemPolicy(_))
            && matches!(threshold.value, Threshold::Adaptive { .. });
        if is_fraction && is_built_in {
            *threshold = Sourced::new(
                Threshold::Ratio(Ratio::new(THRESHOLD).unwrap_or(Ratio::ZERO)),
                forced.clone(),
            );
        }
    }
    policy
}

/// A workload of one pod that asks for nothing.
fn workload(policy: Policy) -> Workload {
    let original = Resources::default();
    let container = RunningContainer {
        name: NAME.to_owned(),
        counts_as: None,
        resources: original,
        resize_restart: PerResource::default(),
        started_at: None,
        restart_count: 0,
        last_oom: None,
    };
    Workload {
        id: WorkloadId {
            namespace: "replay".into(),
            kind: WorkloadKind::Deployment,
            name: NAME.into(),
        },
        api_version: "apps/v1".to_owned(),
        uid: NAME.to_owned(),
        containers: vec![ContainerSpec { name: NAME.into(), original }],
        pods: vec![Pod {
            name: NAME.to_owned(),
            uid: NAME.into(),
            created_at: Timestamp::default(),
            node: None,
            phase: PodPhase::Running,
            ready: true,
            qos: QosClass::Burstable,
            opted_out: false,
            has_pod_level_resources: false,
            resize: ResizeStatus::Settled,
            resized_at: None,
            containers: vec![container],
        }],
        desired_replicas: Some(1),
        rollout: Rollout::Settled,
        configuration: Arc::new(Configuration {
            configured: Configured::Policy(Box::new(policy)),
            governor: Governor::ScalingPolicy,
            assigned: None,
            overruled: Vec::new(),
            remarks: Vec::new(),
        }),
        excludes_its_like: false,
        opt_out: None,
        foreign_actuator: None,
        hpa_on: PerResource::default(),
        state: DecisionState::default(),
    }
}
