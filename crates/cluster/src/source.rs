//! The world as the watches show it, built anew for every tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::{
    Configuration, ContainerSpec, DecisionState, ForeignActuator, OptOut, PerResource, Pod,
    Rollout, Timestamp, Workload, WorkloadId, WorkloadKind, World,
};
use plimsoll_pipeline::{PortError, WorkloadSource};

use crate::Index;
use crate::index::Tables;
use crate::owner::{self, Owner};
use crate::reference::api_version;
use crate::row::autoscaler::AutoscalerRow;
use crate::row::controller::{ControllerRow, WorkloadRow};
use crate::row::pod::PodRow;
use crate::row::template::Template;
use crate::table::{Key, Table};

/// The namespace of the cluster's own components, never touched.
const SYSTEM_NAMESPACE: &str = "kube-system";

/// The live cluster as a source of workloads.
#[derive(Clone, Debug)]
pub struct ClusterSource {
    pub(crate) index: Arc<Index>,
    /// The program's own namespace, never touched.
    pub(crate) namespace: String,
}

impl WorkloadSource for ClusterSource {
    async fn world(&mut self, _now: Timestamp) -> Result<World, PortError> {
        let world = self.index.read(|tables| {
            let capabilities = tables.capabilities?;
            tables.waiting_for().is_empty().then(|| World {
                workloads: View::new(tables, self).workloads(),
                stop: tables.stop().cloned(),
                capabilities,
            })
        });
        world.ok_or_else(|| self.index.not_synced())
    }
}

/// Everything one reading of the tables needs at hand.
struct View<'a> {
    tables: &'a Tables,
    source: &'a ClusterSource,
    pods: BTreeMap<WorkloadId, (Owner, Vec<&'a PodRow>)>,
    horizontal: BTreeMap<Target<'a>, Vec<(&'a str, &'a AutoscalerRow)>>,
    vertical: BTreeMap<Target<'a>, Vec<(&'a str, &'a AutoscalerRow)>>,
}

/// Namespace, kind, name.
type Target<'a> = (&'a str, &'a str, &'a str);

impl<'a> View<'a> {
    fn new(tables: &'a Tables, source: &'a ClusterSource) -> Self {
        Self {
            tables,
            source,
            pods: pods_by_workload(tables),
            horizontal: by_target(&tables.horizontal),
            vertical: by_target(&tables.vertical),
        }
    }

    fn workloads(&self) -> Vec<Workload> {
        let known = self.tables.controllers.iter().flat_map(|(kind, table)| {
            table.iter().filter_map(move |(key, row)| match row {
                ControllerRow::Workload(row) => Some(self.known(kind, key, row)),
                ControllerRow::OwnedBy(_) => None,
            })
        });
        let unknown = self.pods.iter();
        let unknown = unknown.filter(|(id, _)| !id.kind.is_known());
        let unknown = unknown.map(|(id, (owner, pods))| self.unknown(id, owner, pods));
        let mut workloads: Vec<_> = known.chain(unknown).collect();
        workloads.sort_by(|a, b| a.id.cmp(&b.id));
        workloads
    }

    /// A workload whose object is watched.
    fn known(&self, kind: &WorkloadKind, key: &Key, row: &WorkloadRow) -> Workload {
        let id = WorkloadId {
            namespace: key.namespace.to_string(),
            kind: kind.clone(),
            name: key.name.to_string(),
        };
        let pods = self.pods.get(&id).map_or(&[][..], |(_, pods)| pods);
        let template = row.template_of.as_deref();
        let template = template.and_then(|name| self.template_of(&key.namespace, name));
        let template = template.unwrap_or(&row.template);
        let facts = Facts {
            api_version: api_version(kind).to_owned(),
            uid: row.uid.to_string(),
            containers: template.containers.to_vec(),
            template_opted_out: template.opted_out,
            desired_replicas: row.desired_replicas,
            rollout: row.rollout,
            configuration: (*row.configuration).clone(),
        };
        self.workload(id, pods, facts)
    }

    fn template_of(&self, namespace: &str, deployment: &str) -> Option<&Template> {
        let deployments = self.tables.controllers.get(&WorkloadKind::Deployment);
        match deployments.and_then(|table| table.get(&Key::new(namespace, deployment))) {
            Some(ControllerRow::Workload(row)) => Some(&row.template),
            Some(ControllerRow::OwnedBy(_)) | None => None,
        }
    }

