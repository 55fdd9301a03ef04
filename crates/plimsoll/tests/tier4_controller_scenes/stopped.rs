//! The whole cluster is told to stand still, and to go on.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{ON, given, is_untouched, reason, replaced};
use crate::harness::{Controller, Deploy, Launch, World};

const NAMESPACE: &str = "halt";
const NAME: &str = "web-deployment";

/// Restarts the controller on the way.
pub(crate) async fn play(
    world: &World,
    controller: Controller,
    launch: &Launch<'_>,
) -> Result<Controller> {
    world.namespace(NAMESPACE, &[]).await?;
    world.deploy(NAMESPACE, &Deploy { configuration: ON, ..Deploy::default() }).await?;
    has(world, json!({"cpu": "110m", "memory": "110Mi"})).await?;
    let stopped = world.plimsoll(&["stop", "--note", "lunch"]).await?;
    ensure!(stopped.code == 0 && stopped.stderr.contains("stopped"), "{stopped:?}");
    world.scaled_when(NAMESPACE, NAME, "the stop in the status", says_lunch).await?;
    // Both would be raised: 400m and 400Mi are in use now.
    world.usage(NAMESPACE, "", "cpu=400m,memory=400Mi")?;
    nothing_changes(world, &controller).await?;
    controller.end().await?;
    let controller = world.controller(launch).await?;
    nothing_changes(world, &controller).await?;
    world.scaled_when(NAMESPACE, NAME, "the stop after a restart", says_lunch).await?;
    world.output(&["resume"]).await?;
    // Memory: the peak, 400Mi + 10 %. CPU: some mean in between, not told here.
    let is_raised = |pod: &Value| given(pod)["requests"]["memory"] == "440Mi";
    world.pods_when(NAMESPACE, "web-", "the change after the stop", is_raised).await?;
    Ok(controller)
}

async fn has(world: &World, values: Value) -> Result<()> {
    let is_given = |pod: &Value| given(pod)["requests"] == values;
    world.pods_when(NAMESPACE, "web-", "the first values", is_given).await?;
    Ok(())
}

fn says_lunch(object: &Value) -> bool {
    let message = object["status"]["decision"]["message"].as_str().unwrap_or_default();
    reason(object) == "Stopped" && message.contains("lunch")
}

/// Over several evaluations, neither running pods nor a new one.
async fn nothing_changes(world: &World, controller: &Controller) -> Result<()> {
    let new = replaced(world, NAMESPACE, "web-").await?;
    ensure!(is_untouched(&new), "a new pod was patched: {new}");
    world.ready(NAMESPACE, "web", 3).await?;
    let before = specs(world).await?;
    controller.ticks(6).await?;
    let after = specs(world).await?;
    ensure!(before == after, "{before:?} became {after:?}");
    Ok(())
}

async fn specs(world: &World) -> Result<Vec<Value>> {
    let pods = world.pods(NAMESPACE, "web-").await?;
    Ok(pods.iter().map(|pod| json!([pod["metadata"]["name"], pod["spec"]])).collect())
}
