//! What the brain costs: usage taken in, memory a container, evaluations of a whole cluster. Prints what
//! was measured; the peer, on the same samples, is `testbed/vpa`.
//!
//! ```text
//! cargo run --release -p plimsoll-replay --example cost
//! ```

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_domain::{
    Allocation, Amount, Capabilities, Configuration, Configured, ContainerKey, ContainerSpec,
    DecisionState, Governor, MetricsState, Mode, Origin, PerResource, Pod, PodPhase, Policy,
    QosClass, ResizeStatus, Resource, Resources, Rollout, RunningContainer, Sample, Target,
    Timestamp, Workload, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Context, Engine, Settings};

/// 2026-01-01, midnight UTC.
const BEGIN: i64 = 1_767_225_600;
/// How often usage is read.
const EVERY: i64 = 30;
/// A day of it.
const DAY: usize = 2880;
/// Eight hours of it.
const AFTER: usize = 960;

/// Containers and readings for the rate of ingestion: as many as `testbed/vpa` takes.
const INGEST: (usize, usize) = (1000, 480);
/// The fleets between which the slope of memory is taken.
const FLEETS: [usize; 2] = [10_000, 100_000];

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let (containers, readings) = INGEST;
    let mut fleet = Fleet::new(containers);
    let started = Instant::now();
    (0..readings).for_each(|reading| fleet.read(reading));
    let count = (containers * readings) as f64;
    let seconds = started.elapsed().as_secs_f64();
    writeln!(
        out,
        "{count} readings of CPU and memory in {seconds:.2} s: {:.0} a second",
        count / seconds
    )?;
    let [small, large] = FLEETS;
    let mut fleet = Fleet::new(large);
    // What is fed takes no part in the slope.
    let rest = fleet.samples.split_off(small);
    fleet.live_a_week();
    let before = resident();
    fleet.samples.extend(rest);
    fleet.live_a_week();
    let after = resident();
    if let (Some(before), Some(after)) = (before, after) {
        let slope = after.saturating_sub(before) / (large - small) as u64;
        writeln!(out, "{slope} bytes a container; {} MiB for {large}", after >> 20)?;
    }
    for target in [Target::Auto, Target::Max] {
        let workloads = fleet.workloads(target);
        let started = Instant::now();
        let known = workloads.iter().filter(|workload| fleet.evaluate(workload)).count();
        let seconds = started.elapsed().as_secs_f64();
        writeln!(out, "{known} of {large} evaluated by {target:?} in {seconds:.2} s")?;
    }
    let started = Instant::now();
    fleet.engine.pass(fleet.now.plus(Duration::from_mins(1)));
    let seconds = started.elapsed().as_secs_f64();
    writeln!(out, "a tick in which no five minutes end: {seconds:.3} s")?;
    let started = Instant::now();
    let bytes: usize = fleet.engine.snapshots().map(|(_, bytes)| bytes.len()).sum();
    let seconds = started.elapsed().as_secs_f64();
    writeln!(out, "a snapshot of all, {} MiB, in {seconds:.2} s", bytes >> 20)
}

/// Containers, each the only one of its pod and its workload.
struct Fleet {
    engine: Engine,
    /// One of each container, filled anew for each reading.
    samples: Vec<Sample>,
    now: Timestamp,
}

impl Fleet {
    fn new(containers: usize) -> Self {
        Self {
            engine: Engine::new(Settings::default()),
            samples: (0..containers).map(sample).collect(),
            now: Timestamp::from_seconds(BEGIN),
        }
    }

    /// One reading of every container, and the tick that follows.
    fn read(&mut self, reading: usize) {
        let second = i64::try_from(reading).unwrap_or(0) * EVERY;
        self.now = Timestamp::from_seconds(BEGIN + second);
        for (number, sample) in self.samples.iter_mut().enumerate() {
            (sample.at, sample.usage) = (self.now, usage(number, reading));
        }
        self.engine.observe_all(&self.samples);
        self.engine.pass(self.now);
    }

