//! What was made of everything people wrote about a workload.

use std::fmt;
use std::sync::Arc;

use crate::{Origin, Policy, Settings};

/// A workload's configuration after parsing and resolving.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The policy, or why there is none.
    pub configured: Configured,
    /// Who governs the workload.
    pub governor: Governor,
    /// The ScalingPolicy under the governor's settings; absent where the governor needs none.
    pub assigned: Option<Assigned>,
    /// Who would govern the workload, did the governor not.
    pub overruled: Vec<Governor>,
    /// What a person should know about the documents: unknown fields, values without effect, values
    /// that are refused.
    pub remarks: Vec<Diagnostic>,
}

/// What was read from one document: an annotation, an object of either dialect, a `spec`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it says, without the values that are refused; or why it cannot be read at all.
    pub settings: Result<Settings, Diagnostic>,
    /// The ScalingPolicy it names.
    pub scaling_policy: Option<String>,
    /// What its author should know, in the order of the document.
    pub remarks: Vec<Diagnostic>,
}

/// The policy that governs a workload, or why it is frozen.
#[derive(Clone, Debug, PartialEq)]
pub enum Configured {
    /// Settings to work by.
    Policy(Box<Policy>),
    /// The document cannot be read: nothing is changed until it can.
    Unreadable(Diagnostic),
}

/// Who governs a workload, strongest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Governor {
    /// Its annotation, or annotations of the older form.
    Annotation,
    /// A DaemonSetAutoscaler, by name.
    DaemonSetAutoscaler(Arc<str>),
    /// An AIScaleTarget that names it.
    TargetByName(Arc<str>),
    /// An AIScaleTarget whose selector matches its pods.
    TargetBySelector(Arc<str>),
    /// An AIScaleTarget that a ClusterAIScaleTemplate made.
    TargetFromTemplate(Arc<str>),
    /// The settings in its ScaledWorkload.
    ScaledWorkload,
    /// Nobody but its ScalingPolicy.
    ScalingPolicy,
}

/// The ScalingPolicy a workload was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assigned {
    /// Its name.
    pub name: Arc<str>,
    /// Why this one.
    pub why: AssignedBy,
}

/// Why a workload has the policy it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssignedBy {
    /// It is named.
    Name,
    /// Its assignment rule of this number, from 1, matches, and no earlier policy's.
    Rule(usize),
    /// No rule matches, and it is the default.
    Default,
    /// No rule matches, there is no default, and this is for workloads of the kind.
    Kind,
    /// The name that is given is no policy's: the one for workloads of the kind.
    UnknownName(String),
}

impl Configuration {
    /// The remark that freezes the workload, if one does: the document cannot be read, or a value is
    /// refused. What is said of `horizontal` freezes nothing here.
    pub fn refusal(&self) -> Option<&Diagnostic> {
        match &self.configured {
            Configured::Unreadable(diagnostic) => Some(diagnostic),
            Configured::Policy(_) => self.remarks.iter().find(|remark| {
                remark.severity == Severity::Error
                    && !remark.field.split('.').any(|key| key == "horizontal")
            }),
        }
    }
}

/// A remark about a document a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The document.
    pub origin: Origin,
    /// The path of the field, for example `vertical.cpu.target`; empty for the whole document.
    pub field: String,
    /// Line in the document, from 1; absent when unknown.
    pub line: Option<u32>,
    /// Column in the line, from 1; absent when unknown.
    pub column: Option<u32>,
    /// What is the matter, and what was expected.
    pub message: String,
}

/// How bad a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The field is ignored; the rest of the document stands.
    Warning,
    /// The value is refused, and nothing of the document is applied until it is corrected.
    Error,
}

impl fmt::Display for Diagnostic {
    /// `line 3, column 5: vertical.cpu.target: expected ...`, after the name of the document where
    /// that is not the workload's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((kind, name)) = self.origin.object() {
            write!(f, "{kind} {name}: ")?;
        }
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}
