//! What the controller costs, measured on a real control plane with fake nodes:
//!
//! ```sh
//! cargo build --release -p plimsoll
//! cargo run --release -p plimsoll-testkit --example figures -- target/release/plimsoll
//! ```
//!
//! 1,000 Deployments of one pod each run under a controller with default flags, and 9,000 further
//! pods are known that wait for a scheduler. It takes about a quarter of an hour: ten samples at the
//! default interval, minutes of looking on, and a load on the webhook while ticks run.

mod fleet;
mod load;
mod program;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use plimsoll_domain::{Amount, PerResource};
use plimsoll_testkit::kubelet::{FakeKubelet, Options};
use plimsoll_testkit::rig::{Rig, RigOptions};

use fleet::Fleet;
use program::Program;

/// Deployments of one pod each.
const WORKLOADS: usize = 1_000;
/// Pods that nobody schedules: with those of the workloads 10,000.
const WAITING: usize = 9_000;
/// Fake nodes: each takes 110 pods and more, and has room for 100 that request 1 CPU.
const NODES: u32 = 20;
/// How long the controller is looked at while nothing else happens: three evaluations.
const LOOKED_AT: Duration = Duration::from_mins(3);
/// How long the webhook is asked: at least one evaluation and two collections are under way in it.
const ASKED_FOR: Duration = Duration::from_secs(90);

#[tokio::main]
async fn main() -> Result<()> {
    let program = std::env::args().nth(1).map(PathBuf::from);
    let program = program.context("the path of a plimsoll built with --release, as argument")?;
    let rig = Rig::start(RigOptions::default()).await?;
    let capacity = PerResource {
        cpu: Amount::from_millicores(128_000),
        memory: Amount::from_mebibytes(512 * 1024),
    };
    let options = Options { nodes: NODES, capacity, ..Options::default() };
    let _kubelet = FakeKubelet::start(rig.client(), options).await?;
    let fleet = Fleet::new(rig.client());
    fleet.install(WORKLOADS).await?;
    say(&format!("{WORKLOADS} workloads run"));

    let program = Program::start(&program, rig.kubeconfig())?;
    fleet.published(WORKLOADS).await?;
    first_status(&fleet).await?;
    resident(&program, &format!("with {WORKLOADS} pods"))?;
    cpu_per_minute(&program).await?;

    fleet.wait_for_nobody(WAITING).await?;
    resident(&program, &format!("with {} pods, {WORKLOADS} of them run", WORKLOADS + WAITING))?;
    webhook(&fleet, &program).await
}

/// From the creation of a Deployment, which makes its pod, to the first status of its workload.
async fn first_status(fleet: &Fleet) -> Result<()> {
    for number in 0..3 {
        let name = format!("late-{number}");
        let began = Instant::now();
        fleet.deploy(&name).await?;
        fleet.status(&name).await?;
        say(&format!("first status: {:.1?} after the creation of its workload", began.elapsed()));
    }
    Ok(())
}

fn resident(program: &Program, when: &str) -> Result<()> {
    let (now, peak) = program.resident_mebibytes()?;
    say(&format!("resident memory {when}: {now:.1} MiB, at most {peak:.1} MiB"));
    Ok(())
}

/// All that the process does in that time, its watches and its webhook included, by the minute: at
/// the default intervals one evaluation and two collections.
async fn cpu_per_minute(program: &Program) -> Result<()> {
    let (cpu, ticks, began) = (program.cpu()?, program.ticks()?, Instant::now());
    tokio::time::sleep(LOOKED_AT).await;
    let (spent, ticks) = (program.cpu()? - cpu, program.ticks()? - ticks);
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    say(&format!(
        "CPU: {:.0} ms in a minute, in {minutes:.1} minutes with {ticks} ticks",
        spent * 1000.0 / minutes
    ));
    Ok(())
}

async fn webhook(fleet: &Fleet, program: &Program) -> Result<()> {
    let client = program.webhook(&fleet.authority().await?)?;
    let reviews = fleet.reviews().await?;
    load::ask(&client, &reviews, Duration::from_secs(1)).await?;
    let before = program.ticks()?;
    let took = load::ask(&client, &reviews, ASKED_FOR).await?;
    let ticks = program.ticks()? - before;
    ensure!(ticks >= 2.0, "{ticks} ticks while the webhook was asked");
    say(&format!("webhook while {ticks} ticks ran: {}", load::told(took)));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program is its output")]
fn say(line: &str) {
    println!("{line}");
}
