//! A ClusterAIScaleTemplate: AIScaleTargets come, change and go with workloads that match.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::names;
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "templates";
const EXCLUDED: &str = "templates-not";
const TEMPLATE: &str = "
apiVersion: thoras.ai/v1
kind: ClusterAIScaleTemplate
metadata: {name: fleet}
spec:
  selector: {matchLabels: {fleet: 'yes'}}
  policy: {conflictResolution: skip, excludedNamespaces: [templates-not]}
  template:
    model: {mode: balanced}
    vertical:
      mode: recommendation
      containers: [{name: '*', cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
";
const GOVERNOR: &str = "AIScaleTarget made (from a template)";
const BY_HAND: &str = "
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: by-hand, namespace: templates}
spec:
  scaleTargetRef: {kind: Deployment, name: by-hand}
  model: {mode: overshoot}
";

pub(crate) async fn play(world: &World) -> Result<()> {
    for namespace in [NAMESPACE, EXCLUDED] {
        world.namespace(namespace, &[]).await?;
    }
    world.apply(BY_HAND).await?;
    world.apply(TEMPLATE).await?;
    for (namespace, name, label) in [
        (NAMESPACE, "made", "yes"),
        (NAMESPACE, "by-hand", "yes"),
        (NAMESPACE, "plain", "no"),
        (EXCLUDED, "excluded", "yes"),
    ] {
        let mut object = Deploy { name, replicas: 1, ..Deploy::default() }.object();
        object["metadata"]["labels"] = json!({"fleet": label});
        world.create::<Deployment>(namespace, object).await?;
    }
    come(world).await.context("come")?;
    change(world).await.context("change")?;
    go(world).await.context("go")
}

async fn come(world: &World) -> Result<()> {
    let is_made = |object: &Value| object["spec"]["scaleTargetRef"]["name"] == "made";
    let made = world.at_when(&target(NAMESPACE, "made"), "a target that is made", is_made).await?;
    ensure!(names(&made["metadata"], "fleet"), "{made}");
    ensure!(made["spec"]["model"]["mode"] == "balanced", "{made}");
    let governs = |object: &Value| object["status"]["governor"] == GOVERNOR;
    world.scaled_when(NAMESPACE, "made-deployment", "a governing target", governs).await?;
    left_alone(world).await
}

/// What a person made, what does not match, and what is excluded.
async fn left_alone(world: &World) -> Result<()> {
    let by_hand = world.at(&target(NAMESPACE, "by-hand")).await?;
    ensure!(by_hand["spec"]["model"]["mode"] == "overshoot", "{by_hand}");
    ensure!(world.at(&target(NAMESPACE, "plain")).await?.is_null(), "plain has a target");
    ensure!(world.at(&target(EXCLUDED, "excluded")).await?.is_null(), "excluded has a target");
    Ok(())
}

async fn change(world: &World) -> Result<()> {
    world.apply(&TEMPLATE.replace("mode: balanced", "mode: cost_optimized")).await?;
    let has_changed = |object: &Value| object["spec"]["model"]["mode"] == "cost_optimized";
    world.at_when(&target(NAMESPACE, "made"), "a changed target", has_changed).await?;
    left_alone(world).await
}

async fn go(world: &World) -> Result<()> {
    let patch = json!({"metadata": {"labels": {"fleet": "no"}}});
    world.merge::<Deployment>(NAMESPACE, "made", patch).await?;
    world.at_when(&target(NAMESPACE, "made"), "no target any more", Value::is_null).await?;
    left_alone(world).await
}

fn target(namespace: &str, name: &str) -> String {
    format!("thoras.ai/v1/namespaces/{namespace}/aiscaletargets/{name}")
}
