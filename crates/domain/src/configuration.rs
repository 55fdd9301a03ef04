//! What was made of a workload's configuration.

use std::fmt;

use crate::Policy;

/// A workload's configuration after parsing and resolving.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The policy, or why there is none.
    pub configured: Configured,
    /// What a person should know about the document: unknown fields, values without effect.
    pub warnings: Vec<Diagnostic>,
}

/// The policy that governs a workload, or why it is frozen.
#[derive(Clone, Debug, PartialEq)]
pub enum Configured {
    /// Settings to work by.
    Policy(Box<Policy>),
    /// The document cannot be read: nothing is changed until it can.
    Unreadable(Diagnostic),
}

/// A remark about a document a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
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
    /// The value is refused.
    Error,
}

impl fmt::Display for Diagnostic {
    /// `line 3, column 5: vertical.cpu.target: expected ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
