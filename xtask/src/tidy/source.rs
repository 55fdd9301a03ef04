//! The files that tidy reads: everything a person wrote, found by walking the tree, so that a
//! file which is not committed yet is judged too.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// One text file of the repository.
#[derive(Debug)]
pub(super) struct Source {
    /// From the root of the repository, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
}

/// Kinds of file in which words are looked for; only Rust files have further rules.
const KINDS: [&str; 7] = ["rs", "go", "sh", "toml", "ts", "yaml", "tpl"];

impl Source {
    pub(super) fn is_rust(&self) -> bool {
        has_kind(&self.path, &["rs"])
    }

    /// Whether the whole file is test code.
    fn is_test(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        let name = parts.next().unwrap_or_default();
        name == "tests.rs" || parts.any(|part| part == "tests" || part == "benches")
    }

    /// The lines of the product and the lines of its tests. A `#[cfg(test)] mod tests {` stands
    /// last in a file, so everything from it on is test.
    pub(super) fn split(&self) -> (Vec<&str>, Vec<&str>) {
        let lines: Vec<&str> = self.text.lines().collect();
        let start = if self.is_test() { 0 } else { test_module(&lines) };
        let (code, tests) = lines.split_at(start);
        (code.to_vec(), tests.to_vec())
    }
}

fn test_module(lines: &[&str]) -> usize {
    let opens = |index: usize| {
        let mut after = lines[index + 1..].iter().map(|line| line.trim());
        let next = after.find(|line| !line.starts_with("#[")).unwrap_or_default();
        next.contains("mod ") && next.ends_with('{')
    };
    let found = (0..lines.len()).find(|&at| lines[at].trim() == "#[cfg(test)]" && opens(at));
    found.unwrap_or(lines.len())
}

/// All sources under a folder, in the order of their paths.
pub(super) fn walk(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    visit(root, "", &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn has_kind(path: &str, kinds: &[&str]) -> bool {
    let kind = Path::new(path).extension();
    kind.is_some_and(|found| kinds.iter().any(|kind| found == *kind))
}

fn visit(dir: &Path, prefix: &str, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        // Built, fetched or not ours: hidden folders, build output and installed packages.
        let skipped = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
        if kind.is_dir() && !skipped {
            visit(&entry.path(), &format!("{path}/"), sources)?;
        } else if kind.is_file() && has_kind(&path, &KINDS) {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("read {path}"))?;
            sources.push(Source { path, text });
        }
    }
    Ok(())
}
