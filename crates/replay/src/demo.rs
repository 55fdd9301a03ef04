//! The demo: the whole line over a simulated cluster whose workloads use what was once recorded,
//! beside the same cluster without it.

mod chance;
mod fleet;
mod narrate;
mod summary;

use std::time::Duration;

use plimsoll_domain::{
    Amount, Configuration, ContainerSpec, Evaluation, PerResource, Resource, Timestamp, WorkloadId,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_pipeline::{ChangeBudget, Line, Role, Tick};

use self::fleet::{Member, fleet};
use self::narrate::Narrator;
use self::summary::Tally;
use crate::node::Effect;
use crate::ready::ready;
use crate::simulate::{SimulatedCluster, SimulatedPorts, SimulatedWorkload, Usage};
use crate::trace::{TraceError, Traces};

/// Midnight of Monday, 5 January 2026, UTC: the demo's first day begins.
const START: Timestamp = Timestamp::from_seconds(1_767_571_200);
/// How long the program has watched the cluster by then, as one that was installed and not yet let
/// act: the longest look-back of the policies that ship, so that confidence can be had. Nothing of
/// it is counted.
const WATCHED: Duration = Duration::from_hours(7 * 24);
/// The grid of the recorded usage; collecting more often would read the same values again.
const STEP: Duration = Duration::from_mins(5);
/// Pods changed in any minute, as the controller's default.
const PODS_PER_MINUTE: u32 = 10;
/// Every step does everything.
const TICK: Tick = Tick { collect: true, evaluate: true, role: Role::Leader };
/// Until then, usage is collected and nothing is done.
const WATCH: Tick = Tick { collect: true, evaluate: false, role: Role::Standby };
/// The only container of every simulated pod.
const CONTAINER: &str = "app";

/// A demo under way.
#[derive(Debug)]
pub struct Demo {
    line: Line<SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts, SimulatedPorts>,
    cluster: SimulatedPorts,
    /// The same workloads as their owners left them.
    without: SimulatedCluster,
    members: Vec<Member>,
    ends_at: Timestamp,
    narrator: Narrator,
    tally: Tally,
    seed: u64,
}

/// What happened in one step.
#[derive(Debug)]
pub struct DemoStep {
    /// Simulated time passed since the start.
    pub elapsed: Duration,
    /// What is worth saying, a line each.
    pub lines: Vec<String>,
}

impl Demo {
    /// A demo of some length of simulated time. `configure` reads a configuration annotation as
    /// the controller does.
    pub fn new(
        seed: u64,
        length: Duration,
        configure: &dyn Fn(&WorkloadId, Option<&str>) -> Configuration,
    ) -> Result<Self, TraceError> {
        let members = fleet(&Traces::shipped()?, seed)?;
        let cluster = SimulatedPorts::new(populated(&members, configure));
        let without = populated(&members, configure);
        let mut demo = Self {
            line: Line::new(
                Engine::new(Settings::default()),
                cluster.for_line(),
                ChangeBudget::new(PODS_PER_MINUTE),
            ),
            cluster,
            without,
            members,
            ends_at: START.plus(length),
            narrator: Narrator::default(),
            tally: Tally::default(),
            seed,
        };
        demo.watch();
        Ok(demo)
    }

    /// Lets the time before the first day pass.
    fn watch(&mut self) {
        while self.without.now < START {
            self.without.step(STEP);
            self.cluster.cluster().step(STEP);
            // A simulated port is always ready.
            ready(self.line.tick(WATCH));
        }
    }

    /// Lets one step of simulated time pass; absent after the end.
    pub fn step(&mut self) -> Option<DemoStep> {
        let now = self.without.now.plus(STEP);
        if now > self.ends_at {
            return None;
        }
        let is_first = self.without.now == START;
        let denied = self.without.step(STEP);
        self.tally.count_without(&denied, &self.without, STEP);
        let mut lines = self.roll_out(now.since(START));
        let effects = self.cluster.cluster().step(STEP);
        self.tally.count_with(&effects, &self.cluster.cluster(), STEP);
        lines.extend(effects.iter().filter_map(Self::killed));
        let report = ready(self.line.tick(TICK))?;
        self.tally.count_outcomes(&report.evaluations);
        lines.extend(self.narrator.lines(&report.evaluations));
        let elapsed = now.since(START);
        let stamp = narrate::stamp(elapsed);
        let lines = lines.into_iter().map(|line| format!("{stamp}  {line}"));
        let lines = is_first.then(narrate::opening).into_iter().chain(lines).collect();
        Some(DemoStep { elapsed, lines })
    }

    /// Where things stand, in a few lines.
    pub fn summary(&self) -> String {
        let cluster = self.cluster.cluster();
        summary::render(&self.tally, &cluster, &self.without, self.seed)
    }

    /// The evaluations of the last step, ordered by workload.
    pub fn evaluations(&self) -> Vec<Evaluation> {
        self.cluster.cluster().published.clone()
    }

    /// Owners roll their workloads out anew now and then, with and without the program.
    fn roll_out(&mut self, elapsed: Duration) -> Vec<String> {
        let due = self.members.iter().filter(|member| member.rollout_at == Some(elapsed));
        let mut lines = Vec::new();
        for member in due {
            self.without.roll_out(&member.id);
            self.cluster.cluster().roll_out(&member.id);
            lines.push(format!("{}: rolled out by its owner", member.id));
        }
        lines
    }

    fn killed(effect: &Effect) -> Option<String> {
        let Effect::OomKilled { pod, limit, .. } = effect else { return None };
        let limit = limit.map(|limit| plimsoll_report::format_amount(Resource::Memory, limit));
        let limit = limit.unwrap_or_default();
        Some(format!("{pod}: killed for using more memory than its limit of {limit}"))
    }
}

fn populated(
    members: &[Member],
    configure: &dyn Fn(&WorkloadId, Option<&str>) -> Configuration,
) -> SimulatedCluster {
    // Nodes as large as those the recordings were made on.
    let size = PerResource {
        cpu: Amount::from_millicores(64_000),
        memory: Amount::from_mebibytes(256 * 1024),
    };
    let mut cluster = SimulatedCluster::new(START.minus(WATCHED), size);
    for member in members {
        let spec = ContainerSpec { name: CONTAINER.into(), original: member.original };
        let usage = member.pods.iter().cloned().map(|pod| -> Usage {
            std::sync::Arc::new(move |_container, elapsed| pod.at(elapsed))
        });
        cluster.add(SimulatedWorkload::new(
            member.id.clone(),
            vec![spec],
            configure(&member.id, member.annotation),
            usage.collect(),
        ));
    }
    cluster
}
