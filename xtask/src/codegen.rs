//! `cargo xtask codegen`: files that the program itself writes, kept in the repository so that
//! they can be read and reviewed. `--check` fails when one is out of date.

use crate::run;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;

/// What the program is asked for, and the file that holds the answer.
struct Page {
    args: &'static [&'static str],
    path: &'static str,
}

const PAGES: [Page; 8] = [
    Page { args: &["crds"], path: "charts/plimsoll/files/crds.yaml" },
    Page { args: &["crds", "--thoras"], path: "charts/plimsoll/files/thoras-crds.yaml" },
    Page { args: &["reference", "reasons"], path: "docs/reference/reasons.md" },
    Page { args: &["reference", "annotation"], path: "docs/reference/annotation.md" },
    Page { args: &["reference", "older-annotations"], path: "docs/reference/older-annotations.md" },
    Page { args: &["reference", "scalingpolicy"], path: "docs/reference/scalingpolicy.md" },
    Page { args: &["reference", "thoras"], path: "docs/reference/thoras.md" },
    Page { args: &["reference", "flags"], path: "docs/reference/flags.md" },
];

/// Writes every page, or with `check` only compares.
pub(crate) fn codegen(check: bool) -> Result<()> {
    let workspace = Workspace::load()?;
    if check { compare(&workspace) } else { write(&workspace) }
}

/// Fails with the names of the files that differ and the command that mends them.
pub(crate) fn compare(workspace: &Workspace) -> Result<()> {
    let mut differ = Vec::new();
    for page in &PAGES {
        let present = fs::read_to_string(workspace.root.join(page.path)).unwrap_or_default();
        if let Some(line) = first_difference(&present, &generate(workspace, page)?) {
            differ.push(format!("{} differs from line {line}", page.path));
        }
    }
    if differ.is_empty() {
        return Ok(());
    }
    bail!("{}; `cargo xtask codegen` writes it anew", differ.join(", "));
}

fn write(workspace: &Workspace) -> Result<()> {
    for page in &PAGES {
        let path = workspace.root.join(page.path);
        let text = generate(workspace, page)?;
        if fs::read_to_string(&path).ok().as_ref() == Some(&text) {
            println!("{} is up to date", page.path);
            continue;
        }
        fs::create_dir_all(path.parent().unwrap_or(&workspace.root))?;
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        println!("{} written", page.path);
    }
    Ok(())
}

fn generate(workspace: &Workspace, page: &Page) -> Result<String> {
    let mut command = run::cargo(&workspace.root);
    command.args(["run", "--quiet", "--package", "plimsoll", "--bin", "plimsoll", "--"]);
    let text = run::output(command.args(page.args))?;
    // An empty answer would silently take the custom resources out of the chart.
    if text.trim().is_empty() {
        bail!("`plimsoll {}` printed nothing", page.args.join(" "));
    }
    Ok(text)
}

/// The number of the first line that differs, if any does.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn names_the_first_line_that_differs() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
