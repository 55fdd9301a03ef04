//! One tick of the line: read the world, take usage in, and for the leader evaluate every
//! workload, ration, apply and publish.

use std::collections::BTreeMap;

use plimsoll_domain::{
    DecisionState, Evaluation, Outcome, OutcomeResult, Running, Timestamp, Workload, WorkloadId,
    World,
};
use plimsoll_engine::{Context, Engine, ration, record_move};

use crate::health::MetricsHealth;
use crate::isolate::isolated;
use crate::refusals::Refusals;
use crate::{
    Actuator, ChangeBudget, Clock, EvaluationSink, PortError, SampleSource, WorkloadSource, join,
};

/// The five ports of a driver.
#[derive(Debug)]
pub struct Ports<C, S, W, A, E> {
    /// What time it is.
    pub clock: C,
    /// Where usage comes from.
    pub samples: S,
    /// Where workloads come from.
    pub workloads: W,
    /// What changes running pods.
    pub actuator: A,
    /// Where evaluations go.
    pub sink: E,
}

/// The line: an engine between ports.
#[derive(Debug)]
pub struct Line<C, S, W, A, E> {
    /// The brain.
    pub engine: Engine,
    /// The world.
    pub ports: Ports<C, S, W, A, E>,
    budget: ChangeBudget,
    health: MetricsHealth,
    refusals: Refusals,
    /// What was decided last, by workload; ahead of what the watch shows by the time a write takes.
    states: BTreeMap<WorkloadId, DecisionState>,
    /// Whether there was an evaluation yet.
    has_evaluated: bool,
}

/// What a tick does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Usage is collected.
    pub collect: bool,
    /// Workloads are evaluated, if this replica leads.
    pub evaluate: bool,
    /// Whether it leads.
    pub role: Role,
}

/// What a replica may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Evaluate, apply and write status.
    Leader,
    /// Collect and keep history, so that a take-over is warm.
    Standby,
}

/// What a tick did.
#[derive(Debug, Default)]
pub struct TickReport {
    /// When it began.
    pub at: Timestamp,
    /// Samples the engine took in.
    pub samples: u64,
    /// Values that were no usage.
    pub dropped: u64,
    /// Values of containers that belong to no known workload.
    pub unmatched: u64,
    /// Evaluations made, ordered by workload.
    pub evaluations: Vec<Evaluation>,
    /// Whether workloads were due to be evaluated, here or by the leader.
    pub evaluation_due: bool,
    /// Ports that did not answer; the tick went on without them.
    pub errors: Vec<PortError>,
}

