//! What a plan is made from, as the watches show it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::core::SelectorExt;
use plimsoll_api::thoras::{Conflict, Template};
use plimsoll_domain::{Severity, WorkloadId, WorkloadKind};
use serde_json::Value;

use super::carry_out::Order;
use super::plan::{Made, Plan, Step, TargetFacts, TemplateFacts, plan};
use crate::index::Tables;
use crate::intern::Labels;
use crate::row::controller::ControllerRow;
use crate::row::object::MadeRow;
use crate::row::target::{TargetRow, Wants};
use crate::source::is_protected;
use crate::table::Key;
use crate::told::Told;

/// The kinds of workloads that templates are for.
const KINDS: [WorkloadKind; 3] =
    [WorkloadKind::Deployment, WorkloadKind::StatefulSet, WorkloadKind::Rollout];

/// A workload that a template may match.
struct Candidate<'a> {
    id: WorkloadId,
    labels: &'a Labels,
    pod_labels: &'a Labels,
}

/// Everything that templates have to do with.
pub(crate) struct Facts<'a> {
    candidates: Vec<Candidate<'a>>,
    templates: BTreeMap<&'a str, (&'a Template, u64)>,
    targets: Vec<(&'a Key, &'a TargetRow, &'a str, Option<Made<'a>>)>,
}

impl<'a> Facts<'a> {
    /// The facts of a cluster. `namespace` is the program's own; `given` says of targets which spec
    /// they were given last, and which they had then.
    pub(crate) fn of(
        tables: &'a Tables,
        namespace: &str,
        given: &BTreeMap<Key, (u64, u64)>,
    ) -> Self {
        let templates = tables
            .templates
            .iter()
            .map(|(key, row)| (&*key.name, (&*row.template, fingerprint(&row.template.spec))));
        let templates: BTreeMap<_, _> = templates.collect();
        let targets = tables.targets.iter().filter_map(|(key, row)| {
            let object = tables.told_of(Told::ScaleTarget, key)?;
            let made =
                object.made.as_deref().map(|made| made_from(made, &templates, given.get(key)));
            Some((key, row, &*object.uid, made))
        });
        Self { candidates: candidates(tables, namespace), targets: targets.collect(), templates }
    }

    /// The plan, handed to `look`.
    pub(crate) fn plan<T>(&self, look: impl FnOnce(Plan<'_>) -> T) -> T {
        let mut by_namespace: BTreeMap<&str, Vec<&Candidate<'_>>> = BTreeMap::new();
        for candidate in &self.candidates {
            by_namespace.entry(&candidate.id.namespace).or_default().push(candidate);
        }
        let targets = self.targets.iter().map(|(key, row, uid, made)| {
            let (names, selects) = match &row.wants {
                Wants::Workload { kind, name } => {
                    let id = WorkloadId {
                        namespace: Arc::clone(&key.namespace),
                        kind: kind.clone(),
                        name: name.to_string().into(),
                    };
                    (Some(id), Vec::new())
                }
                Wants::Pods(selector) => {
                    let here = by_namespace.get(&*key.namespace).into_iter().flatten();
                    let selected = here.filter(|one| selector.matches(one.pod_labels));
                    (None, selected.map(|one| &one.id).collect())
                }
                Wants::Nothing => (None, Vec::new()),
            };
            TargetFacts { key, uid, made: *made, names, selects }
        });
        let targets: Vec<_> = targets.collect();
        let templates = self.templates.values().map(|(template, spec)| TemplateFacts {
            name: &template.name,
            overrides: template.conflict == Conflict::Override,
            matches: is_readable(template).then(|| self.matches(template)),
            spec: *spec,
        });
        look(plan(templates.collect(), &targets))
    }

    /// What is to be done, at most so much of it.
    pub(crate) fn orders(&self, tables: &Tables, most: usize) -> Vec<Order> {
        self.plan(|plan| {
            let steps = plan.steps.iter().take(most);
            steps.filter_map(|step| self.order(tables, step)).collect()
        })
    }

    fn order(&self, tables: &Tables, step: &Step<'_>) -> Option<Order> {
        match step {
            Step::Create { template, workload } => {
                let (template, fingerprint) = self.templates.get(template)?;
                Order::create(template, *fingerprint, workload)
            }
            Step::Update { template, workload, key, uid } => {
                let (template, fingerprint) = self.templates.get(template)?;
                let object = tables.told_of(Told::ScaleTarget, key)?;
                let made = object.made.as_ref();
                let before = made.map_or(0, |made| self::fingerprint(&made.spec));
                Order::update(template, *fingerprint, workload, (key, uid), before)
            }
            Step::Release { key, uid } => Some(Order::release(key, uid)),
        }
    }

    fn matches(&self, template: &Template) -> BTreeSet<&WorkloadId> {
        let matching = self
            .candidates
            .iter()
            .filter(|candidate| template.matches(&candidate.id.namespace, candidate.labels));
        matching.map(|candidate| &candidate.id).collect()
    }

    /// The templates, by name.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &'a Template> {
        self.templates.values().map(|(template, _)| *template)
    }
}

