//! A namespace as a row.

use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;

use super::template::asks_to_be_left_alone;
use crate::intern::{Intern, Labels};

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NamespaceRow {
    /// Whether its labels ask that it be left alone.
    pub ignored: bool,
    /// Its labels, by which policies choose.
    pub labels: Labels,
}

impl NamespaceRow {
    /// The row of a namespace.
    pub(crate) fn of(object: &PartialObjectMeta<Namespace>, intern: &Intern) -> Self {
        let labels = object.metadata.labels.as_ref();
        Self { ignored: asks_to_be_left_alone(labels), labels: intern.labels(labels) }
    }
}
