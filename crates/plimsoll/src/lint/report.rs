//! What was found, counted and printed.

use std::fmt::Write as _;

use plimsoll_domain::Severity;
use serde::Serialize;

use super::tree::At;

/// The most findings that are kept and shown; the rest is counted. At some 300 bytes each they fill
/// a hundred screens and 300 KiB.
const FINDINGS_MAX: usize = 1000;
/// The longest name, path or message that is shown, in characters.
const SHOWN_MAX: usize = 600;

/// Something that a person should look at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// `error` or `warning`.
    pub(super) severity: &'static str,
    /// The file, as it was named.
    pub(super) file: String,
    /// The line in the file, from 1.
    pub(super) line: u32,
    /// The column in the line, from 1.
    pub(super) column: u32,
    /// The object, for example `Deployment shop/web`; absent where the document is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object: Option<String>,
    /// The path of the field; empty for the whole object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) field: String,
    /// What is the matter, and what was expected.
    pub(super) message: String,
}

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Files that were read.
    pub(super) files: usize,
    /// Objects in them.
    pub(super) objects: usize,
    /// Objects in which there is something to read.
    pub(super) configured: usize,
    /// Findings that are errors.
    pub(super) errors: usize,
    /// Findings that are warnings.
    pub(super) warnings: usize,
    /// The first findings, in the order of the files.
    pub(super) findings: Vec<Finding>,
    /// What could not be read at all.
    pub(super) unreadable: Vec<String>,
}

impl Report {
    /// Counts a finding, and keeps it if there is room. Its place is within the file.
    pub(super) fn add(&mut self, severity: Severity, file: &str, at: At, said: &Said) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding {
                severity: match severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                file: shown(file),
                line: at.line,
                column: at.column,
                object: said.object.as_deref().map(shown),
                field: shown(&said.field),
                message: shown(&said.message),
            });
        }
    }

    /// Whether there is anything that must be corrected.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// What could not be read, and why.
    pub(crate) fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// One line for each finding and a last one that sums up.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for one in &self.findings {
            let Finding { severity, file, line, column, object, field, message } = one;
            write!(text, "{file}:{line}:{column}: {severity}: ").ok();
            for part in [object.as_deref().unwrap_or_default(), field]
                .iter()
                .filter(|part| !part.is_empty())
            {
                write!(text, "{part}: ").ok();
            }
            writeln!(text, "{message}").ok();
        }
        let hidden = self.errors + self.warnings - self.findings.len();
        if hidden > 0 {
            writeln!(text, "{} not shown", count(hidden, "further finding")).ok();
        }
        let files = count(self.files, "file");
        let objects = count(self.objects, "object");
        let (errors, warnings) = (count(self.errors, "error"), count(self.warnings, "warning"));
        let configured = self.configured;
        writeln!(text, "{files}, {objects}, {configured} with settings: {errors}, {warnings}").ok();
        text
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// What is said, without where.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) object: Option<String>,
    pub(super) field: String,
    pub(super) message: String,
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// On one line, and without anything that would move a terminal's cursor.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_MAX) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}