    /// Gives every container a week of usage: of a few, each lived through reading by reading and then
    /// copied, and eight hours more that all live through: sketches are joined once in six.
    fn live_a_week(&mut self) {
        let mut few = Self::new(LIVED.min(self.samples.len()));
        (0..7 * DAY).for_each(|reading| few.read(reading));
        let lived: Vec<Vec<u8>> = few.engine.snapshots().map(|(_, bytes)| bytes).collect();
        for (sample, bytes) in self.samples.iter().zip(lived.iter().cycle()) {
            self.engine.restore_snapshot(&sample.container, bytes).ok();
        }
        (7 * DAY..7 * DAY + AFTER).for_each(|reading| self.read(reading));
    }

    fn workloads(&self, target: Target) -> Vec<Workload> {
        let configuration = Arc::new(configuration(target));
        self.samples.iter().map(|one| workload(&one.container, &configuration)).collect()
    }

    /// Whether anything was recommended.
    fn evaluate(&self, workload: &Workload) -> bool {
        let context = Context {
            stop: None,
            capabilities: Capabilities { resize: true, lower_memory_limit: true },
            metrics: MetricsState::Available,
        };
        let evaluation = self.engine.evaluate(workload, &context, self.now);
        evaluation.state.published.is_some()
    }
}

/// How many containers live through a week of their own.
const LIVED: usize = 20;

fn key(number: usize) -> ContainerKey {
    ContainerKey {
        workload: WorkloadId {
            namespace: format!("team-{}", number % 100).into(),
            kind: WorkloadKind::Deployment,
            name: format!("service-{number}").into(),
        },
        container: "app".into(),
    }
}

fn sample(number: usize) -> Sample {
    Sample {
        container: key(number),
        pod: POD.into(),
        at: Timestamp::default(),
        age: Duration::from_hours(2),
        usage: PerResource::default(),
    }
}

/// CPU that wanders over a factor of four, memory over a factor of 1.2, without any rhythm.
fn usage(number: usize, reading: usize) -> PerResource<Option<Amount>> {
    let chance = |factor: usize| ((reading + number * 31) * factor % 10_007) as f64 / 10_007.0;
    PerResource {
        cpu: Amount::new(0.1 + 0.3 * chance(7919)),
        memory: Amount::new(4e8 + 8e7 * chance(6271)),
    }
}

/// As long as the uids of Kubernetes.
const POD: &str = "0f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0";

fn original() -> Resources {
    let request = |amount| Allocation { request: Some(amount), limit: None };
    PerResource {
        cpu: request(Amount::from_millicores(500)),
        memory: request(Amount::from_mebibytes(512)),
    }
}

fn configuration(target: Target) -> Configuration {
    let mut said = plimsoll_domain::Settings::default();
    said.vertical.mode = Some(Mode::Apply);
    for resource in Resource::ALL {
        said.resources.get_mut(resource).target = Some(target);
    }
    Configuration {
        configured: Configured::Policy(Box::new(Policy::resolve(&[(&Origin::Default, &said)]))),
        governor: Governor::Annotation,
        assigned: None,
        overruled: Vec::new(),
        remarks: Vec::new(),
    }
}

fn workload(key: &ContainerKey, configuration: &Arc<Configuration>) -> Workload {
    let container = RunningContainer {
        name: key.container.to_string(),
        counts_as: None,
        resources: original(),
        resize_restart: PerResource::default(),
        started_at: None,
        restart_count: 0,
        last_oom: None,
    };
    let pod = Pod {
        name: POD.to_owned(),
        uid: POD.into(),
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
    };
    Workload {
        id: key.workload.clone(),
        api_version: "apps/v1".to_owned(),
        uid: POD.to_owned(),
        containers: vec![ContainerSpec { name: key.container.clone(), original: original() }],
        pods: vec![pod],
        desired_replicas: Some(1),
        rollout: Rollout::Settled,
        configuration: Arc::clone(configuration),
        excludes_its_like: false,
        opt_out: None,
        foreign_actuator: None,
        hpa_on: PerResource::default(),
        state: DecisionState::default(),
    }
}

/// Resident memory of this process, where the system tells of it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
