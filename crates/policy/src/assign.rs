//! Which ScalingPolicy a workload gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{Assigned, AssignedBy};

use crate::catalog::{Catalog, CatalogPolicy};

/// What assignment rules can ask about a workload.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// The labels of its namespace.
    pub namespace_labels: &'a BTreeMap<String, String>,
    /// Its kind; of a custom workload, the kind of its pods' controller.
    pub kind: &'a str,
    /// The API group of its kind; empty for the core group.
    pub group: &'a str,
    /// The API version of its kind, without the group.
    pub version: &'a str,
    /// Its own labels; of a custom workload, those of the pod template.
    pub labels: &'a BTreeMap<String, String>,
}

impl Catalog {
    /// The policy of a workload, and why it is this one: the one that is named; else the first one,
    /// by order and name, of which a rule matches; else the default; else the one for workloads of
    /// the kind, which is `auto` for those that carry no annotation of their own.
    pub fn assign(
        &self,
        facts: &Facts<'_>,
        named: Option<&str>,
        annotated: bool,
    ) -> (Assigned, &CatalogPolicy) {
        let (policy, why) = self.find(facts, named, annotated);
        (Assigned { name: Arc::clone(policy.name()), why }, policy)
    }

    fn find(
        &self,
        facts: &Facts<'_>,
        named: Option<&str>,
        annotated: bool,
    ) -> (&CatalogPolicy, AssignedBy) {
        if let Some(name) = named {
            return self.get(name).map_or_else(
                || {
                    let unknown = AssignedBy::UnknownName(shortened(name).to_owned());
                    (self.by_kind(facts.kind, annotated), unknown)
                },
                |policy| (policy, AssignedBy::Name),
            );
        }
        let mut by_rule = self.policies().filter_map(|policy| Some((policy, policy.rule(facts)?)));
        if let Some((policy, number)) = by_rule.next() {
            return (policy, AssignedBy::Rule(number));
        }
        self.default_policy().map_or_else(
            || (self.by_kind(facts.kind, annotated), AssignedBy::Kind),
            |policy| (policy, AssignedBy::Default),
        )
    }
}

/// The longest name of an object in Kubernetes. What is longer names none, and is quoted that far.
const NAME_LENGTH_MAX: usize = 253;

/// As much of a name as is worth quoting.
pub(crate) fn shortened(name: &str) -> &str {
    let end = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = end.take_while(|end| *end <= NAME_LENGTH_MAX).last().unwrap_or(0);
    name.get(..end).unwrap_or_default()
}
