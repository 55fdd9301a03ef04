//! Resolves what was written about workloads, and does nothing twice: a reading of a cluster in which
//! nobody wrote anything asks for each configuration and gets the one from before.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_domain::Configuration;
use plimsoll_policy::{BuiltIn, Facts, Resolver, Sources};

use crate::index::Tables;
use crate::source::Subject;
use crate::table::Key;
use crate::targets::Targets;

/// The resolver, and which policies it goes by.
#[derive(Debug)]
pub(crate) struct Resolve {
    resolver: Resolver,
    /// The version of the table that its catalog was made of.
    version: Option<u64>,
}

impl Resolve {
    pub(crate) fn new(built_in: BuiltIn) -> Self {
        Self { resolver: Resolver::new(Arc::default(), built_in), version: None }
    }

    /// Before a reading: takes in what became of the policies.
    pub(crate) fn begin(&mut self, tables: &Tables) {
        let version = tables.policies.version();
        if self.version.replace(version) != Some(version) {
            self.resolver.set_catalog(tables.catalog());
        }
    }

    /// After a reading: what was not asked for is forgotten in time.
    pub(crate) fn end(&mut self) {
        self.resolver.forget_unused();
    }

    /// What holds for a workload.
    pub(crate) fn configuration(
        &mut self,
        tables: &Tables,
        targets: &Targets<'_>,
        subject: &Subject<'_>,
    ) -> Arc<Configuration> {
        static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();
        let id = &subject.id;
        let namespace = tables.namespaces.get(&Key::new("", &id.namespace));
        let custom = subject.parts.first();
        let targets = match custom {
            None => targets.wanting(id, subject.pod_labels),
            Some(_) => Vec::new(),
        };
        let document = subject.document;
        let parsed = |is_older| {
            document.filter(|one| one.is_older == is_older).map(|document| &document.parsed)
        };
        let (group, version) =
            subject.kind_version.split_once('/').unwrap_or(("", subject.kind_version));
        let kind = custom.map_or_else(|| id.kind.name(), |part| part.kind);
        let sources = Sources {
            annotation: parsed(false),
            older_annotations: parsed(true),
            targets: &targets,
            spec: tables.scaled_row(id).and_then(|row| row.document.as_ref()),
            facts: Facts {
                namespace: &id.namespace,
                namespace_labels: namespace.map_or(&NO_LABELS, |row| &row.labels),
                // A kind in a group that is not its own is named `Kind.group` here, and only here.
                kind: kind.split('.').next().unwrap_or_default(),
                group,
                version,
                labels: subject.labels.map_or(&NO_LABELS, |labels| labels),
            },
            is_custom: custom.is_some(),
        };
        self.resolver.resolve(id, &sources)
    }
}
