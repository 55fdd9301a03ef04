//! A workload in its surroundings, to be bent to what a test is about.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_domain::{
    Action, Allocation, Amount, Bound, Capabilities, Configuration, Configured, ContainerKey,
    ContainerSpec, DecisionState, Evaluation, Governor, MetricsState, Mode, NewPods, OomKill,
    Origin, PerResource, Pod, PodPhase, Policy, Published, QosClass, Quantile, Ratio, Reason,
    ResizeStatus, Resource, ResourcePolicy, Resources, Rollout, Running, RunningContainer, Sample,
    Signal, Target, Timestamp, Workload, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Context, Engine, Settings, record_move};

/// The moment of the evaluation.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The name of the only container.
pub(crate) const APP: &str = "app";

/// Thousandths of a core.
#[expect(clippy::unnecessary_wraps, reason = "an allocation holds an option")]
pub(crate) fn cpu(millicores: u32) -> Option<Amount> {
    Some(Amount::from_millicores(millicores))
}

/// Mebibytes.
#[expect(clippy::unnecessary_wraps, reason = "an allocation holds an option")]
pub(crate) fn memory(mebibytes: u32) -> Option<Amount> {
    Some(Amount::from_mebibytes(mebibytes))
}

/// A bound at this amount.
pub(crate) fn at(amount: Option<Amount>) -> Option<Bound> {
    amount.map(Bound::Constant)
}

/// The amount of a bound that is one.
pub(crate) fn constant(bound: Option<Bound>) -> Option<Amount> {
    match bound? {
        Bound::Constant(amount) => Some(amount),
        Bound::OfOriginal(_) => None,
    }
}

/// Requests and limits in thousandths of a core and mebibytes; 0 stands for none.
pub(crate) fn resources(cpu: (u32, u32), memory: (u32, u32)) -> Resources {
    let set = |value: u32, make: fn(u32) -> Amount| (value > 0).then(|| make(value));
    Resources {
        cpu: Allocation {
            request: set(cpu.0, Amount::from_millicores),
            limit: set(cpu.1, Amount::from_millicores),
        },
        memory: Allocation {
            request: set(memory.0, Amount::from_mebibytes),
            limit: set(memory.1, Amount::from_mebibytes),
        },
    }
}

/// What a test bends.
pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) workload: Workload,
    pub(crate) context: Context,
    pub(crate) policy: Policy,
}

impl Scene {
    /// Three Burstable pods that ask for 500m and 512Mi, with limits of 1000m and 512Mi; nothing
    /// was seen of them yet. The policy is the default one, and applies.
    pub(crate) fn test() -> Self {
        let original = resources((500, 1000), (512, 512));
        Self {
            engine: Engine::new(Settings::default()),
            workload: mk_workload(original),
            context: Context {
                stop: None,
                capabilities: Capabilities { resize: true, lower_memory_limit: true },
                metrics: MetricsState::Available,
            },
            policy: mk_policy(),
        }
    }

    /// The same, after a day in which the pods used 180m, 220m and 200m of CPU without a change,
    /// and 300Mi of memory with one peak of 410Mi.
    pub(crate) fn observed() -> Self {
        let mut scene = Self::test();
        scene.observe_day([180, 220, 200], 300, 410);
        scene
    }

    pub(crate) fn with(mut self, bend: impl FnOnce(&mut Self)) -> Self {
        bend(&mut self);
        self
    }

    pub(crate) fn with_settings(mut self, settings: Settings) -> Self {
        let mut engine = Engine::new(settings);
        for (key, history) in self.engine.histories() {
            engine.recall(key, history.clone());
        }
        self.engine = engine;
        self
    }

    /// One sample in each cell of the day before now, for each pod.
    pub(crate) fn observe_day(&mut self, cpu_by_pod: [u32; 3], usual: u32, peak: u32) {
        for cell in 0..288 {
            for (pod, millicores) in cpu_by_pod.into_iter().enumerate() {
                let is_peak = cell == 144 && pod == 1;
                let used = if is_peak { peak } else { usual };
                self.observe(pod, Duration::from_mins(5 * cell), (cpu(millicores), memory(used)));
            }
        }
    }

