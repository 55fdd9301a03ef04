//! Arrows between crates only go down: what each `Cargo.toml` names, held against `layers.toml`.

use crate::table::{self, Tables};
use crate::workspace::{Package, Workspace};
use anyhow::{Context, Result, bail};
use std::fs;

/// Fails with every arrow that `layers.toml` does not allow.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let text = fs::read_to_string(workspace.root.join("layers.toml")).context("layers.toml")?;
    let tables = table::parse(&text).context("layers.toml")?;
    let mut findings = unknown_tables(&tables);
    for package in &workspace.packages {
        findings.extend(judge(package, &tables, |name| workspace.is_member(name)));
    }
    if findings.is_empty() {
        return Ok(());
    }
    for finding in &findings {
        println!("layers: {finding}");
    }
    bail!("{} arrows that layers.toml does not allow", findings.len());
}

/// A misspelt table would silently allow or forbid nothing.
fn unknown_tables(tables: &Tables) -> Vec<String> {
    let known = ["arrows", "dev-arrows", "external", "never"];
    let unknown = tables.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| format!("unknown table [{name}] in layers.toml")).collect()
}

fn judge(package: &Package, tables: &Tables, is_member: impl Fn(&str) -> bool) -> Vec<String> {
    let list = |table: &str| tables.get(table).and_then(|table| table.get(&package.name));
    let has = |table: &str, name: &String| list(table).is_some_and(|list| list.contains(name));
    if list("arrows").is_none() {
        return vec![format!("{} is not in [arrows] of layers.toml", package.name)];
    }
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let name = &dependency.name;
        // A crate's tests may see the crate itself again, and what [dev-arrows] adds.
        let in_tests = dependency.dev && (has("dev-arrows", name) || *name == package.name);
        let allowed = if is_member(name) {
            has("arrows", name) || in_tests
        } else {
            dependency.dev || list("external").is_none() || has("external", name)
        };
        if !allowed || has("never", name) {
            let tests = if dependency.dev { " (in tests)" } else { "" };
            findings.push(format!("{} must not depend on {name}{tests}", package.name));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::table::parse;
    use crate::workspace::{Dependency, Package};

    const LAYERS: &str = r#"
        [arrows]
        top = ["low"]
        low = []
        [dev-arrows]
        top = ["kit"]
        [external]
        low = ["serde"]
        [never]
        top = ["kube"]
    "#;

    fn check(package: &str, dependency: &str, dev: bool, expect: &[&str]) {
        let package = Package {
            name: package.to_owned(),
            dir: "".into(),
            dependencies: vec![Dependency { name: dependency.to_owned(), dev }],
            targets: Vec::new(),
        };
        let is_member = |name: &str| ["top", "low", "kit"].contains(&name);
        assert_eq!(judge(&package, &parse(LAYERS).unwrap(), is_member), expect);
    }

    #[test]
    fn arrows_go_down_only() {
        check("top", "low", false, &[]);
        check("low", "top", false, &["low must not depend on top"]);
        check("top", "kit", true, &[]);
        check("top", "kit", false, &["top must not depend on kit"]);
    }

    #[test]
    fn a_pure_crate_names_what_is_listed_and_nothing_else() {
        check("low", "serde", false, &[]);
        check("low", "tokio", false, &["low must not depend on tokio"]);
        check("low", "proptest", true, &[]);
        check("top", "tokio", false, &[]);
        check("top", "kube", true, &["top must not depend on kube (in tests)"]);
    }

    #[test]
    fn a_new_crate_must_be_placed() {
        check("new", "serde", false, &["new is not in [arrows] of layers.toml"]);
    }
}
