//! The world as the watches show it, built anew for every tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{
    ContainerSpec, DecisionState, ForeignActuator, OptOut, PerResource, Rollout, Timestamp,
    Workload, WorkloadId, WorkloadKind, World,
};
use plimsoll_pipeline::{PortError, WorkloadSource};
use plimsoll_policy::BuiltIn;

use crate::Index;
use crate::custom::{self, Part};
use crate::foreign::Foreign;
use crate::group;
use crate::index::Tables;
use crate::intern::{Document, Labels};
use crate::members::{self, Members};
use crate::owner::Owner;
use crate::reference::api_version;
use crate::resolve::Resolve;
use crate::row::autoscaler::AutoscalerRow;
use crate::row::controller::{ControllerRow, WorkloadRow};
use crate::table::{Key, Table};
use crate::targets::Targets;

/// The namespace of the cluster's own components, never touched.
const SYSTEM_NAMESPACE: &str = "kube-system";

/// Whether nothing in a namespace is ever touched; `own` is the program's own.
pub(crate) fn is_protected(namespace: &str, own: &str) -> bool {
    namespace == SYSTEM_NAMESPACE || namespace == own
}

/// The live cluster as a source of workloads.
#[derive(Debug)]
pub struct ClusterSource {
    pub(crate) index: Arc<Index>,
    /// The program's own namespace, never touched.
    pub(crate) namespace: String,
    pub(crate) resolve: Resolve,
}

impl ClusterSource {
    pub(crate) fn new(index: Arc<Index>, namespace: String, built_in: BuiltIn) -> Self {
        Self { index, namespace, resolve: Resolve::new(built_in) }
    }
}

impl WorkloadSource for ClusterSource {
    async fn world(&mut self, _now: Timestamp) -> Result<World, PortError> {
        let Self { index, namespace, resolve } = self;
        let world = index.read(|tables| {
            let capabilities = tables.capabilities?;
            tables.waiting_for().is_empty().then(|| {
                let members = members::by_workload(tables);
                World {
                    workloads: View::new(tables, namespace, &members).workloads(resolve),
                    stop: tables.stop().cloned(),
                    capabilities,
                }
            })
        });
        world.ok_or_else(|| index.not_synced())
    }
}

/// Everything one reading of the tables needs at hand.
struct View<'a> {
    tables: &'a Tables,
    /// The program's own namespace.
    namespace: &'a str,
    members: &'a BTreeMap<WorkloadId, Members<'a>>,
    custom: BTreeMap<WorkloadId, Vec<Part<'a>>>,
    targets: Targets<'a>,
    foreign: Foreign,
    horizontal: BTreeMap<Target<'a>, Vec<(&'a str, &'a AutoscalerRow)>>,
    vertical: BTreeMap<Target<'a>, Vec<(&'a str, &'a AutoscalerRow)>>,
}

/// Namespace, kind, name.
type Target<'a> = (&'a str, &'a str, &'a str);

/// What is known of one workload, in whichever way.
pub(crate) struct Subject<'a> {
    pub id: WorkloadId,
    api_version: &'a str,
    uid: &'a str,
    /// The API version of its kind; of a custom workload, of its controllers' kind.
    pub kind_version: &'a str,
    /// What its annotations say.
    pub document: Option<&'a Document>,
    /// Its own labels, where they are known; of a custom workload, its pods'.
    pub labels: Option<&'a Labels>,
    /// The labels of its pods, where they are known.
    pub pod_labels: Option<&'a Labels>,
    containers: Vec<ContainerSpec>,
    opted_out: bool,
    excludes_its_like: bool,
    desired_replicas: Option<u32>,
    rollout: Rollout,
    /// What it is made of, where it is a custom workload.
    pub parts: &'a [Part<'a>],
}

impl<'a> View<'a> {
    fn new(
        tables: &'a Tables,
        namespace: &'a str,
        members: &'a BTreeMap<WorkloadId, Members<'a>>,
    ) -> Self {
        Self {
            tables,
            namespace,
            members,
            custom: custom::by_workload(tables, members),
            targets: Targets::of(tables),
            foreign: Foreign::of(tables),
            horizontal: by_target(&tables.horizontal),
            vertical: by_target(&tables.vertical),
        }
    }

    fn workloads(&self, resolve: &mut Resolve) -> Vec<Workload> {
        resolve.begin(self.tables);
        let mut workloads: Vec<_> =
            self.subjects().map(|subject| self.workload(subject, resolve)).collect();
        resolve.end();
        workloads.sort_by(|a, b| a.id.cmp(&b.id));
        workloads
    }

    fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        let known = self.tables.controllers.iter().flat_map(move |(kind, table)| {
            table.iter().filter_map(move |(key, row)| match row {
                ControllerRow::Workload(row) => self.known(kind, key, row),
                ControllerRow::OwnedBy(_) | ControllerRow::Alone { .. } => None,
            })
        });
        let unknown = self.members.iter().filter(|(id, _)| !id.kind.is_known());
        let unknown = unknown.map(|(id, members)| unknown_kind(id, members));
        let custom = self.custom.iter().filter_map(|(id, parts)| custom_workload(id, parts));
        known.chain(unknown).chain(custom)
    }

    /// A workload whose object is watched; none where its template says that its pods are a custom
    /// workload.
    fn known(&self, kind: &WorkloadKind, key: &Key, row: &'a WorkloadRow) -> Option<Subject<'a>> {
        let template = self.tables.template(&key.namespace, row);
        template.custom.is_none().then(|| Subject {
            id: WorkloadId {
                namespace: Arc::clone(&key.namespace),
                kind: kind.clone(),
                name: Arc::clone(&key.name),
            },
            api_version: api_version(kind),
            uid: &row.uid,
            kind_version: api_version(kind),
            document: row.document.as_ref(),
            labels: Some(&row.labels),
            pod_labels: Some(&template.labels),
            containers: template.containers.to_vec(),
            opted_out: template.opted_out,
            excludes_its_like: template.excludes_its_like,
            desired_replicas: row.desired_replicas,
            rollout: row.rollout,
            parts: &[],
        })
    }

    fn workload(&self, subject: Subject<'_>, resolve: &mut Resolve) -> Workload {
        let mut configuration = resolve.configuration(self.tables, &self.targets, &subject);
        let groups = group::groups(&configuration);
        let remark = custom::mismatch(subject.parts, &groups);
        if let Some(remark) = remark.or_else(|| custom::unnamed(subject.pod_labels)) {
            Arc::make_mut(&mut configuration).remarks.push(remark);
        }
        let id = subject.id;
        let behind = behind(&id, subject.parts);
        let rows = self.members.get(&id).map_or(&[][..], |members| &members.pods);
        Workload {
            api_version: subject.api_version.to_owned(),
            uid: subject.uid.to_owned(),
            containers: group::containers(subject.containers, &groups),
            pods: rows.iter().map(|row| group::pod(row, &groups)).collect(),
            desired_replicas: subject.desired_replicas,
            rollout: subject.rollout,
            excludes_its_like: subject.excludes_its_like,
            opt_out: self.opt_out(&id.namespace, subject.opted_out),
            foreign_actuator: self
                .vertical(&behind)
                .or_else(|| self.foreign.actuator(&configuration.governor)),
            hpa_on: self.hpa_on(&behind),
            state: self.state(&id),
            configuration,
            id,
        }
    }

    fn opt_out(&self, namespace: &str, template_opted_out: bool) -> Option<OptOut> {
        if is_protected(namespace, self.namespace) {
            Some(OptOut::ProtectedNamespace)
        } else if self.tables.is_ignored(namespace) {
            Some(OptOut::NamespaceLabel)
        } else {
            template_opted_out.then_some(OptOut::PodLabel)
        }
    }

    fn vertical(&self, behind: &[Target<'_>]) -> Option<ForeignActuator> {
        let mut rows = behind.iter().filter_map(|target| self.vertical.get(target)?.first());
        let (name, _) = rows.next()?;
        Some(ForeignActuator { kind: "VerticalPodAutoscaler".to_owned(), name: (*name).to_owned() })
    }

    fn hpa_on(&self, behind: &[Target<'_>]) -> PerResource<Option<String>> {
        let autoscalers = behind.iter().filter_map(|target| self.horizontal.get(target)).flatten();
        PerResource::from_fn(|resource| {
            let mut holding = autoscalers.clone().filter(|(_, row)| *row.holds.get(resource));
            holding.next().map(|(name, _)| (*name).to_owned())
        })
    }

    fn state(&self, id: &WorkloadId) -> DecisionState {
        let row = self.tables.scaled_row(id);
        row.map(|row| row.state.clone()).unwrap_or_default()
    }
}

/// A workload of a kind that is not watched: all that is known of it is its pods.
fn unknown_kind<'a>(id: &WorkloadId, members: &'a Members<'a>) -> Subject<'a> {
    let newest = members.pods.iter().max_by_key(|row| (row.pod.created_at, &row.pod.uid));
    let of_owner = |get: fn(&Owner) -> Option<&str>| members.owner.as_ref().and_then(get);
    let api_version = of_owner(|owner| owner.api_version.as_deref()).unwrap_or_default();
    Subject {
        id: id.clone(),
        api_version,
        uid: of_owner(|owner| owner.uid.as_deref()).unwrap_or_default(),
        kind_version: api_version,
        document: newest.and_then(|row| row.document.as_ref()),
        labels: None,
        pod_labels: None,
        containers: newest.map(|row| row.declared()).unwrap_or_default(),
        opted_out: newest.is_some_and(|row| row.pod.opted_out),
        excludes_its_like: false,
        desired_replicas: None,
        rollout: Rollout::Settled,
        parts: &[],
    }
}

/// A custom workload: what its newest part says.
fn custom_workload<'b>(id: &WorkloadId, parts: &'b [Part<'_>]) -> Option<Subject<'b>> {
    let newest = custom::newest(parts)?;
    Some(Subject {
        id: id.clone(),
        api_version: api_version(&id.kind),
        uid: "",
        kind_version: newest.api_version,
        document: newest.document(),
        labels: newest.labels(),
        pod_labels: None,
        containers: newest.containers(),
        opted_out: newest.opted_out(),
        // Running pods of custom workloads are never changed.
        excludes_its_like: false,
        desired_replicas: custom::desired_replicas(parts),
        rollout: custom::rollout(parts),
        parts,
    })
}

/// The objects that other autoscalers may refer to: the workload, or what a custom one is made of.
fn behind<'b>(id: &'b WorkloadId, parts: &'b [Part<'_>]) -> Vec<Target<'b>> {
    if parts.is_empty() {
        return vec![(&id.namespace, id.kind.name(), &id.name)];
    }
    let mut parts: Vec<_> =
        parts.iter().map(|part| (&*id.namespace, part.kind, part.name)).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

fn by_target(table: &Table<AutoscalerRow>) -> BTreeMap<Target<'_>, Vec<(&str, &AutoscalerRow)>> {
    let mut targets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (key, row) in table.iter() {
        let target = (&*key.namespace, &*row.target_kind, &*row.target_name);
        targets.entry(target).or_default().push((&*key.name, row));
    }
    targets
}

#[cfg(test)]
mod tests;
