//! Configurations from annotations, as the controller makes them where there are no objects.

use std::sync::Arc;

use plimsoll_api::read_annotation;
use plimsoll_domain::{Configuration, WorkloadId};
use plimsoll_policy::{BuiltIn, Catalog, Sources};

/// What holds for a workload with this text in its annotation, or with none.
pub(crate) fn configure(id: &WorkloadId, annotation: Option<&str>) -> Configuration {
    let annotation = annotation.map(|text| Arc::new(read_annotation(text)));
    let sources = Sources {
        annotation: annotation.as_ref(),
        ..Sources::silent(&id.namespace, id.kind.name())
    };
    plimsoll_policy::configure(&sources, &Catalog::default(), &BuiltIn::default())
}
