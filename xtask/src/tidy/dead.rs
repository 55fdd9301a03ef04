//! Files that no compiler sees: a `.rs` file which no `mod` line and no cargo target reaches
//! looks like code, and its tests never run.

use super::{Finding, Source};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file that is not reached from a target of the workspace.
pub(super) fn judge(workspace: &Workspace, sources: &[Source]) -> Result<Vec<Finding>> {
    let mut reached = BTreeSet::new();
    for target in workspace.packages.iter().flat_map(|package| &package.targets) {
        reach(&target.source, true, &mut reached)?;
    }
    for target in apart(&workspace.root) {
        reach(&target, true, &mut reached)?;
    }
    let text = "no `mod` line or cargo target reaches this file: declare it or delete it";
    let dead = sources.iter().filter(|source| source.is_rust()).filter(|source| {
        let path = workspace.root.join(&source.path).canonicalize();
        path.is_ok_and(|path| !reached.contains(&path))
    });
    Ok(dead
        .map(|source| Finding {
            rule: "dead-file",
            path: source.path.clone(),
            size: None,
            text: text.to_owned(),
        })
        .collect())
}

/// The targets of packages that are no members of the workspace, by their manifests.
fn apart(root: &Path) -> Vec<PathBuf> {
    const FOLDERS: [&str; 1] = ["fuzz"];
    let targets = FOLDERS.iter().flat_map(|folder| {
        let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap_or_default();
        let paths = manifest.lines().filter_map(|line| quoted(line.strip_prefix("path = ")?));
        paths.map(|path| root.join(folder).join(path)).collect::<Vec<_>>()
    });
    targets.collect()
}

fn reach(file: &Path, is_root: bool, reached: &mut BTreeSet<PathBuf>) -> Result<()> {
    // One spelling for each file: the checkout may lie behind a link, and `#[path]` may climb.
    let file = &file.canonicalize().with_context(|| format!("find {}", file.display()))?;
    if !reached.insert(file.clone()) {
        return Ok(());
    }
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let folder = file.parent().unwrap_or_else(|| Path::new(""));
    // The modules of `a.rs` lie in `a/`; those of a target's root file and of `mod.rs` beside it.
    let beside = is_root || file.file_name().is_some_and(|name| name == "mod.rs");
    let inside = if beside { folder.to_path_buf() } else { file.with_extension("") };
    for module in declared(&text) {
        let candidates = match &module {
            Module::Named(name) => {
                vec![inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs")]
            }
            Module::Path(path) => vec![folder.join(path)],
        };
        if let Some(found) = candidates.iter().find(|path| path.is_file()) {
            reach(found, false, reached)?;
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Module {
    Named(String),
    Path(String),
}

/// The files that one file's text names: `mod a;`, `#[path = "b.rs"] mod a;`, `include!("c.rs")`.
fn declared(text: &str) -> Vec<Module> {
    let mut modules = Vec::new();
    let mut path = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[path") {
            path = quoted(rest);
        } else if let Some(rest) = line.split("include!(").nth(1) {
            modules.extend(quoted(rest).map(Module::Path));
        } else if let Some(name) = module_name(line) {
            modules.push(path.take().map_or(Module::Named(name), Module::Path));
        }
    }
    modules
}

fn quoted(text: &str) -> Option<String> {
    text.split('"').nth(1).map(str::to_owned)
}

/// The name in `mod name;`, with or without `pub` or `pub(...)` before it.
fn module_name(line: &str) -> Option<String> {
    let declaration = line.split("//").next()?.trim().strip_suffix(';')?;
    let (before, name) = declaration.rsplit_once("mod ")?;
    let before = before.trim();
    let plain = before.is_empty() || before == "pub" || before.starts_with("pub(");
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (plain && is_name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Module::{Named, Path};
    use super::declared;

    #[test]
    fn finds_every_way_to_name_a_file() {
        let text = "mod a;\npub mod b; // why\npub(crate) mod c;\n#[cfg(test)]\nmod tests;\n\
                    #[path = \"x/d.rs\"]\nmod d;\ninclude!(\"e.rs\");\nmod inline {\n}\n// mod f;\n";
        let named = |name: &str| Named(name.to_owned());
        let path = |name: &str| Path(name.to_owned());
        let expect =
            [named("a"), named("b"), named("c"), named("tests"), path("x/d.rs"), path("e.rs")];
        assert_eq!(declared(text), expect);
    }
}
