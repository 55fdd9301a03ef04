//! Custom workloads: pods that share a label and the kind of their controller, whatever made them.
//! Their description is the newest controller's: its pod template, or where no template is read (bare
//! pods, Jobs without a parent, unknown controllers) its newest pod.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::{CUSTOM_WORKLOAD_LABEL, custom_workload};
use plimsoll_domain::{
    ContainerSpec, Diagnostic, Grouping, Origin, Rollout, Severity, Timestamp, WorkloadId,
    WorkloadKind,
};

use crate::index::Tables;
use crate::intern::{Document, Labels};
use crate::members::Members;
use crate::reference::api_version;
use crate::row::controller::{ControllerRow, WorkloadRow};
use crate::row::pod::PodRow;
use crate::row::template::Template;

/// One object that a custom workload is made of.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    /// Kind and name of the object that others refer to: the controller, or the bare pod.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The API version of that kind.
    pub api_version: &'a str,
    /// When it was created, and its uid: the greatest of these is the newest.
    age: (Timestamp, &'a str, Timestamp, &'a str),
    /// What its pods are.
    source: Source<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Template(&'a WorkloadRow, &'a Template),
    Pod(&'a PodRow),
}

/// The parts of all custom workloads.
pub(crate) fn by_workload<'a>(
    tables: &'a Tables,
    members: &'a BTreeMap<WorkloadId, Members<'a>>,
) -> BTreeMap<WorkloadId, Vec<Part<'a>>> {
    let mut workloads: BTreeMap<WorkloadId, Vec<Part<'a>>> = BTreeMap::new();
    for (id, part) in controllers(tables) {
        workloads.entry(id).or_default().push(part);
    }
    let pods = members.iter().filter(|(id, _)| matches!(id.kind, WorkloadKind::Custom(_)));
    for (id, members) in pods {
        // Where templates are read, the pods have nothing to add.
        workloads.entry(id.clone()).or_insert_with(|| {
            members.pods.iter().map(|row| pod(tables, &id.namespace, row)).collect()
        });
    }
    workloads
}

fn controllers(tables: &Tables) -> impl Iterator<Item = (WorkloadId, Part<'_>)> {
    tables.controllers.iter().flat_map(move |(kind, table)| {
        table.iter().filter_map(move |(key, row)| {
            let ControllerRow::Workload(row) = row else {
                return None;
            };
            let template = tables.template(&key.namespace, row);
            let custom = template.custom.as_ref()?;
            let part = Part {
                kind: kind.name(),
                name: &key.name,
                api_version: api_version(kind),
                age: (row.created_at, &row.uid, Timestamp::default(), ""),
                source: Source::Template(row, template),
            };
            Some((custom_workload(&key.namespace, &custom.name, Some(kind)), part))
        })
    })
}

fn pod<'a>(tables: &'a Tables, namespace: &str, row: &'a PodRow) -> Part<'a> {
    let pod = &row.pod;
    let own = (pod.created_at, &*pod.uid);
    let Some(owner) = &row.owner else {
        let age = (own.0, own.1, own.0, own.1);
        let (kind, name) = ("Pod", pod.name.as_str());
        return Part { kind, name, api_version: "v1", age, source: Source::Pod(row) };
    };
    let controller = match tables.controller(&owner.kind, namespace, &owner.name) {
        Some(ControllerRow::Alone { uid, created_at }) => (*created_at, &**uid),
        // Of others nothing is known but their pods.
        _ => own,
    };
    Part {
        kind: owner.kind.name(),
        name: &owner.name,
        api_version: owner.api_version.as_deref().unwrap_or_else(|| api_version(&owner.kind)),
        age: (controller.0, controller.1, own.0, own.1),
        source: Source::Pod(row),
    }
}

/// The newest part.
pub(crate) fn newest<'a, 'b>(parts: &'b [Part<'a>]) -> Option<&'b Part<'a>> {
    parts.iter().max_by_key(|part| part.age)
}

impl<'a> Part<'a> {
    /// What the annotations beside the label say.
    pub(crate) fn document(&self) -> Option<&'a Document> {
        match self.source {
            Source::Template(_, template) => template.custom.as_ref()?.document.as_ref(),
            Source::Pod(row) => row.document.as_ref(),
        }
    }

    /// The labels of its pods.
    pub(crate) fn labels(&self) -> Option<&'a Labels> {
        match self.source {
            Source::Template(_, template) => Some(&template.labels),
            Source::Pod(row) => row.labels.as_ref(),
        }
    }

    /// Its containers and native sidecars.
    pub(crate) fn containers(&self) -> Vec<ContainerSpec> {
        match self.source {
            Source::Template(_, template) => template.containers.to_vec(),
            Source::Pod(row) => row.declared(),
        }
    }

    /// Whether its labels ask that its pods be left alone.
    pub(crate) fn opted_out(&self) -> bool {
        match self.source {
            Source::Template(_, template) => template.opted_out,
            Source::Pod(row) => row.pod.opted_out,
        }
    }

    /// The names of its containers, those that count as one once.
    fn names(&self, groups: &[Grouping]) -> BTreeSet<String> {
        let name = |name: &str| Grouping::name_in(groups, name).to_owned();
        match self.source {
            Source::Template(_, template) => {
                template.containers.iter().map(|container| name(&container.name)).collect()
            }
            Source::Pod(row) => {
                row.pod.containers.iter().map(|container| name(&container.name)).collect()
            }
        }
    }
}

/// How many pods all parts want together, where each has such a number.
pub(crate) fn desired_replicas(parts: &[Part<'_>]) -> Option<u32> {
    let desired = parts.iter().map(|part| match part.source {
        Source::Template(row, _) => row.desired_replicas,
        Source::Pod(_) => None,
    });
    desired.sum()
}

/// Whether any part is replacing its pods.
pub(crate) fn rollout(parts: &[Part<'_>]) -> Rollout {
    let rolling = parts.iter().find_map(|part| match part.source {
        Source::Template(row, _) if row.rollout != Rollout::Settled => Some(row.rollout),
        Source::Template(..) | Source::Pod(_) => None,
    });
    rolling.unwrap_or_default()
}

/// A warning where parts have other containers than the newest: what is known of one is then of no
/// use to the other.
pub(crate) fn mismatch(parts: &[Part<'_>], groups: &[Grouping]) -> Option<Diagnostic> {
    let newest = newest(parts)?;
    let names = newest.names(groups);
    let other = parts.iter().find(|part| part.names(groups) != names)?;
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(warning(format!(
        "pods of this custom workload have different containers: {} {} has {}, and the newest, \
         {} {}, has {}; give each its own label value",
        other.kind,
        other.name,
        list(&other.names(groups)),
        newest.kind,
        newest.name,
        list(&names),
    )))
}

/// A warning where a pod template has the label and it is empty: its pods are then an ordinary
/// workload's, which is hardly what was meant.
pub(crate) fn unnamed(labels: Option<&Labels>) -> Option<Diagnostic> {
    let value = labels?.get(CUSTOM_WORKLOAD_LABEL)?;
    value.is_empty().then(|| {
        warning(format!(
            "the label {CUSTOM_WORKLOAD_LABEL} of the pod template is empty and has no \
                         effect; name the custom workload in it"
        ))
    })
}

fn warning(message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        origin: Origin::Forced(CUSTOM_WORKLOAD),
        field: String::new(),
        line: None,
        column: None,
        message,
    }
}

/// What forces settings of custom workloads.
const CUSTOM_WORKLOAD: &str = "custom workload";