/// The workloads that templates may match: not those of the system, nor the program's own, nor any
/// that asks to be left alone, nor any whose pods are a custom workload, which no target can want.
fn candidates<'a>(tables: &'a Tables, namespace: &str) -> Vec<Candidate<'a>> {
    let is_left_alone = |of: &str| is_protected(of, namespace) || tables.is_ignored(of);
    let rows = KINDS.iter().filter_map(|kind| Some((kind, tables.controllers.get(kind)?)));
    let rows = rows.flat_map(|(kind, table)| table.iter().map(move |(key, row)| (kind, key, row)));
    let candidates = rows.filter_map(|(kind, key, row)| {
        let ControllerRow::Workload(row) = row else {
            return None;
        };
        let template = tables.template(&key.namespace, row);
        let is_free =
            template.custom.is_none() && !template.opted_out && !is_left_alone(&key.namespace);
        is_free.then(|| Candidate {
            id: WorkloadId {
                namespace: Arc::clone(&key.namespace),
                kind: kind.clone(),
                name: Arc::clone(&key.name),
            },
            labels: &row.labels,
            pod_labels: &template.labels,
        })
    });
    candidates.collect()
}

/// Whether a template can be worked by. What is refused below `horizontal` keeps nothing back, as in
/// a target.
fn is_readable(template: &Template) -> bool {
    let is_fatal = |field: &str| !field.split('.').any(|key| key == "horizontal");
    let errors = template.remarks.iter().filter(|remark| remark.severity == Severity::Error);
    template.selector.is_some() && !errors.map(|error| &*error.field).any(is_fatal)
}

/// What a target has from its template: up to date where it was given the present spec and still has
/// all of it, or was given it before and the API server kept no more.
fn made_from<'a>(
    made: &'a MadeRow,
    templates: &BTreeMap<&str, (&Template, u64)>,
    given: Option<&(u64, u64)>,
) -> Made<'a> {
    let wanted = templates.get(&*made.template);
    let has_it = |(template, spec): &(&Template, u64)| {
        contains(&made.spec, &template.spec) || given == Some(&(*spec, fingerprint(&made.spec)))
    };
    let is_whole = wanted.is_some_and(has_it);
    Made { template: &made.template, spec: made.from.filter(|_| is_whole) }
}

/// Whether all that is wanted is there; the API server adds what is left out, and drops what is null.
fn contains(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            there.get(key).map_or_else(|| wanted.is_null(), |there| contains(there, wanted))
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len()
                && there.iter().zip(wanted).all(|(there, wanted)| contains(there, wanted))
        }
        (there, wanted) => there == wanted,
    }
}

/// FNV-1a over the JSON text: the same in every version of the program.
pub(crate) fn fingerprint(spec: &Value) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    spec.to_string().bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
