//! What is known of the cluster: rows kept up to date by the watches.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use parking_lot::RwLock;
use plimsoll_api::scaled_workload_name;
use plimsoll_domain::{Capabilities, Published, Stop, WorkloadId, WorkloadKind};
use plimsoll_pipeline::PortError;
use plimsoll_policy::{Catalog, ScalingPolicy};

use crate::compiled::Compiled;
use crate::owner::{self, Link, Owner, Top};
use crate::row::autoscaler::AutoscalerRow;
use crate::row::controller::{ControllerRow, WorkloadRow};
use crate::row::namespace::NamespaceRow;
use crate::row::object::ObjectRow;
use crate::row::pod::PodRow;
use crate::row::scale_template::TemplateRow;
use crate::row::scaled::ScaledRow;
use crate::row::target::TargetRow;
use crate::row::template::Template;
use crate::table::{Change, Key, Table};
use crate::told::Told;

/// Is told the values published for new pods of a workload whenever they change; none when there
/// are none any more. Called from a watch: it must not block.
pub type PublishedHook = Arc<dyn Fn(&WorkloadId, Option<&Published>) + Send + Sync>;

/// The kinds of controllers that are watched.
pub(crate) const KINDS: [WorkloadKind; 7] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::ReplicaSet,
    WorkloadKind::Job,
    WorkloadKind::CronJob,
    WorkloadKind::Rollout,
];

/// All rows.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Namespaces.
    pub namespaces: Table<NamespaceRow>,
    /// Workloads and links, one table for each of [`KINDS`].
    pub controllers: BTreeMap<WorkloadKind, Table<ControllerRow>>,
    /// Pods.
    pub pods: Table<PodRow>,
    /// HorizontalPodAutoscalers that follow a utilization.
    pub horizontal: Table<AutoscalerRow>,
    /// VerticalPodAutoscalers that are not off.
    pub vertical: Table<AutoscalerRow>,
    /// What was published before, and what a person said of one workload.
    pub scaled: Table<ScaledRow>,
    /// ScalingPolicies.
    pub policies: Table<ScalingPolicy>,
    /// The same, compiled.
    pub compiled: Compiled,
    /// AIScaleTargets.
    pub targets: Table<TargetRow>,
    /// DaemonSetAutoscalers.
    pub daemon_set_autoscalers: Table<TargetRow>,
    /// ClusterAIScaleTemplates.
    pub templates: Table<TemplateRow>,
    /// What is kept of objects with settings for their status, by kind.
    pub told: BTreeMap<Told, Table<ObjectRow>>,
    /// The order to stand still; one row or none.
    pub stops: Table<Stop>,
    /// What the cluster can do, once it was asked.
    pub capabilities: Option<Capabilities>,
    /// The last error of each watch that does not work at present.
    pub errors: BTreeMap<&'static str, String>,
}

/// What is known of the cluster. Shared by the watches, which write, and everyone who reads.
pub struct Index {
    tables: RwLock<Tables>,
    hook: Option<PublishedHook>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Index {
    pub(crate) fn new(hook: Option<PublishedHook>) -> Self {
        let controllers = KINDS.into_iter().map(|kind| (kind, Table::default()));
        Self {
            tables: RwLock::new(Tables {
                namespaces: Table::default(),
                controllers: controllers.collect(),
                pods: Table::default(),
                horizontal: Table::default(),
                vertical: Table::default(),
                scaled: Table::default(),
                policies: Table::default(),
                compiled: Compiled::default(),
                targets: Table::default(),
                daemon_set_autoscalers: Table::default(),
                templates: Table::default(),
                told: BTreeMap::new(),
                stops: Table::default(),
                capabilities: None,
                errors: BTreeMap::new(),
            }),
            hook,
        }
    }

    /// Whether everything was listed once: before that, nothing is known to be absent.
    pub fn is_synced(&self) -> bool {
        self.waiting_for().is_empty()
    }

    /// What was not listed yet.
    pub fn waiting_for(&self) -> Vec<&'static str> {
        self.read(Tables::waiting_for)
    }

    /// The order to stand still, if there is one.
    pub fn stop(&self) -> Option<Stop> {
        self.read(|tables| tables.stop().cloned())
    }

    /// Whether a namespace's label asks that it be left alone.
    pub fn is_ignored(&self, namespace: &str) -> bool {
        self.read(|tables| tables.is_ignored(namespace))
    }