    pub(crate) fn observe(
        &mut self,
        pod: usize,
        ago: Duration,
        usage: (Option<Amount>, Option<Amount>),
    ) {
        let at = NOW.minus(Duration::from_hours(24)).plus(ago);
        self.engine.observe(&Sample {
            container: self.key(),
            pod: uid(pod).into(),
            at,
            age: at.since(created()),
            usage: PerResource { cpu: usage.0, memory: usage.1 },
        });
    }

    /// A kill of the pod's container under this limit, so many minutes before now.
    pub(crate) fn kill(&mut self, pod: usize, limit: u32, minutes_ago: u64) {
        self.engine.signal(&Signal::OomKill {
            container: self.key(),
            pod: uid(pod).into(),
            kill: OomKill { at: NOW.minus(Duration::from_mins(minutes_ago)), limit: memory(limit) },
        });
    }

    /// Gives all pods these resources.
    pub(crate) fn run_with(&mut self, resources: Resources) {
        for pod in &mut self.workload.pods {
            pod.containers[0].resources = resources;
        }
    }

    /// Adds a container of which nothing was seen.
    pub(crate) fn add_unseen_container(&mut self, name: &str, original: Resources) {
        self.workload.containers.push(ContainerSpec { name: name.into(), original });
        for pod in &mut self.workload.pods {
            let mut container = pod.containers[0].clone();
            container.name = name.to_owned();
            container.resources = original;
            pod.containers.push(container);
        }
    }

    /// Adds a container that used what the first did.
    pub(crate) fn add_container(&mut self, name: &str, original: Resources) {
        self.add_unseen_container(name, original);
        let history = self.engine.histories().next().unwrap().1.clone();
        let key = ContainerKey { container: name.into(), ..self.key() };
        self.engine.recall(&key, history);
    }

    pub(crate) fn evaluate(&self) -> Evaluation {
        self.evaluate_at(NOW)
    }

    pub(crate) fn evaluate_at(&self, now: Timestamp) -> Evaluation {
        self.engine.evaluate(&self.configured(), &self.context, now)
    }

    /// The workload under the policy as it is now.
    pub(crate) fn configured(&self) -> Workload {
        let mut workload = self.workload.clone();
        let mut configuration = (*workload.configuration).clone();
        if let Configured::Policy(policy) = &mut configuration.configured {
            **policy = self.policy.clone();
        }
        workload.configuration = Arc::new(configuration);
        workload
    }

    /// Evaluates, carries the action out to the letter, and remembers what is to be remembered.
    pub(crate) fn step(&mut self, now: Timestamp) -> Evaluation {
        let mut evaluation = self.evaluate_at(now);
        if let Running::Apply(action) = evaluation.decision.running.clone() {
            self.carry_out(&action);
            record_move(&mut evaluation, now);
        }
        self.workload.state = evaluation.state.clone();
        evaluation
    }

