//! The annotations that configure a workload: one that holds a document, or, where that is absent,
//! those of the older form, one for each setting.

mod older;

use std::collections::BTreeMap;

use plimsoll_domain::{Diagnostic, Origin, Parsed, Severity};

use crate::document;
use crate::read::REMARKS_MAX;
use crate::settings::{read_document, table};
use crate::{ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION};

pub(crate) use older::TREE as OLDER_TREE;

/// What the annotations of a workload say; `None` when nothing: they have neither form.
///
/// Both forms cannot be mixed: beside the document, annotations of the older form are ignored, each
/// with a warning.
pub fn read_annotations(annotations: &BTreeMap<String, String>) -> Option<Parsed> {
    let Some(text) = annotations.get(CONFIGURATION_ANNOTATION) else {
        return older::read(annotations);
    };
    let mut parsed = read_annotation(text);
    parsed.remarks.extend(older::keys(annotations).take(REMARKS_MAX).map(ignored));
    Some(parsed)
}

/// What the document in the annotation `workloads.cast.ai/configuration` says.
pub fn read_annotation(text: &str) -> Parsed {
    match document::parse(text, &Origin::Annotation) {
        Ok(root) => read_document(root, &table::ANNOTATION, Origin::Annotation),
        Err(unreadable) => {
            Parsed { settings: Err(unreadable), scaling_policy: None, remarks: Vec::new() }
        }
    }
}

fn ignored(key: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        origin: Origin::OlderAnnotations,
        field: format!("{ANNOTATION_PREFIX}{key}"),
        line: None,
        column: None,
        message: format!("is ignored, since {CONFIGURATION_ANNOTATION} is present"),
    }
}