impl<C, S, W, A, E> Line<C, S, W, A, E>
where
    C: Clock,
    S: SampleSource,
    W: WorkloadSource,
    A: Actuator,
    E: EvaluationSink,
{
    /// A line that has seen nothing yet.
    pub fn new(engine: Engine, ports: Ports<C, S, W, A, E>, budget: ChangeBudget) -> Self {
        Self {
            engine,
            ports,
            budget,
            health: MetricsHealth::default(),
            refusals: Refusals::default(),
            states: BTreeMap::new(),
            has_evaluated: false,
        }
    }

    /// Runs one tick. Never fails: what a port could not do stands in the report.
    pub async fn tick(&mut self, tick: Tick) -> TickReport {
        let now = self.ports.clock.now();
        let mut report =
            TickReport { at: now, evaluation_due: tick.evaluate, ..TickReport::default() };
        let world = match self.ports.workloads.world(now).await {
            Ok(world) => world,
            Err(error) => {
                report.errors.push(error);
                return report;
            }
        };
        let news = self.observe_pods(&world) | self.has_new_workload(&world);
        if tick.collect {
            self.collect(&world, now, &mut report).await;
        }
        self.engine.pass(now);
        if tick.role == Role::Leader && (tick.evaluate || news) {
            self.evaluate(world, now, &mut report).await;
        }
        report
    }

    /// Whether there is a workload that the last evaluation did not know: its first status should
    /// not wait for the next one.
    fn has_new_workload(&self, world: &World) -> bool {
        let is_new = |workload: &Workload| !self.states.contains_key(&workload.id);
        self.has_evaluated && world.workloads.iter().any(is_new)
    }

    /// Takes in what the pods' statuses say; whether any of it should not wait for the next
    /// evaluation.
    fn observe_pods(&mut self, world: &World) -> bool {
        for workload in &world.workloads {
            self.engine.observe_pods(workload);
        }
        let mut news = false;
        for signal in join::signals(world) {
            news |= self.engine.signal(&signal);
        }
        news
    }

    async fn collect(&mut self, world: &World, now: Timestamp, report: &mut TickReport) {
        match self.ports.samples.collect(now).await {
            Ok(collected) => {
                self.health.succeeded();
                let (samples, unmatched) = join::samples(world, &collected.usage, now);
                report.dropped = collected.dropped;
                report.unmatched = unmatched;
                report.samples += self.engine.observe_all(&samples);
                self.engine.forget(now);
            }
            Err(error) => {
                self.health.failed(now);
                report.errors.push(error);
            }
        }
    }

    async fn evaluate(&mut self, mut world: World, now: Timestamp, report: &mut TickReport) {
        if !self.has_evaluated {
            let pods = world.workloads.iter().flat_map(|workload| &workload.pods);
            self.budget.recall(pods.filter_map(|pod| pod.resized_at), now);
        }
        self.has_evaluated = true;
        self.recall_states(&mut world);
        let mut evaluations = self.decide(&world, now);
        self.refusals.withhold(&mut evaluations, now);
        let mut evaluations = ration(evaluations, &self.budget.left(now));
        for evaluation in &mut evaluations {
            self.apply(evaluation, now).await;
        }
        for evaluation in &evaluations {
            self.states.insert(evaluation.workload.clone(), evaluation.state.clone());
        }
        if let Err(error) = self.ports.sink.publish(&evaluations, now).await {
            report.errors.push(error);
        }
        report.evaluations = evaluations;
    }

    /// The state of a workload is read from the world once, at the first evaluation after a start
    /// or a take-over; from then on this process alone changes it.
    fn recall_states(&mut self, world: &mut World) {
        let mut known = std::mem::take(&mut self.states);
        for workload in &mut world.workloads {
            if let Some((id, state)) = known.remove_entry(&workload.id) {
                workload.state = state.clone();
                self.states.insert(id, state);
            }
        }
    }

    fn decide(&self, world: &World, now: Timestamp) -> Vec<Evaluation> {
        let context = Context {
            stop: world.stop.clone(),
            capabilities: world.capabilities,
            metrics: self.health.state(self.engine.newest_sample(), now),
        };
        let workloads = world.workloads.iter();
        workloads
            .map(|workload| {
                isolated(workload, now, || self.engine.evaluate(workload, &context, now))
            })
            .collect()
    }

    async fn apply(&mut self, evaluation: &mut Evaluation, now: Timestamp) {
        let Running::Apply(action) = &evaluation.decision.running else {
            return;
        };
        let outcomes = self.ports.actuator.apply(action, now).await;
        for (change, outcome) in action.changes.iter().zip(&outcomes) {
            self.refusals.note(change, outcome, now);
        }
        for _ in outcomes.iter().filter(|outcome| may_have_changed(outcome)) {
            self.budget.spend(now);
        }
        let is_moved = outcomes.iter().any(|one| one.result == OutcomeResult::Accepted);
        evaluation.outcomes = outcomes;
        if is_moved {
            record_move(evaluation, now);
        }
    }
}

/// A change without an answer may have been made all the same, so it counts.
fn may_have_changed(outcome: &Outcome) -> bool {
    matches!(outcome.result, OutcomeResult::Accepted | OutcomeResult::Failed { .. })
}