    /// A workload of a kind that is not watched: all that is known of it is its pods.
    fn unknown(&self, id: &WorkloadId, owner: &Owner, pods: &[&PodRow]) -> Workload {
        let newest = pods.iter().max_by_key(|row| (row.pod.created_at, &row.pod.uid));
        let own = newest.and_then(|row| row.configuration.as_ref());
        let configuration = own.unwrap_or(&self.source.index.without_configuration);
        let facts = Facts {
            api_version: owner.api_version.as_deref().unwrap_or_default().to_owned(),
            uid: owner.uid.as_deref().unwrap_or_default().to_owned(),
            containers: newest.map(|row| declared(&row.pod)).unwrap_or_default(),
            template_opted_out: newest.is_some_and(|row| row.pod.opted_out),
            desired_replicas: None,
            rollout: Rollout::Settled,
            configuration: (**configuration).clone(),
        };
        self.workload(id.clone(), pods, facts)
    }

    fn workload(&self, id: WorkloadId, pods: &[&PodRow], facts: Facts) -> Workload {
        let target = (id.namespace.as_str(), id.kind.name(), id.name.as_str());
        Workload {
            api_version: facts.api_version,
            uid: facts.uid,
            containers: facts.containers,
            pods: pods.iter().map(|row| row.pod.clone()).collect(),
            desired_replicas: facts.desired_replicas,
            rollout: facts.rollout,
            configuration: facts.configuration,
            opt_out: self.opt_out(&id.namespace, facts.template_opted_out),
            foreign_actuator: self.foreign_actuator(target),
            hpa_on: self.hpa_on(target),
            state: self.state(&id),
            id,
        }
    }

    fn opt_out(&self, namespace: &str, template_opted_out: bool) -> Option<OptOut> {
        if namespace == SYSTEM_NAMESPACE || namespace == self.source.namespace {
            Some(OptOut::ProtectedNamespace)
        } else if self.tables.is_ignored(namespace) {
            Some(OptOut::NamespaceLabel)
        } else {
            template_opted_out.then_some(OptOut::PodLabel)
        }
    }

    fn foreign_actuator(&self, target: Target<'_>) -> Option<ForeignActuator> {
        let (name, _) = self.vertical.get(&target)?.first()?;
        Some(ForeignActuator { kind: "VerticalPodAutoscaler".to_owned(), name: (*name).to_owned() })
    }

    fn hpa_on(&self, target: Target<'_>) -> PerResource<Option<String>> {
        let autoscalers = self.horizontal.get(&target).map_or(&[][..], Vec::as_slice);
        PerResource::from_fn(|resource| {
            let mut holding = autoscalers.iter().filter(|(_, row)| *row.holds.get(resource));
            holding.next().map(|(name, _)| (*name).to_owned())
        })
    }

    fn state(&self, id: &WorkloadId) -> DecisionState {
        let row = self.tables.scaled_row(id);
        row.map(|row| row.state.clone()).unwrap_or_default()
    }
}

/// What the two kinds of workloads know in different ways.
struct Facts {
    api_version: String,
    uid: String,
    containers: Vec<ContainerSpec>,
    template_opted_out: bool,
    desired_replicas: Option<u32>,
    rollout: Rollout,
    configuration: Configuration,
}

fn pods_by_workload(tables: &Tables) -> BTreeMap<WorkloadId, (Owner, Vec<&PodRow>)> {
    let mut pods = BTreeMap::new();
    for (key, row) in tables.pods.iter() {
        if let Some(owner) = tables.workload_of(&key.namespace, row.owner.as_ref()) {
            let id = owner::identity(&key.namespace, &owner);
            let entry = pods.entry(id).or_insert_with(|| (owner, Vec::new()));
            entry.1.push(row);
        }
    }
    pods
}

fn by_target(table: &Table<AutoscalerRow>) -> BTreeMap<Target<'_>, Vec<(&str, &AutoscalerRow)>> {
    let mut targets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (key, row) in table.iter() {
        let target = (&*key.namespace, &*row.target_kind, &*row.target_name);
        targets.entry(target).or_default().push((&*key.name, row));
    }
    targets
}

/// What a pod declares, for want of a template.
fn declared(pod: &Pod) -> Vec<ContainerSpec> {
    let containers = pod.containers.iter();
    let spec = containers.map(|container| ContainerSpec {
        name: container.name.clone(),
        original: container.resources,
    });
    spec.collect()
}

#[cfg(test)]
mod tests;
