//! Policies, their numbers, and the workloads each of them is for: as a table, as Markdown, as JSON
//! and as YAML.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::table::{RenderError, plain};
use crate::view::{DiagnosticView, SettingView, WorkloadView};

/// A policy with everything it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// Where it stands among the policies whose rules are asked, lowest first.
    pub order: i32,
    /// Whether workloads that no rule matches get it.
    pub is_default: bool,
    /// `built in`, `ScalingPolicy`, or both where an object is laid over one that is built in.
    pub origin: String,
    /// What it is for, where it is built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Its assignment rules, one sentence each.
    pub rules: Vec<String>,
    /// What holds for a workload that has it and says nothing itself.
    pub settings: Vec<SettingView>,
    /// What its author should know.
    pub remarks: Vec<DiagnosticView>,
    /// The workloads that have it.
    pub workloads: Vec<AssignedView>,
}

/// A workload that has a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssignedView {
    /// Which.
    pub workload: WorkloadView,
    /// Why it has this one.
    pub why: String,
    /// Who governs it over that policy.
    pub governor: String,
}

const POLICY_HEADER: [&str; 8] =
    ["ORDER", "POLICY", "ORIGIN", "MODE", "APPLY", "CPU", "MEMORY", "WORKLOADS"];
const WORKLOAD_HEADER: [&str; 5] = ["NAMESPACE", "WORKLOAD", "POLICY", "WHY", "GOVERNED BY"];

/// Two tables, policies and workloads, and what is to be said of a policy.
pub fn policies_table(policies: &[PolicyView]) -> String {
    let mut text = plain(policy_rows(policies));
    if policies.iter().any(|policy| !policy.workloads.is_empty()) {
        text.push('\n');
        text.push_str(&plain(workload_rows(policies)));
    }
    let remarks: Vec<_> = policies.iter().flat_map(|policy| &policy.remarks).collect();
    if !remarks.is_empty() {
        text.push('\n');
    }
    for remark in remarks {
        writeln!(text, "{}: {}", remark.severity, remark.text).ok();
    }
    text
}

/// The same two tables in Markdown.
pub fn policies_markdown(policies: &[PolicyView]) -> String {
    let tables = [policy_rows(policies), workload_rows(policies)].map(|mut table| {
        table.load_style(presets::ASCII_MARKDOWN);
        format!("{table}\n")
    });
    tables.join("\n")
}

/// A JSON array of the views.
pub fn policies_json(policies: &[PolicyView]) -> Result<String, RenderError> {
    let mut text = serde_json::to_string_pretty(policies).map_err(RenderError::Json)?;
    text.push('\n');
    Ok(text)
}

/// A YAML list of the views.
pub fn policies_yaml(policies: &[PolicyView]) -> Result<String, RenderError> {
    serde_saphyr::to_string(&policies).map_err(RenderError::Yaml)
}

fn policy_rows(policies: &[PolicyView]) -> Table {
    let mut table = Table::new();
    table.set_header(POLICY_HEADER);
    for policy in policies {
        let name = if policy.is_default {
            format!("{} (default)", policy.name)
        } else {
            policy.name.clone()
        };
        table.add_row([
            policy.order.to_string(),
            name,
            policy.origin.clone(),
            policy.setting("vertical.mode").to_owned(),
            policy.setting("vertical.applyType").to_owned(),
            policy.usage("cpu"),
            policy.usage("memory"),
            policy.workloads.len().to_string(),
        ]);
    }
    table
}

fn workload_rows(policies: &[PolicyView]) -> Table {
    let mut table = Table::new();
    table.set_header(WORKLOAD_HEADER);
    let assigned = policies.iter().flat_map(|policy| {
        policy.workloads.iter().map(|assigned| (policy.name.as_str(), assigned))
    });
    for (policy, AssignedView { workload, why, governor }) in assigned {
        let name = format!("{}/{}", workload.kind.to_ascii_lowercase(), workload.name);
        table.add_row([workload.namespace.as_str(), &name, policy, why, governor]);
    }
    table
}

impl PolicyView {
    fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.map_or("-", |setting| &setting.value)
    }

    /// `p80 + 10.0 % over 24h`.
    fn usage(&self, resource: &str) -> String {
        let of = |name: &str| self.setting(&format!("vertical.{resource}.{name}"));
        format!("{} + {} over {}", of("target"), of("overhead"), of("lookBackPeriod"))
    }
}
