//! The annotation that configures a workload, read into a policy.
//!
//! Whatever a person writes, this answers with a configuration and with remarks on the document. It
//! cannot fail, and the limits in `document.rs` and [`DIAGNOSTICS_MAX`] bound its time and memory.

mod check;
mod document;
mod reader;
mod settings;

use std::collections::BTreeMap;

use plimsoll_domain::{Configuration, Configured, Diagnostic, Mode, Origin, Severity, Sourced};

use crate::{ANNOTATION_PREFIX, CONFIGURATION_ANNOTATION};
use check::Checked;
use document::Position;

/// The most remarks on unknown fields, and on annotations of the older form: more than a page of them
/// helps nobody, and each repeats a path. Remarks on known fields are at most two for each.
const DIAGNOSTICS_MAX: usize = 50;

/// Defaults that flags of the program set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults {
    /// A recommendation must be sure enough even where the annotation does not ask for it.
    pub confidence_required: bool,
}

/// What the annotations of a workload ask for.
///
/// Without the annotation, and with annotations of the older form only, the workload is recommended
/// for and not changed. Remarks are in the order of the document.
pub fn parse_configuration(
    annotations: &BTreeMap<String, String>,
    defaults: &Defaults,
) -> Configuration {
    let Some(text) = annotations.get(CONFIGURATION_ANNOTATION) else {
        let policy = settings::default_policy(*defaults);
        let warnings = older_form(annotations, "is not in effect yet");
        return Configuration { configured: Configured::Policy(Box::new(policy)), warnings };
    };
    let older =
        older_form(annotations, "is ignored, since the configuration annotation is present");
    match document::parse(text) {
        Err(unreadable) => {
            Configuration { configured: Configured::Unreadable(unreadable), warnings: older }
        }
        Ok(root) => {
            let Checked { mut found, is_restrained } = check::check(&root);
            let mut policy = settings::policy(&root, *defaults, &mut found);
            if is_restrained {
                policy.mode = Sourced { value: Mode::Recommend, origin: Origin::Annotation };
            }
            found.sort_by_key(|found| (found.line, found.column));
            found.extend(older);
            Configuration { configured: Configured::Policy(Box::new(policy)), warnings: found }
        }
    }
}

/// A warning for each annotation of the older form, one setting in each.
fn older_form(annotations: &BTreeMap<String, String>, why: &str) -> Vec<Diagnostic> {
    let older = annotations.keys().filter(|key| {
        key.starts_with(ANNOTATION_PREFIX) && key.as_str() != CONFIGURATION_ANNOTATION
    });
    older
        .take(DIAGNOSTICS_MAX)
        .map(|key| {
            let message = format!("annotation {key} {why}");
            diagnostic(Severity::Warning, "", Position::default(), message)
        })
        .collect()
}

fn diagnostic(severity: Severity, field: &str, at: Position, message: String) -> Diagnostic {
    Diagnostic { severity, field: field.to_owned(), line: at.line, column: at.column, message }
}
