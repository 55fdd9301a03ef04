//! The objects of Kubernetes in a document, and where in them annotations are read.

use std::fmt;

use plimsoll_api::{ANNOTATION_PREFIX, CUSTOM_WORKLOAD_LABEL, workload_kind};
use plimsoll_domain::WorkloadKind;

use super::tree::{At, Entry, Node};

/// An object.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// All of it.
    pub(super) root: &'a Node,
    /// Its API version, for example `apps/v1`.
    pub(super) api_version: &'a str,
    /// Its kind.
    pub(super) kind: &'a str,
}

/// What there is to read in an object, and what is to be said of what is not read.
#[derive(Debug, Default)]
pub(super) struct Annotated<'a> {
    /// The annotations that configure a workload; absent where the object is none or has none.
    pub(super) read: Option<&'a Node>,
    /// What stands where nobody reads it: the place, the key, and why.
    pub(super) idle: Vec<(At, String, String)>,
}

/// Every object of a document, those in lists one by one.
pub(super) fn objects(root: &Node) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    collect(root, &mut found);
    found
}

fn collect<'a>(root: &'a Node, found: &mut Vec<Object<'a>>) {
    let (Some(api_version), Some(kind)) = (root.text(&["apiVersion"]), root.text(&["kind"])) else {
        return;
    };
    match root.entry("items").filter(|_| kind.ends_with("List")) {
        Some(items) => items.node.elements().iter().for_each(|item| collect(item, found)),
        None => found.push(Object { root, api_version, kind }),
    }
}

impl<'a> Object<'a> {
    /// The group of its kind; empty for the core group.
    pub(super) fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Its namespace, where it gives one.
    pub(super) fn namespace(&self) -> Option<&'a str> {
        self.root.text(&["metadata", "namespace"])
    }

    /// Its name; empty where it has none.
    pub(super) fn name(&self) -> &'a str {
        let generated = || self.root.text(&["metadata", "generateName"]);
        self.root.text(&["metadata", "name"]).or_else(generated).unwrap_or_default()
    }

    /// Where its annotations are read: on the workload, or in the pod template where that carries the
    /// label of custom workloads.
    pub(super) fn annotated(&self) -> Annotated<'a> {
        let own = Metadata::of(self.root);
        let is_pod = self.api_version == "v1" && self.kind == "Pod";
        let kind = workload_kind(self.api_version, self.kind);
        let is_known = !matches!(kind, WorkloadKind::Other(_) | WorkloadKind::Custom(_));
        let template = Metadata::of_template(self.root);
        let mut annotated = Annotated::default();
        if is_pod || template.label().is_some() {
            self.custom(&own, if is_pod { &own } else { &template }, &mut annotated);
        } else if is_known {
            annotated.read = own.annotations;
            let why = format!(
                "is not read in a pod template without the label {CUSTOM_WORKLOAD_LABEL}; put it \
                 under the {}'s own metadata",
                self.kind
            );
            template.idle(&why, &mut annotated);
            self.stray_label(&own, &mut annotated);
        } else {
            own.idle(&format!("is not read on a {}", self.kind), &mut annotated);
        }
        annotated
    }

    /// Pods, and templates of pods, that may be part of a custom workload.
    fn custom(&self, own: &Metadata<'a>, pod: &Metadata<'a>, annotated: &mut Annotated<'a>) {
        if pod.label().is_none() {
            let why = format!(
                "is not read on a pod without the label {CUSTOM_WORKLOAD_LABEL}; put it on the \
                 pod's controller"
            );
            return pod.idle(&why, annotated);
        }
        annotated.read = pod.annotations;
        if self.kind != "Pod" {
            let why = format!(
                "is not read, since the pod template carries the label {CUSTOM_WORKLOAD_LABEL}; \
                 put it under the template's metadata"
            );
            own.idle(&why, annotated);
        }
    }

    fn stray_label(&self, own: &Metadata<'a>, annotated: &mut Annotated<'a>) {
        if let Some(label) = own.label() {
            let why = format!(
                "has no effect on a {}; the label belongs in the pod template, and so do the \
                 annotations then",
                self.kind
            );
            annotated.idle.push((label.at, label.key.clone(), why));
        }
    }
}

impl fmt::Display for Object<'_> {
    /// `Deployment shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if let Some(namespace) = self.namespace() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(self.name())
    }
}

/// Labels and annotations of an object or of a template.
#[derive(Default)]
struct Metadata<'a> {
    labels: Option<&'a Node>,
    annotations: Option<&'a Node>,
}

impl<'a> Metadata<'a> {
    fn of(node: &'a Node) -> Self {
        Self {
            labels: node.at_path(&["metadata", "labels"]),
            annotations: node.at_path(&["metadata", "annotations"]),
        }
    }

    /// Of the pod template, wherever the kind has it.
    fn of_template(root: &'a Node) -> Self {
        const PATHS: [&[&str]; 2] =
            [&["spec", "template"], &["spec", "jobTemplate", "spec", "template"]];
        let template = PATHS.iter().find_map(|path| root.at_path(path));
        template.map(Self::of).unwrap_or_default()
    }

    /// The label of custom workloads; empty, it names nothing.
    fn label(&self) -> Option<&'a Entry> {
        let label = self.labels?.entry(CUSTOM_WORKLOAD_LABEL)?;
        (label.node.text(&[]) != Some("")).then_some(label)
    }

    /// Says of every setting among the annotations why it is not read.
    fn idle(&self, why: &str, annotated: &mut Annotated<'a>) {
        let entries = self.annotations.map(Node::entries).unwrap_or_default();
        let settings = entries.iter().filter(|entry| entry.key.starts_with(ANNOTATION_PREFIX));
        annotated.idle.extend(settings.map(|entry| (entry.at, entry.key.clone(), why.to_owned())));
    }
}
