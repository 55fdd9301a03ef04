//! Clippy reads the nearest `clippy.toml` and no other: a crate with its own must repeat every
//! setting of the root's, or it would silently lose it.

use super::Finding;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;

/// The settings of the root that a crate's own file lacks.
pub(super) fn judge(workspace: &Workspace) -> Result<Vec<Finding>> {
    let root = fs::read_to_string(workspace.root.join("clippy.toml")).context("clippy.toml")?;
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = package.dir.join("clippy.toml");
        let Ok(own) = fs::read_to_string(&path) else {
            continue;
        };
        findings.extend(missing(&root, &own).map(|line| Finding {
            rule: "clippy-settings",
            path: workspace.relative(&path),
            size: None,
            text: format!("repeat the root's `{line}`"),
        }));
    }
    Ok(findings)
}

fn missing<'a>(root: &'a str, own: &'a str) -> impl Iterator<Item = &'a str> {
    settings(root).filter(move |line| !settings(own).any(|own| own == *line))
}

fn settings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn names_what_a_crate_lost() {
        let lost: Vec<_> = missing("# why\na = 1\nb = 2\n", "b = 2\nc = 3\na = 2\n").collect();
        assert_eq!(lost, ["a = 1"]);
    }
}
