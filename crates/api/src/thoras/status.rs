//! The status of the three objects, from what was evaluated. It changes only when something else
//! does: nothing in it is a time but those of transitions, and a recommendation that moves by a
//! hundredth or less stays as it was written.

mod condition;
mod forecasting;
mod suggestion;

use plimsoll_domain::{Evaluation, Governor, Parsed, Timestamp, WorkloadId};
use serde_json::{Map, Value, json};

use super::read::Template;
use crate::{format_quantity, time};
use condition::Condition;

/// A workload that a target is for.
#[derive(Clone, Copy, Debug)]
pub struct TargetedWorkload<'a> {
    /// Which one.
    pub id: &'a WorkloadId,
    /// Who governs it.
    pub governor: &'a Governor,
    /// Whether that is this target.
    pub is_governed: bool,
    /// How many pods it wants, where that is known.
    pub desired_replicas: Option<u32>,
    /// What was found at the last look; absent before the first.
    pub evaluation: Option<&'a Evaluation>,
}

/// What the status of a target is made from.
#[derive(Clone, Copy, Debug)]
pub struct TargetFacts<'a> {
    /// What it says.
    pub document: &'a Parsed,
    /// Which generation of it that is.
    pub generation: Option<i64>,
    /// The workloads it is for, in their order.
    pub workloads: &'a [TargetedWorkload<'a>],
    /// The selector of the pods as text, where there is one.
    pub label_selector: Option<&'a str>,
    /// Now, for what changes now.
    pub now: Timestamp,
}

/// The status of an AIScaleTarget; `previous` is what is stored.
pub fn status_of_target(facts: &TargetFacts<'_>, previous: Option<&Value>) -> Value {
    let mut status = Map::new();
    let governed: Vec<&Evaluation> = governed(facts).collect();
    let mut conditions = conditions(facts);
    conditions.extend(forecasting::forecasting(&governed));
    put_conditions(&mut status, &conditions, facts.generation, facts.now, previous);
    suggestion::put(&mut status, &governed, replicas(facts), facts.now, previous);
    put_kills(&mut status, &governed);
    if let Some(replicas) = replicas(facts) {
        status.insert("replicas".to_owned(), json!(replicas));
    }
    if let Some(selector) = facts.label_selector {
        status.insert("labelSelector".to_owned(), json!(selector));
    }
    Value::Object(status)
}

/// The status of a DaemonSetAutoscaler; `previous` is what is stored.
pub fn status_of_daemon_set_autoscaler(facts: &TargetFacts<'_>, previous: Option<&Value>) -> Value {
    let mut status = Map::new();
    put_conditions(&mut status, &conditions(facts), facts.generation, facts.now, previous);
    if let Some(evaluation) = governed(facts).next() {
        status.insert("podsObserved".to_owned(), json!(evaluation.applied.of));
        status.insert("podsResized".to_owned(), json!(evaluation.applied.pods));
        if let Some(last) = &evaluation.state.last_move {
            status.insert("lastResizedAt".to_owned(), json!(time(last.at)));
        }
    }
    Value::Object(status)
}

/// What the status of a template is made from, beside the template itself.
#[derive(Clone, Copy, Debug)]
pub struct TemplateFacts<'a> {
    /// How many workloads have a target from it.
    pub made: usize,
    /// How many keep a target of their own.
    pub skipped: usize,
    /// What else there is to say, in parts of a sentence.
    pub notes: &'a [String],
}

/// The status of a ClusterAIScaleTemplate: how many targets it has made, and why it made none for
/// others that it matches.
pub fn status_of_template(
    template: &Template,
    facts: &TemplateFacts<'_>,
    now: Timestamp,
    previous: Option<&Value>,
) -> Value {
    let mut status = Map::new();
    let ready = condition::of_template(&template.remarks, facts);
    put_conditions(&mut status, &[ready], template.generation, now, previous);
    Value::Object(status)
}

fn governed<'a>(facts: &TargetFacts<'a>) -> impl Iterator<Item = &'a Evaluation> {
    facts
        .workloads
        .iter()
        .filter(|workload| workload.is_governed)
        .filter_map(|workload| workload.evaluation)
}

/// The pods that all of its workloads want, where that is known of one of them.
fn replicas(facts: &TargetFacts<'_>) -> Option<u32> {
    let wanted = facts.workloads.iter().filter_map(|workload| workload.desired_replicas);
    wanted.reduce(u32::saturating_add)
}

fn conditions(facts: &TargetFacts<'_>) -> Vec<Condition> {
    let valid = condition::valid(facts.document);
    let governing = condition::governing(facts);
    let ready = condition::ready(&[&valid, &governing], facts);
    vec![ready, valid, governing]
}

fn put_conditions(
    status: &mut Map<String, Value>,
    conditions: &[Condition],
    generation: Option<i64>,
    now: Timestamp,
    previous: Option<&Value>,
) {
    let conditions: Vec<Value> =
        conditions.iter().map(|one| one.to_json(generation, now, previous)).collect();
    status.insert("conditions".to_owned(), json!(conditions));
}

/// What is known of kills for exceeding the memory limit.
fn put_kills(status: &mut Map<String, Value>, governed: &[&Evaluation]) {
    let floors = || governed.iter().flat_map(|evaluation| &evaluation.state.oom_floors);
    let Some(last) = floors().map(|floor| floor.killed_at).max() else { return };
    status.insert("lastOOMTime".to_owned(), json!(time(last)));
    let mut adjusted = Map::new();
    for floor in floors() {
        let memory = format_quantity(plimsoll_domain::Resource::Memory, floor.floor);
        adjusted.insert(floor.container.clone(), json!(memory));
    }
    let names: Vec<&String> = adjusted.keys().collect();
    status.insert("oomKilledContainers".to_owned(), json!(names));
    status.insert("oomAdjustedMemory".to_owned(), Value::Object(adjusted));
}
