//! Many evaluations at once: a table for terminals, Markdown, JSON and YAML.

use std::error::Error;
use std::fmt;

use comfy_table::{Table, presets};

use crate::view::{ContainerView, EvaluationView, ResourceView, RunningView};

/// Why evaluations could not be written; reads after "failed to".
#[derive(Debug)]
pub enum RenderError {
    /// As JSON.
    Json(serde_json::Error),
    /// As YAML.
    Yaml(serde_saphyr::ser_error::Error),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "write evaluations as JSON",
            Self::Yaml(_) => "write evaluations as YAML",
        })
    }
}

impl Error for RenderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Yaml(error) => Some(error),
        }
    }
}

const HEADER: [&str; 8] =
    ["NAMESPACE", "WORKLOAD", "CONTAINER", "CPU", "MEMORY", "APPLIED", "POLICY", "DECISION"];

/// One line for each container, in columns.
pub fn table(views: &[EvaluationView]) -> String {
    plain(rows(views))
}

/// Columns without lines between them.
pub(crate) fn plain(mut table: Table) -> String {
    table.load_style(presets::NOTHING);
    let lines: Vec<String> =
        table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// The same as a Markdown table.
pub fn markdown(views: &[EvaluationView]) -> String {
    let mut table = rows(views);
    table.load_style(presets::ASCII_MARKDOWN);
    format!("{table}\n")
}

/// A JSON array of the views.
pub fn json(views: &[EvaluationView]) -> Result<String, RenderError> {
    let mut text = serde_json::to_string_pretty(views).map_err(RenderError::Json)?;
    text.push('\n');
    Ok(text)
}

/// A YAML list of the views.
pub fn yaml(views: &[EvaluationView]) -> Result<String, RenderError> {
    serde_saphyr::to_string(&views).map_err(RenderError::Yaml)
}

fn rows(views: &[EvaluationView]) -> Table {
    let mut table = Table::new();
    table.set_header(HEADER);
    for view in views {
        for container in &view.containers {
            table.add_row(row(view, container));
        }
        if view.containers.is_empty() {
            table.add_row([
                view.workload.namespace.clone(),
                workload(view),
                "-".to_owned(),
                "-".to_owned(),
                "-".to_owned(),
                applied(view),
                policy(view),
                decision(&view.decision.running),
            ]);
        }
    }
    table
}

fn row(view: &EvaluationView, container: &ContainerView) -> [String; 8] {
    [
        view.workload.namespace.clone(),
        workload(view),
        container.name.clone(),
        change(&container.cpu),
        change(&container.memory),
        applied(view),
        policy(view),
        decision(&view.decision.running),
    ]
}

fn workload(view: &EvaluationView) -> String {
    format!("{}/{}", view.workload.kind.to_ascii_lowercase(), view.workload.name)
}

fn applied(view: &EvaluationView) -> String {
    format!("{}/{}", view.applied.pods, view.applied.of)
}

/// The policy that the workload was given, or else who governs it without one.
fn policy(view: &EvaluationView) -> String {
    let governance = &view.governance;
    governance.policy.as_ref().unwrap_or(&governance.governor).clone()
}

/// `1000m -> 220m`; the present request is that of the pod that differs most, or the template's.
fn change(resource: &ResourceView) -> String {
    let current = resource.comparison.as_ref().and_then(|comparison| comparison.current.as_deref());
    let template =
        || resource.original.request.as_deref().filter(|_| resource.comparison.is_none());
    let now = current.or_else(template).unwrap_or("none");
    let new = resource.recommended.as_ref().and_then(|values| values.request.as_deref());
    format!("{now} -> {}", new.unwrap_or("?"))
}

fn decision(running: &RunningView) -> String {
    match running {
        RunningView::Apply { pods, .. } => format!("Apply ({pods} pods)"),
        RunningView::Hold { reason } => reason.code.clone(),
    }
}
