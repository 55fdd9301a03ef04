//! Rules that no lint knows: headers, sizes, dead files, forbidden words, and pure crates whose
//! clippy settings agree with the root's. Exceptions are listed and may only shrink.

mod clippy;
mod dead;
mod exceptions;
mod rules;
mod source;

use crate::workspace::Workspace;
use anyhow::{Result, bail};
use source::Source;

/// One breach of one rule in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    rule: &'static str,
    path: String,
    /// The size that breaks the rule, for rules about size.
    size: Option<usize>,
    text: String,
}

/// Fails with every breach that is not a listed exception.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let sources = source::walk(&workspace.root)?;
    let mut findings: Vec<Finding> = sources.iter().flat_map(rules::judge).collect();
    findings.extend(dead::judge(workspace, &sources)?);
    findings.extend(clippy::judge(workspace)?);
    let complaints = exceptions::subtract(&workspace.root, &findings)?;
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        println!("tidy: {complaint}");
    }
    bail!("{} to tidy", complaints.len());
}
