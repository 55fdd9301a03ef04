//! What the objects of the group are told in their status, from what was evaluated.

use std::collections::BTreeMap;

use plimsoll_api::thoras::{
    TargetFacts, TargetedWorkload, TemplateFacts, status_of_daemon_set_autoscaler,
    status_of_target, status_of_template,
};
use plimsoll_domain::{Evaluation, Governor, Timestamp};
use serde_json::Value;

use super::facts::Facts;
use super::plan::Outcome;
use crate::index::Tables;
use crate::publish::ObjectStatus;
use crate::row::object::ObjectRow;
use crate::row::target::{TargetRow, Wants};
use crate::table::{Key, Table};
use crate::told::Told;

/// Workloads that one sentence of a status names; the rest are counted.
const NAMED_MAX: usize = 3;

/// Kind, namespace and name of an object that wants workloads.
type Wanting<'a> = (Told, &'a str, &'a str);

/// The workloads that each object wants.
type Wanted<'a> = BTreeMap<Wanting<'a>, Vec<TargetedWorkload<'a>>>;

/// The statuses that are to change of AIScaleTargets and DaemonSetAutoscalers.
pub(super) fn targets(
    tables: &Tables,
    evaluations: &[Evaluation],
    at: Timestamp,
) -> Vec<ObjectStatus> {
    let wanted = wanted(tables, evaluations);
    let all = |kind, table| facts(kind, table, tables, &wanted, at);
    let scale_targets = all(Told::ScaleTarget, &tables.targets);
    let scale_targets = scale_targets.filter_map(|one| one.status(status_of_target));
    let autoscalers = all(Told::DaemonSetAutoscaler, &tables.daemon_set_autoscalers);
    let autoscalers = autoscalers.filter_map(|one| one.status(status_of_daemon_set_autoscaler));
    scale_targets.chain(autoscalers).collect()
}

/// The same of ClusterAIScaleTemplates; `idle` says why none of them makes anything now.
pub(super) fn templates(
    tables: &Tables,
    facts: &Facts<'_>,
    idle: Option<&str>,
    at: Timestamp,
) -> Vec<ObjectStatus> {
    facts.plan(|plan| {
        let nothing = Outcome::default();
        let statuses = facts.templates().filter_map(|template| {
            let outcome = plan.outcomes.get(template.name.as_str()).unwrap_or(&nothing);
            let key = Key::new("", &template.name);
            let object = tables.told_of(Told::ScaleTemplate, &key)?;
            let notes = notes(outcome, idle);
            let facts = TemplateFacts {
                made: outcome.made.len(),
                skipped: outcome.left.len(),
                notes: &notes,
            };
            ObjectStatus::of(Told::ScaleTemplate, &key, object, |before| {
                status_of_template(template, &facts, at, before)
            })
        });
        statuses.collect()
    })
}

/// One object, and what there is to say of it.
struct Said<'a> {
    kind: Told,
    key: &'a Key,
    object: &'a ObjectRow,
    selector: Option<String>,
    facts: TargetFacts<'a>,
}

impl Said<'_> {
    fn status(
        &self,
        status: fn(&TargetFacts<'_>, Option<&Value>) -> Value,
    ) -> Option<ObjectStatus> {
        let facts = TargetFacts { label_selector: self.selector.as_deref(), ..self.facts };
        ObjectStatus::of(self.kind, self.key, self.object, |before| status(&facts, before))
    }
}

fn facts<'a>(
    kind: Told,
    table: &'a Table<TargetRow>,
    tables: &'a Tables,
    wanted: &'a Wanted<'a>,
    now: Timestamp,
) -> impl Iterator<Item = Said<'a>> {
    table.iter().filter_map(move |(key, row)| {
        let object = tables.told_of(kind, key)?;
        let workloads = wanted.get(&(kind, &*key.namespace, &*key.name));
        let selector = match &row.wants {
            Wants::Pods(selector) => Some(selector.to_string()),
            Wants::Workload { .. } | Wants::Nothing => None,
        };
        let facts = TargetFacts {
            document: &row.document,
            generation: object.generation,
            workloads: workloads.map_or(&[], Vec::as_slice),
            label_selector: None,
            now,
        };
        Some(Said { kind, key, object, selector, facts })
    })
}

fn wanted<'a>(tables: &Tables, evaluations: &'a [Evaluation]) -> Wanted<'a> {
    let mut wanted = Wanted::new();
    for evaluation in evaluations {
        let id = &evaluation.workload;
        let configuration = &evaluation.configuration;
        let governors = std::iter::once(&configuration.governor).chain(&configuration.overruled);
        for governor in governors {
            let Some((kind, name)) = object(governor) else { continue };
            let row = tables.workload(&id.kind, &id.namespace, &id.name);
            wanted.entry((kind, &id.namespace, name)).or_default().push(TargetedWorkload {
                id,
                governor: &configuration.governor,
                is_governed: *governor == configuration.governor,
                desired_replicas: row.and_then(|row| row.desired_replicas),
                evaluation: Some(evaluation),
            });
        }
    }
    wanted
}

/// The object that a governor of this group is.
fn object(governor: &Governor) -> Option<(Told, &str)> {
    match governor {
        Governor::TargetByName(name)
        | Governor::TargetBySelector(name)
        | Governor::TargetFromTemplate(name) => Some((Told::ScaleTarget, name)),
        Governor::DaemonSetAutoscaler(name) => Some((Told::DaemonSetAutoscaler, name)),
        Governor::Annotation | Governor::ScaledWorkload | Governor::ScalingPolicy => None,
    }
}

/// What else there is to say of a template.
fn notes(outcome: &Outcome<'_>, idle: Option<&str>) -> Vec<String> {
    let outranked = outcome.outranked.iter();
    let outranked = outranked.map(|(id, by)| format!("{id} goes by the template {by}")).collect();
    let taken = outcome.name_taken.iter();
    let taken = taken
        .map(|id| format!("{id} gets none, since an AIScaleTarget of its name is for another"))
        .collect();
    let mut notes = first(outranked);
    notes.extend(first(taken));
    notes.extend(idle.map(str::to_owned));
    notes
}

/// The first of them, and how many more there are.
fn first(mut sentences: Vec<String>) -> Vec<String> {
    let more = sentences.len().saturating_sub(NAMED_MAX);
    sentences.truncate(NAMED_MAX);
    if more > 0 {
        sentences.push(format!("the same holds for {more} more"));
    }
    sentences
}