    fn carry_out(&mut self, action: &Action) {
        for change in &action.changes {
            let pods = self.workload.pods.iter_mut();
            for pod in pods.filter(|pod| pod.uid == change.uid) {
                for to in &change.containers {
                    for container in &mut pod.containers {
                        if container.name == to.container {
                            assert_eq!(container.resources, to.from);
                            container.resources = to.to;
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn key(&self) -> ContainerKey {
        ContainerKey { workload: self.workload.id.clone(), container: APP.into() }
    }
}

/// The reason of a hold.
pub(crate) fn reason(evaluation: &Evaluation) -> &Reason {
    match &evaluation.decision.running {
        Running::Hold(reason) => reason,
        Running::Apply(action) => panic!("nothing holds {action:?}"),
    }
}

/// The action of an evaluation.
pub(crate) fn action(evaluation: &Evaluation) -> &Action {
    match &evaluation.decision.running {
        Running::Apply(action) => action,
        Running::Hold(reason) => panic!("held: {reason:?}"),
    }
}

/// What each changed pod is given, by name.
pub(crate) fn given(evaluation: &Evaluation) -> Vec<(&str, Resources)> {
    let changes = action(evaluation).changes.iter();
    changes.map(|change| (change.pod.as_str(), change.containers[0].to)).collect()
}

/// What a new pod is given.
pub(crate) fn patched(evaluation: &Evaluation) -> Resources {
    match &evaluation.decision.new_pods {
        NewPods::Patch(patches) => patches[0].resources,
        NewPods::Untouched(reason) => panic!("untouched: {reason:?}"),
    }
}

/// Why a new pod is left as its template says.
pub(crate) fn untouched(evaluation: &Evaluation) -> &Reason {
    match &evaluation.decision.new_pods {
        NewPods::Patch(patches) => panic!("patched: {patches:?}"),
        NewPods::Untouched(reason) => reason,
    }
}

pub(crate) fn uid(pod: usize) -> String {
    format!("uid-{pod}")
}

fn created() -> Timestamp {
    NOW.minus(Duration::from_hours(48))
}

fn mk_workload(original: Resources) -> Workload {
    Workload {
        id: WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: "web".into(),
        },
        api_version: "apps/v1".to_owned(),
        uid: "uid-web".to_owned(),
        containers: vec![ContainerSpec { name: APP.into(), original }],
        pods: (0..3).map(|pod| mk_pod(pod, original)).collect(),
        desired_replicas: Some(3),
        rollout: Rollout::Settled,
        configuration: Arc::new(mk_configuration(Configured::Policy(Box::new(mk_policy())))),
        excludes_its_like: false,
        opt_out: None,
        foreign_actuator: None,
        hpa_on: PerResource::default(),
        state: DecisionState::default(),
    }
}

pub(crate) fn mk_configuration(configured: Configured) -> Configuration {
    Configuration {
        configured,
        governor: Governor::Annotation,
        assigned: None,
        overruled: Vec::new(),
        remarks: Vec::new(),
    }
}

/// These values of the only container, approved for new pods.
pub(crate) fn mk_published(values: Resources) -> Published {
    Published { containers: vec![(APP.to_owned(), values)], ..Published::default() }
}

pub(crate) fn mk_pod(number: usize, resources: Resources) -> Pod {
    Pod {
        name: format!("web-{number}"),
        uid: uid(number).into(),
        created_at: created(),
        node: Some("node-1".to_owned()),
        phase: PodPhase::Running,
        ready: true,
        qos: QosClass::Burstable,
        opted_out: false,
        has_pod_level_resources: false,
        resized_at: None,
        resize: ResizeStatus::Settled,
        containers: vec![RunningContainer {
            name: APP.to_owned(),
            counts_as: None,
            resources,
            resize_restart: PerResource::default(),
            started_at: Some(created()),
            restart_count: 0,
            last_oom: None,
        }],
    }
}

/// The documented defaults: p80 and maximum over a day, 10 % overhead, at least 10m and 10Mi, the
/// adaptive threshold, limits automatic.
pub(crate) fn mk_policy() -> Policy {
    let mut said = plimsoll_domain::Settings::default();
    said.vertical.mode = Some(Mode::Apply);
    said.resources.cpu.target = Some(Target::Quantile(Quantile::new(0.8).unwrap()));
    for (resource, least) in [(Resource::Cpu, cpu(10)), (Resource::Memory, memory(10))] {
        let settings = said.resources.get_mut(resource);
        settings.min = Some(at(least));
        settings.overhead = Ratio::new(0.1);
    }
    Policy::resolve(&[(&Origin::Default, &said)])
}

/// Sets one resource's settings.
pub(crate) fn set(scene: &mut Scene, resource: Resource, bend: impl FnOnce(&mut ResourcePolicy)) {
    bend(scene.policy.resources.get_mut(resource));
}
