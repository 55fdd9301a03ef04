//! `cargo xtask check`: everything that can be judged without running the tests.
//! Every step runs even when one fails, so that one run shows all there is to mend.

use crate::workspace::Workspace;
use crate::{codegen, layers, run, tidy};
use anyhow::{Result, bail};
use std::time::Instant;

type Step = (&'static str, fn(&Workspace) -> Result<()>);

/// Quick steps first: a person sees a missing header before the lints have compiled.
const STEPS: [Step; 6] = [
    ("fmt", fmt),
    ("tidy", tidy::check),
    ("layers", layers::check),
    ("clippy", clippy),
    ("doc", doc),
    ("codegen", |workspace| codegen::compare(workspace)),
];

/// Runs the steps asked for, or all, and ends with one line for each.
pub(crate) fn check(only: &[String]) -> Result<()> {
    let known = |asked: &&String| STEPS.iter().any(|(name, _)| name == asked);
    if let Some(asked) = only.iter().find(|asked| !known(asked)) {
        bail!("there is no step `{asked}`");
    }
    let workspace = Workspace::load()?;
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    let asked = |name: &str| only.is_empty() || only.iter().any(|asked| asked == name);
    for (name, step) in STEPS.into_iter().filter(|(name, _)| asked(name)) {
        eprintln!("== {name}");
        let started = Instant::now();
        let result = step(&workspace);
        let seconds = started.elapsed().as_secs_f64();
        match result {
            Ok(()) => lines.push(format!("{name:<8} ok      {seconds:6.1} s")),
            Err(error) => {
                lines.push(format!("{name:<8} FAILED  {seconds:6.1} s  {error:#}"));
                failed.push(name);
            }
        }
    }
    println!("\n{}", lines.join("\n"));
    if !failed.is_empty() {
        bail!("check failed: {}", failed.join(", "));
    }
    Ok(())
}

fn fmt(workspace: &Workspace) -> Result<()> {
    run::run(run::cargo(&workspace.root).args(["fmt", "--all", "--check"]))
}

fn clippy(workspace: &Workspace) -> Result<()> {
    run::run(run::cargo(&workspace.root).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn doc(workspace: &Workspace) -> Result<()> {
    run::run(
        run::cargo(&workspace.root)
            .args(["doc", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
