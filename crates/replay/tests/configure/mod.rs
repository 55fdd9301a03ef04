//! Configurations from annotations, as the controller makes them where there are no objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_api::read_annotation;
use plimsoll_domain::{Configuration, WorkloadId};
use plimsoll_policy::{BuiltIn, Catalog, Facts, Sources};

/// What holds for a workload with this text in its annotation, or with none.
pub(crate) fn configure(id: &WorkloadId, annotation: Option<&str>) -> Configuration {
    let annotation = annotation.map(|text| Arc::new(read_annotation(text)));
    let labels = BTreeMap::new();
    let sources = Sources {
        annotation: annotation.as_ref(),
        older_annotations: None,
        targets: &[],
        spec: None,
        facts: Facts {
            namespace: &id.namespace,
            namespace_labels: &labels,
            kind: id.kind.name(),
            group: "apps",
            version: "v1",
            labels: &labels,
        },
        is_custom: false,
    };
    plimsoll_policy::configure(&sources, &Catalog::default(), &BuiltIn::default())
}
