//! Which objects of the `thoras.ai` group want which workload.
//!
//! An AIScaleTarget wants the workload it names, whether that exists or not, or every Deployment,
//! StatefulSet and Rollout whose pods its selector matches; a DaemonSetAutoscaler wants the DaemonSet
//! it names; all in their own namespace. None of them can want a custom workload: whoever labels a pod
//! template takes its pods out of the workload that a target could name. Who of several governs is not
//! decided here.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::core::{Selector, SelectorExt};
use plimsoll_domain::{WorkloadId, WorkloadKind};
use plimsoll_policy::{Matched, TargetObject};

use crate::index::Tables;
use crate::intern::Labels;
use crate::row::target::{TargetRow, Wants};
use crate::table::Key;

/// All targets, by what they want.
#[derive(Debug, Default)]
pub(crate) struct Targets<'a> {
    by_name: BTreeMap<(&'a str, &'a WorkloadKind, &'a str), Vec<TargetObject>>,
    by_selector: BTreeMap<&'a str, Vec<(&'a Selector, TargetObject)>>,
}

impl<'a> Targets<'a> {
    /// The targets of a cluster.
    pub(crate) fn of(tables: &'a Tables) -> Self {
        let mut targets = Self::default();
        for (key, row) in tables.targets.iter() {
            targets.add(key, row, None);
        }
        for (key, row) in tables.daemon_set_autoscalers.iter() {
            targets.add(key, row, Some(Matched::DaemonSet));
        }
        targets
    }

    fn add(&mut self, key: &'a Key, row: &'a TargetRow, always: Option<Matched>) {
        let by = match row.wants {
            _ if row.made_by.is_some() => Matched::Template,
            Wants::Pods(_) => Matched::Selector,
            Wants::Workload { .. } | Wants::Nothing => Matched::Name,
        };
        let matched = always.unwrap_or(by);
        let object =
            TargetObject { name: Arc::clone(&row.name), matched, document: row.document.clone() };
        match &row.wants {
            Wants::Workload { kind, name } => {
                self.by_name.entry((&key.namespace, kind, name)).or_default().push(object);
            }
            Wants::Pods(selector) => {
                self.by_selector.entry(&key.namespace).or_default().push((selector, object));
            }
            Wants::Nothing => {}
        }
    }

    /// Those that want a workload whose pods have these labels.
    pub(crate) fn wanting(&self, id: &WorkloadId, labels: Option<&Labels>) -> Vec<TargetObject> {
        let by_name = self.by_name.get(&(&*id.namespace, &id.kind, &*id.name));
        let by_selector = self.by_selector.get(&*id.namespace);
        let is_selectable = matches!(
            id.kind,
            WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::Rollout
        );
        let labels = labels.filter(|_| is_selectable);
        let selecting = by_selector.into_iter().flatten().filter_map(|(selector, object)| {
            labels.is_some_and(|labels| selector.matches(&**labels)).then_some(object)
        });
        by_name.into_iter().flatten().chain(selecting).cloned().collect()
    }
}
