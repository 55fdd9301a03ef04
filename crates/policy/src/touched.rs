//! What a change of policies can touch.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_domain::{Assigned, AssignedBy};

use crate::{Catalog, CatalogPolicy, Facts};

/// What differs between two catalogs, by the names of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Policies that say something else, new ones and removed ones among them: workloads that have one
    /// are resolved again.
    pub settings: BTreeSet<Arc<str>>,
    /// Policies that may be given to other workloads than before: they are new or removed, or have
    /// another order, another default flag or other rules.
    pub assignment: BTreeSet<Arc<str>>,
}

/// What differs between two catalogs.
pub fn touched(old: &Catalog, new: &Catalog) -> Touched {
    let mut touched = Touched::default();
    let names = old.policies().chain(new.policies()).map(CatalogPolicy::name);
    for name in names.collect::<BTreeSet<_>>() {
        let (old, new) = (old.get(name), new.get(name));
        if old.map(CatalogPolicy::layers) != new.map(CatalogPolicy::layers) {
            touched.settings.insert(Arc::clone(name));
        }
        // Which of its rules hold may change with what stands before it: a catalog compiles only so
        // many patterns.
        let asked = |policy: &CatalogPolicy| {
            (policy.order(), policy.is_default(), policy.rules().to_vec(), policy.usable_rules())
        };
        if old.map(asked) != new.map(asked) {
            touched.assignment.insert(Arc::clone(name));
        }
    }
    touched
}

impl Touched {
    /// Whether a workload keeps, under the new catalog, what it was assigned under the old one. It may
    /// answer no where it would, and never yes where it would not.
    pub(crate) fn spares(&self, assigned: &Assigned, facts: &Facts<'_>, new: &Catalog) -> bool {
        let is_touched = |name: &str| self.assignment.contains(name);
        if is_touched(&assigned.name) {
            return false;
        }
        let mut now = self.assignment.iter().filter_map(|name| new.get(name));
        match &assigned.why {
            AssignedBy::Name => true,
            AssignedBy::UnknownName(name) => !is_touched(name),
            AssignedBy::Rule(_) => {
                let holder = new.get(&assigned.name).map(place);
                !now.any(|policy| Some(place(policy)) < holder && policy.rule(facts).is_some())
            }
            AssignedBy::Default | AssignedBy::Kind => {
                !now.any(|policy| policy.is_default() || policy.rule(facts).is_some())
            }
        }
    }
}

/// Where a policy stands.
fn place(policy: &CatalogPolicy) -> (i32, &Arc<str>) {
    (policy.order(), policy.name())
}
