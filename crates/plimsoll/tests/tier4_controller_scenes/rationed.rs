//! What holds changes back in the whole cluster: the budget of changed pods, and a dry run.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use super::{ON, is_untouched, reason, replaced, requests};
use crate::harness::{Deploy, Launch, SOON, World};

const NAMESPACE: &str = "six";

/// Six pods, of which two may be changed in a minute.
pub(crate) async fn two_a_minute(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let web = Deploy { replicas: 6, configuration: ON, ..Deploy::default() };
    world.deploy(NAMESPACE, &web).await?;
    let flags = ["--max-changed-pods-per-minute", "2", "--cooldown", "1s"];
    let controller = world.controller(&Launch { flags: &flags, ..Launch::default() }).await?;
    wait_for(SOON, "the first change", async || Ok(changed(world).await? > 0)).await?;
    let began = Instant::now();
    let waits = |object: &Value| reason(object) == "ChangeBudget";
    world.scaled_when(NAMESPACE, "web-deployment", "waiting for the budget", waits).await?;
    controller.ticks(8).await?;
    within_budget(world, began).await?;
    if began.elapsed() < Duration::from_mins(1) {
        let accepted = controller.metric("plimsoll_pod_changes_total", &["Accepted"])?;
        ensure!((accepted - 2.0).abs() < 0.5, "{accepted} changes counted");
    }
    controller.kill().await?;
    a_start_knows_what_was_spent(world, &flags, began).await
}

/// A program that takes over within the minute changes nothing more in it, also where the one
/// before it died without a word.
async fn a_start_knows_what_was_spent(world: &World, flags: &[&str], began: Instant) -> Result<()> {
    let controller = world.controller(&Launch { flags, ..Launch::default() }).await?;
    wait_for(SOON, "the first evaluation", async || {
        Ok(controller.metric("plimsoll_workloads", &[])? > 0.0)
    })
    .await?;
    controller.ticks(4).await?;
    within_budget(world, began).await.context("after a restart")?;
    wait_for(SOON, "the changes of the next minute", async || Ok(changed(world).await? > 2))
        .await?;
    ensure!(began.elapsed() > Duration::from_secs(55), "after {:?}", began.elapsed());
    controller.end().await
}

/// On a machine so slow that a minute has passed, two more are right.
async fn within_budget(world: &World, began: Instant) -> Result<()> {
    let (changed, elapsed) = (changed(world).await?, began.elapsed());
    let minutes = usize::try_from(elapsed.as_secs() / 60)?;
    ensure!(changed <= 2 + 2 * minutes && changed >= 2, "{changed} changed in {elapsed:?}");
    Ok(())
}

async fn changed(world: &World) -> Result<usize> {
    let pods = world.pods(NAMESPACE, "web-").await?;
    Ok(pods.iter().filter(|pod| *requests(pod) != json!({"cpu": "1", "memory": "1Gi"})).count())
}

/// The rest of the six, under a controller that only says what it would do.
pub(crate) async fn a_dry_run_changes_nothing(world: &World) -> Result<()> {
    let before = changed(world).await?;
    let flags = ["--dry-run", "--cooldown", "1s"];
    let controller = world.controller(&Launch { flags: &flags, ..Launch::default() }).await?;
    let is_dry = |object: &Value| reason(object) == "DryRun";
    world.scaled_when(NAMESPACE, "web-deployment", "the dry run in the status", is_dry).await?;
    let explained = world.output(&["explain", "deployment/web", "-n", NAMESPACE]).await?;
    ensure!(explained.contains("100m + 10.0 % = 110m"), "{explained}");
    controller.ticks(6).await?;
    let after = changed(world).await?;
    ensure!(before == after, "{before} pods were changed, and then {after}");
    let new = replaced(world, NAMESPACE, "web-").await?;
    ensure!(is_untouched(&new), "{new}");
    controller.end().await
}
