//! `cargo xtask test`: all tests, built once, then run tier by tier, the least powerful first.
//! What cannot run is said at the end with the command that installs it; `--setup` installs it
//! first and then lets nothing be skipped.

mod helm;
mod needs;
mod plan;
mod tally;

use crate::run;
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use needs::Need;
use plan::Group;
use std::process::Command;
use std::time::Instant;
use tally::Tally;

/// What became of one group of tests.
struct Outcome {
    group: Group,
    result: Ran,
    seconds: f64,
}

enum Ran {
    /// Ran to the end: the counts, and whether cargo was content.
    Counted(Tally, bool),
    /// Did not run, for want of these.
    Lacking(Vec<Need>),
}

/// Runs the tiers asked for, or all.
pub(crate) fn test(setup: bool, tiers: &[u8]) -> Result<()> {
    let workspace = Workspace::load()?;
    let mut groups = plan::groups(&workspace);
    groups.retain(|group| tiers.is_empty() || tiers.iter().any(|&tier| group.holds(tier)));
    if setup {
        needs::install(&groups)?;
    }
    run::run(run::cargo(&workspace.root).args(["test", "--workspace", "--no-run"]))?;
    let mut outcomes = Vec::new();
    for group in groups {
        outcomes.push(run_group(&workspace, group, setup)?);
    }
    conclude(&outcomes, setup)
}

/// Runs the tests that hold golden files, which then write them instead of comparing.
pub(crate) fn bless() -> Result<()> {
    let workspace = Workspace::load()?;
    let mut command = plan::cheap(&workspace).command(&workspace.root);
    run::run(command.env("PLIMSOLL_BLESS", "1"))?;
    println!("golden files are written anew: review them with `git diff`");
    Ok(())
}

fn run_group(workspace: &Workspace, group: Group, setup: bool) -> Result<Outcome> {
    eprintln!("\n== {}", group.title());
    let started = Instant::now();
    let lacking = needs::lacking(&group);
    let result = if lacking.is_empty() {
        let (tally, content) = count(workspace, &group, setup)?;
        Ran::Counted(tally, content)
    } else {
        Ran::Lacking(lacking)
    };
    Ok(Outcome { group, result, seconds: started.elapsed().as_secs_f64() })
}

fn count(workspace: &Workspace, group: &Group, setup: bool) -> Result<(Tally, bool)> {
    let mut tally = Tally::default();
    let mut content = true;
    for mut command in group.commands(&workspace.root) {
        prepare(&mut command, setup)?;
        content &= run::watch(&mut command, |line| tally.add(line))?;
    }
    Ok((tally, content))
}

/// Tells the tests where fetched tools lie, and whether a missing one is a failure.
fn prepare(command: &mut Command, setup: bool) -> Result<()> {
    for (variable, tool) in [("PLIMSOLL_HELM", "helm"), ("PLIMSOLL_KUBECTL", "kubectl")] {
        if let Some(path) = helm::find(tool)? {
            command.env(variable, path);
        }
    }
    if setup {
        command.env("PLIMSOLL_SKIP_NOTHING", "1");
    }
    Ok(())
}

fn conclude(outcomes: &[Outcome], setup: bool) -> Result<()> {
    let mut total = Tally::default();
    let mut problems = Vec::new();
    println!("\n== Summary");
    for outcome in outcomes {
        let title = outcome.group.title();
        match &outcome.result {
            Ran::Counted(tally, content) => {
                total.merge(tally);
                println!("{title:<28} {tally}  in {:.0} s", outcome.seconds);
                problems
                    .extend(verdict(tally, *content, setup).map(|why| format!("{title}: {why}")));
            }
            Ran::Lacking(needs) => {
                println!("{title:<28} DID NOT RUN: {}", needs::names(needs));
                if setup {
                    problems.push(format!("{title}: still lacks {}", needs::names(needs)));
                }
            }
        }
    }
    shout(outcomes);
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}", problems.join("; "));
}

/// Why a group that ran is not good, if it is not.
fn verdict(tally: &Tally, content: bool, setup: bool) -> Option<String> {
    if tally.failed > 0 || !content {
        return Some(format!("failed ({tally})"));
    }
    if tally.passed == 0 {
        return Some("no test ran".to_owned());
    }
    // Ignored tests hide as success.
    (setup && tally.ignored > 0).then(|| format!("{} tests ignored", tally.ignored))
}

fn shout(outcomes: &[Outcome]) {
    let lacking = |outcome: &Outcome| match &outcome.result {
        Ran::Lacking(needs) => needs.clone(),
        Ran::Counted(..) => Vec::new(),
    };
    let mut needs: Vec<Need> = outcomes.iter().flat_map(lacking).collect();
    needs.sort();
    needs.dedup();
    if needs.is_empty() {
        return;
    }
    println!("\n!!! NOT EVERYTHING RAN. What is missing, and what it is for:");
    for need in &needs {
        println!("!!!   {}: {}", need.name, need.why);
    }
    println!("!!! Install it with:");
    for line in needs::install_lines(&needs) {
        println!("!!!   {line}");
    }
    println!("!!! or let `cargo xtask test --setup` do it.");
}

#[cfg(test)]
mod tests {
    use super::{Tally, verdict};

    fn check(counts: [u64; 3], content: bool, setup: bool, expect: Option<&str>) {
        let [passed, failed, ignored] = counts;
        let tally = Tally { passed, failed, ignored };
        assert_eq!(verdict(&tally, content, setup).as_deref(), expect);
    }

    #[test]
    fn nothing_run_is_no_success() {
        check([3, 0, 0], true, true, None);
        check([0, 0, 0], true, false, Some("no test ran"));
        check([3, 0, 0], false, false, Some("failed (3 passed, 0 failed)"));
        check([3, 1, 0], false, false, Some("failed (3 passed, 1 failed)"));
        check([3, 0, 1], true, false, None);
        check([3, 0, 1], true, true, Some("1 tests ignored"));
    }
}