    /// The workload that a pod with these owners, in this namespace, belongs to.
    pub fn workload_of(&self, namespace: &str, owners: &[OwnerReference]) -> Option<WorkloadId> {
        let controller = owner::controller(owners);
        match self.read(|tables| tables.top(namespace, controller.as_ref())) {
            Top::Workload(owner) => Some(owner::identity(namespace, &owner)),
            Top::Alone(_) | Top::Bare | Top::Nothing => None,
        }
    }

    /// Why there is nothing to read yet.
    pub(crate) fn not_synced(&self) -> PortError {
        self.read(|tables| {
            let waiting = tables.waiting_for().join(", ");
            let errors = tables.errors.values().map(|error| format!("; {error}"));
            let errors: String = errors.collect();
            PortError::plain(format!("read the cluster: still listing {waiting}{errors}"))
        })
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.tables.read())
    }

    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> T {
        change(&mut self.tables.write())
    }

    /// Takes a change of what was published in, and tells the hook.
    pub(crate) fn apply_scaled(&self, change: Change<ScaledRow>) {
        let Some(hook) = &self.hook else {
            return self.write(|tables| tables.scaled.apply(change, ScaledRow::carry));
        };
        // Under one lock, so that the hook is told in the order in which rows change.
        self.write(|tables| {
            for (id, published) in tables.apply_scaled(change) {
                hook(&id, published.as_ref());
            }
        });
    }
}

impl Tables {
    /// All policies, compiled; the same as long as nobody changes one.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.compiled.of(self.policies.version(), || {
            Catalog::new(self.policies.iter().map(|(_, policy)| policy.clone()).collect())
        })
    }

    pub(crate) fn waiting_for(&self) -> Vec<&'static str> {
        let listed = [
            ("Namespaces", self.namespaces.is_listed()),
            ("Pods", self.pods.is_listed()),
            ("HorizontalPodAutoscalers", self.horizontal.is_listed()),
            ("VerticalPodAutoscalers", self.vertical.is_listed()),
            ("ScaledWorkloads", self.scaled.is_listed()),
            ("ScalingPolicies", self.policies.is_listed()),
            ("AIScaleTargets", self.targets.is_listed()),
            ("DaemonSetAutoscalers", self.daemon_set_autoscalers.is_listed()),
            ("ClusterAIScaleTemplates", self.templates.is_listed()),
            ("the stop ConfigMap", self.stops.is_listed()),
            ("what the cluster can do", self.capabilities.is_some()),
            ("workloads", self.controllers.values().all(Table::is_listed)),
        ];
        let missing = listed.into_iter().filter(|(_, is_listed)| !is_listed);
        missing.map(|(name, _)| name).collect()
    }

    /// What was published before about a workload.
    pub(crate) fn scaled_row(&self, id: &WorkloadId) -> Option<&ScaledRow> {
        self.scaled.get(&Key::new(&id.namespace, &scaled_workload_name(id)))
    }

    /// What is kept of the objects of a kind for their status.
    pub(crate) fn told(&self, kind: Told) -> impl Iterator<Item = (&Key, &ObjectRow)> {
        self.told.get(&kind).into_iter().flat_map(Table::iter)
    }

    /// The same of one object.
    pub(crate) fn told_of(&self, kind: Told, key: &Key) -> Option<&ObjectRow> {
        self.told.get(&kind)?.get(key)
    }

    /// The table itself.
    pub(crate) fn told_mut(&mut self, kind: Told) -> &mut Table<ObjectRow> {
        self.told.entry(kind).or_default()
    }

    pub(crate) fn stop(&self) -> Option<&Stop> {
        self.stops.iter().map(|(_, stop)| stop).next()
    }

    pub(crate) fn is_ignored(&self, namespace: &str) -> bool {
        self.namespaces.get(&Key::new("", namespace)).is_some_and(|row| row.ignored)
    }

    /// What is at the top of the owners of a pod with this controller.
    pub(crate) fn top(&self, namespace: &str, controller: Option<&Owner>) -> Top {
        owner::top_owner(controller, |kind, name| match self.controller(kind, namespace, name) {
            Some(ControllerRow::Workload(_)) => Link::Workload,
            Some(ControllerRow::OwnedBy(owner)) => Link::OwnedBy(owner.clone()),
            Some(ControllerRow::Alone { .. }) => Link::Alone,
            None => Link::Unknown,
        })
    }

    /// An object that controls pods.
    pub(crate) fn controller(
        &self,
        kind: &WorkloadKind,
        namespace: &str,
        name: &str,
    ) -> Option<&ControllerRow> {
        self.controllers.get(kind)?.get(&Key::new(namespace, name))
    }

    /// A workload whose object is watched.
    pub(crate) fn workload(
        &self,
        kind: &WorkloadKind,
        namespace: &str,
        name: &str,
    ) -> Option<&WorkloadRow> {
        match self.controller(kind, namespace, name)? {
            ControllerRow::Workload(row) => Some(row),
            ControllerRow::OwnedBy(_) | ControllerRow::Alone { .. } => None,
        }
    }

    /// The template that holds for a workload: its own, or that of the Deployment it refers to.
    pub(crate) fn template<'a>(&'a self, namespace: &str, row: &'a WorkloadRow) -> &'a Template {
        let of = row.template_of.as_deref();
        let of = of.and_then(|name| self.workload(&WorkloadKind::Deployment, namespace, name));
        of.map_or(&row.template, |deployment| &deployment.template)
    }

    /// The values published after a change, for each workload for which they are others.
    fn apply_scaled(&mut self, change: Change<ScaledRow>) -> Vec<(WorkloadId, Option<Published>)> {
        let touched: Option<Key> = match &change {
            Change::ListBegun | Change::Listed(..) => {
                self.scaled.apply(change, ScaledRow::carry);
                return Vec::new();
            }
            Change::ListDone => None,
            Change::Set(key, _) | Change::Removed(key) => Some(key.clone()),
        };
        let before = self.published(touched.as_ref());
        self.scaled.apply(change, ScaledRow::carry);
        let after = self.published(touched.as_ref());
        let gone = before.keys().filter(|id| !after.contains_key(*id));
        let gone: Vec<_> = gone.map(|id| (id.clone(), None)).collect();
        let changed = after.into_iter().filter(|(id, values)| before.get(id) != Some(values));
        let changed = changed.map(|(id, values)| (id, Some(values)));
        gone.into_iter().chain(changed).collect()
    }

    /// The published values of one row, or of all.
    fn published(&self, of: Option<&Key>) -> BTreeMap<WorkloadId, Published> {
        let one = of.into_iter().filter_map(|key| self.scaled.get(key));
        let all = self.scaled.iter().map(|(_, row)| row);
        let all = all.filter(|_| of.is_none());
        one.chain(all)
            .filter_map(|row| Some((row.id.clone(), row.state.published.clone()?)))
            .collect()
    }
}

