//! Which AIScaleTargets templates ask for, as data: the cluster in, steps out. Level-based: the same
//! cluster gives the same steps, and a cluster after its steps gives none.
//!
//! Of a template's matching workloads, which are told by the labels of the workload itself:
//! - One that matches several templates gets the first by name.
//! - One that no AIScaleTarget wants gets one of its own name.
//! - One that a person's AIScaleTarget names keeps it under `skip`. Under `override` that target is
//!   taken over: it gets the template's spec, its own is kept in an annotation, and comes back when
//!   the template lets go of it. Of several that name it the first by name is taken over.
//! - One whose pods a person's selector matches is left to it either way: a selector is for more than
//!   this workload, and would win over a target made here.
//! - A person's target that has the workload's name and wants something else is never touched.
//!
//! A template that cannot be read asks for nothing and lets go of nothing: what it made stays.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_domain::WorkloadId;

use crate::table::Key;

/// A template.
#[derive(Clone, Debug)]
pub(crate) struct TemplateFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether a person's target is taken over.
    pub overrides: bool,
    /// The workloads it matches; none where it cannot be read.
    pub matches: Option<BTreeSet<&'a WorkloadId>>,
    /// A fingerprint of the spec that it gives.
    pub spec: u64,
}

/// An AIScaleTarget that is there.
#[derive(Clone, Debug)]
pub(crate) struct TargetFacts<'a> {
    /// Its namespace and name.
    pub key: &'a Key,
    /// Its uid.
    pub uid: &'a str,
    /// The template it has its spec from.
    pub made: Option<Made<'a>>,
    /// The workload it names.
    pub names: Option<WorkloadId>,
    /// The workloads whose pods its selector matches.
    pub selects: Vec<&'a WorkloadId>,
}

/// What a target has from a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'a> {
    /// The template.
    pub template: &'a str,
    /// The fingerprint of the spec that it was given; none where it has been changed since.
    pub spec: Option<u64>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A new target of the workload's name.
    Create {
        /// By which template.
        template: &'a str,
        /// For which workload.
        workload: &'a WorkloadId,
    },
    /// A target that is there gets the template's spec.
    Update {
        /// By which template.
        template: &'a str,
        /// For which workload.
        workload: &'a WorkloadId,
        /// The target.
        key: &'a Key,
        /// Its uid.
        uid: &'a str,
    },
    /// A target is let go of: deleted where it was made, given its own spec again where it was taken
    /// over.
    Release {
        /// The target.
        key: &'a Key,
        /// Its uid.
        uid: &'a str,
    },
}

/// What became of the workloads that one template matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome<'a> {
    /// They have a target by it, or get one.
    pub made: Vec<&'a WorkloadId>,
    /// They keep the target of a person.
    pub left: Vec<&'a WorkloadId>,
    /// They go by an earlier template, which is named.
    pub outranked: Vec<(&'a WorkloadId, &'a str)>,
    /// They get none, since the target of that name is for something else.
    pub name_taken: Vec<&'a WorkloadId>,
}

/// All steps, and what becomes of every template's workloads, by the template's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    /// What is to be done, that which gives before that which takes.
    pub steps: Vec<Step<'a>>,
    /// What becomes of it.
    pub outcomes: BTreeMap<&'a str, Outcome<'a>>,
}

/// What is to be done.
pub(crate) fn plan<'a>(
    mut templates: Vec<TemplateFacts<'a>>,
    targets: &'a [TargetFacts<'a>],
) -> Plan<'a> {
    templates.sort_by_key(|template| template.name);
    let mut planner = Planner::new(targets);
    for template in &templates {
        planner.plan.outcomes.insert(template.name, Outcome::default());
    }
    for template in &templates {
        for workload in template.matches.iter().flatten() {
            planner.give(template, workload);
        }
    }
    planner.release(&templates);
    planner.plan
}

struct Planner<'a> {
    targets: &'a [TargetFacts<'a>],
    by_key: BTreeMap<(&'a str, &'a str), &'a TargetFacts<'a>>,
    by_workload: BTreeMap<&'a WorkloadId, Vec<&'a TargetFacts<'a>>>,
    selected: BTreeSet<&'a WorkloadId>,
    /// The template that each workload goes by.
    given: BTreeMap<&'a WorkloadId, &'a str>,
    /// Targets that stay, and names that will be taken.
    kept: BTreeSet<(&'a str, &'a str)>,
    plan: Plan<'a>,
}

impl<'a> Planner<'a> {
    fn new(targets: &'a [TargetFacts<'a>]) -> Self {
        let mut by_workload: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for target in targets {
            if let Some(workload) = &target.names {
                by_workload.entry(workload).or_default().push(target);
            }
        }
        let of_people = targets.iter().filter(|target| target.made.is_none());
        Self {
            targets,
            by_key: targets.iter().map(|target| (place(target.key), target)).collect(),
            by_workload,
            selected: of_people.flat_map(|target| target.selects.iter().copied()).collect(),
            given: BTreeMap::new(),
            kept: BTreeSet::new(),
            plan: Plan::default(),
        }
    }

    /// Gives a workload the target of a template that matches it.
    fn give(&mut self, template: &TemplateFacts<'a>, workload: &'a WorkloadId) {
        let outcome = self.plan.outcomes.entry(template.name).or_default();
        if let Some(earlier) = self.given.get(workload) {
            return outcome.outranked.push((workload, earlier));
        }
        self.given.insert(workload, template.name);
        let wanting = self.by_workload.get(workload).map_or(&[][..], Vec::as_slice);
        let by_hand = wanting.iter().find(|target| target.made.is_none());
        if self.selected.contains(workload) || (by_hand.is_some() && !template.overrides) {
            return outcome.left.push(workload);
        }
        if let Some(target) = by_hand.or_else(|| wanting.first()) {
            outcome.made.push(workload);
            self.kept.insert(place(target.key));
            if !is_up_to_date(target, template) {
                self.plan.steps.push(Step::Update {
                    template: template.name,
                    workload,
                    key: target.key,
                    uid: target.uid,
                });
            }
            return;
        }
        let name = (&*workload.namespace, &*workload.name);
        if self.by_key.contains_key(&name) || !self.kept.insert(name) {
            return outcome.name_taken.push(workload);
        }
        outcome.made.push(workload);
        self.plan.steps.push(Step::Create { template: template.name, workload });
    }

    /// Lets go of every target that no template asks for any more.
    fn release(&mut self, templates: &[TemplateFacts<'a>]) {
        let unreadable = templates.iter().filter(|template| template.matches.is_none());
        let unreadable: BTreeSet<_> = unreadable.map(|template| template.name).collect();
        for target in self.targets {
            let made = target.made.filter(|made| !unreadable.contains(made.template));
            if made.is_some() && !self.kept.contains(&place(target.key)) {
                self.plan.steps.push(Step::Release { key: target.key, uid: target.uid });
            }
        }
    }
}

fn is_up_to_date(target: &TargetFacts<'_>, template: &TemplateFacts<'_>) -> bool {
    target
        .made
        .is_some_and(|made| made.template == template.name && made.spec == Some(template.spec))
}

fn place(key: &Key) -> (&str, &str) {
    (&key.namespace, &key.name)
}

#[cfg(test)]
mod tests;
