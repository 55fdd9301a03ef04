//! `cargo xtask testbed up|down`: a real control plane with simulated nodes, left running in the
//! background for a person to play with. What it started is recorded, and `down` ends exactly that.

mod process;

use crate::run;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use process::Record;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

/// The control plane is up in about 5 s; a busy machine gets many times that.
const READY_WITHIN: Duration = Duration::from_secs(150);
/// Nodes register and the metrics API answers within seconds.
const NODES_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start it, or say how to reach the one that runs.
    Up {
        /// Where its state lies; in memory by default, which keeps etcd fast.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// How many simulated nodes it has.
        #[arg(long, default_value_t = 3)]
        nodes: u16,
    },
    /// End it and remove its state.
    Down {
        /// The folder given to `up`.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// Runs one of the two commands.
pub(crate) fn testbed(command: &Command) -> Result<()> {
    match command {
        Command::Up { dir, nodes } => up(&folder(dir.as_deref())?, *nodes),
        Command::Down { dir } => down(&folder(dir.as_deref())?),
    }
}

fn folder(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(dir) = given {
        return std::path::absolute(dir).context("make the folder's path absolute");
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    let memory = runtime.map_or_else(|| PathBuf::from("/dev/shm"), PathBuf::from);
    Ok(memory.join("plimsoll-testbed"))
}

fn up(dir: &Path, nodes: u16) -> Result<()> {
    let record = Record::of(dir);
    if record.running()?.iter().any(|started| started.name == "rig") {
        println!("# it runs already; `cargo xtask testbed down` ends it");
        tell(dir);
        return Ok(());
    }
    if dir.is_dir() && !record.exists() && fs::read_dir(dir)?.next().is_some() {
        bail!("{} holds something else: give another folder with --dir", dir.display());
    }
    let workspace = Workspace::load()?;
    let rig = plimsoll_testbed::rig_binary().context("build the control plane")?;
    let kubelet = build_kubelet(&workspace)?;
    // What a crash left behind would be taken for the new cluster's.
    down(dir)?;
    fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
    if let Err(error) = start(dir, &rig, &kubelet, nodes) {
        end(&record)?;
        return Err(
            error.context(format!("it could not be started; its logs are in {}", dir.display()))
        );
    }
    tell(dir);
    Ok(())
}

fn build_kubelet(workspace: &Workspace) -> Result<PathBuf> {
    let package = ["build", "--package", "plimsoll-testkit", "--bin", "fake-kubelet"];
    run::run(run::cargo(&workspace.root).args(package))?;
    Ok(workspace.target_dir.join("debug/fake-kubelet"))
}

fn start(dir: &Path, rig: &Path, kubelet: &Path, nodes: u16) -> Result<()> {
    let record = Record::of(dir);
    let mut control_plane = Program::new(rig);
    // It would remove its folder with itself, and a failed start with it the reasons.
    control_plane.args(["up", "-keep", "-dir"]).arg(dir.join("rig"));
    let control_plane = record.start("rig", control_plane)?;
    control_plane.wait_until(READY_WITHIN, "the control plane is ready", || is_ready(dir))?;
    let mut fake = Program::new(kubelet);
    fake.arg("--kubeconfig").arg(kubeconfig(dir)).args(["--nodes", &nodes.to_string()]);
    let fake = record.start("fake-kubelet", fake)?;
    let Some(kubectl) = run::which("kubectl") else {
        return Ok(());
    };
    let registered = || node_count(&kubectl, dir).is_some_and(|count| count >= usize::from(nodes));
    fake.wait_until(NODES_WITHIN, "the nodes are registered", registered)
}

/// The control plane says in one line of JSON how its start went.
fn is_ready(dir: &Path) -> bool {
    let text = fs::read_to_string(dir.join("rig/rig.json")).unwrap_or_default();
    let state: Value = serde_json::from_str(&text).unwrap_or_default();
    state["kubeconfig"].is_string() && state.get("error").is_none()
}

/// How many nodes there are; nothing when there is no answer yet.
fn node_count(kubectl: &Path, dir: &Path) -> Option<usize> {
    let mut kubectl = Program::new(kubectl);
    kubectl.arg("--kubeconfig").arg(kubeconfig(dir)).args(["get", "nodes", "--output", "name"]);
    let names = run::output(&mut kubectl).ok()?;
    Some(names.lines().count())
}

fn kubeconfig(dir: &Path) -> PathBuf {
    dir.join("rig/admin.kubeconfig")
}

fn down(dir: &Path) -> Result<()> {
    let record = Record::of(dir);
    if !record.exists() {
        return Ok(());
    }
    end(&record)?;
    fs::remove_dir_all(dir).with_context(|| format!("remove {}", dir.display()))
}

fn end(record: &Record) -> Result<()> {
    // The nodes first: they would log the loss of their API server.
    for started in record.running()?.iter().rev() {
        started.end()?;
        println!("# ended {} (process {})", started.name, started.pid);
    }
    Ok(())
}

fn tell(dir: &Path) {
    println!("export KUBECONFIG={}", kubeconfig(dir).display());
    println!("# then, for example:");
    println!("#   kubectl get nodes");
    println!("#   cargo run --package plimsoll -- crds | kubectl apply --server-side -f -");
    println!("#   cargo run --package plimsoll -- controller");
    println!("#   cargo xtask testbed down");
}