#[cfg(test)]
impl Index {
    pub(crate) fn test() -> Self {
        Self::new(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use plimsoll_domain::{DecisionState, Resources};

    fn row(name: &str, published: Option<u32>) -> (Key, ScaledRow) {
        let containers = |count: u32| (0..count).map(|n| (n.to_string(), Resources::default()));
        let published = published.map(|count| Published {
            containers: containers(count).collect(),
            ..Published::default()
        });
        let id = WorkloadId {
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: name.into(),
        };
        let state = DecisionState { published, ..DecisionState::default() };
        let row = ScaledRow {
            id,
            uid: "u".into(),
            owner_uid: None,
            document: None,
            state,
            written: None,
        };
        (Key::new("shop", name), row)
    }

    fn set(name: &str, published: Option<u32>) -> Change<ScaledRow> {
        let (key, row) = row(name, published);
        Change::Set(key, row)
    }

    fn listed(name: &str, published: Option<u32>) -> Change<ScaledRow> {
        let (key, row) = row(name, published);
        Change::Listed(key, row)
    }

    /// Applies changes; what the hook is told, as `name=containers` or `name gone`.
    fn check(changes: Vec<Change<ScaledRow>>, expect: &[&str]) {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let hear = Arc::clone(&told);
        let hook: PublishedHook = Arc::new(move |id, published| {
            let what = published.map_or_else(
                || format!("{} gone", id.name),
                |published| format!("{}={}", id.name, published.containers.len()),
            );
            hear.lock().push(what);
        });
        let index = Index::new(Some(hook));
        for change in changes {
            index.apply_scaled(change);
        }
        assert_eq!(*told.lock(), expect);
    }

    #[test]
    fn the_hook_is_told_of_published_values_only_when_they_change() {
        let changes = vec![set("a", None), set("a", Some(1)), set("a", Some(1)), set("a", Some(2))];
        check(changes, &["a=1", "a=2"]);
        check(vec![set("a", Some(1)), set("a", None)], &["a=1", "a gone"]);
        let removed = Change::Removed(Key::new("shop", "a"));
        check(vec![set("a", Some(1)), removed], &["a=1", "a gone"]);
    }

    #[test]
    fn the_hook_is_told_what_a_new_list_changed() {
        let changes = vec![
            set("a", Some(1)),
            set("b", Some(1)),
            Change::ListBegun,
            listed("b", Some(1)),
            listed("c", Some(3)),
            Change::ListDone,
        ];
        check(changes, &["a=1", "b=1", "a gone", "c=3"]);
    }
}
