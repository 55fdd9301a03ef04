//! AIScaleTargets: by name, by selector, and beaten by an annotation.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{ON, has_condition, requests};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "targets";
const TARGETS: &str = "
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: named, namespace: targets}
spec:
  scaleTargetRef: {kind: Deployment, name: named}
  model: {forecast_buffer_percentage: 20%}
  vertical:
    mode: recommendation
    containers: [{name: app, cpu: {lowerbound: 150m, upperbound: 1}, memory: {lowerbound: 50Mi}}]
---
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: all, namespace: targets}
spec:
  selector: {matchExpressions: [{key: app, operator: In, values: [named, selected]}]}
  model: {forecast_buffer_percentage: 50%}
  vertical:
    mode: recommendation
    containers: [{name: '*', cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
---
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: annotated, namespace: targets}
spec:
  scaleTargetRef: {kind: Deployment, name: annotated}
  model: {}
---
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: missing, namespace: targets}
spec:
  scaleTargetRef: {kind: Deployment, name: nobody}
  model: {}";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.apply(TARGETS).await?;
    for (name, configuration) in [("named", ""), ("selected", ""), ("annotated", ON)] {
        let deploy = Deploy { name, configuration, replicas: 1, ..Deploy::default() };
        world.create::<Deployment>(NAMESPACE, deploy.object()).await?;
    }
    for (workload, governor) in [
        ("named-deployment", "AIScaleTarget named"),
        ("selected-deployment", "AIScaleTarget all (by selector)"),
        ("annotated-deployment", "annotation"),
    ] {
        let governs = |object: &Value| object["status"]["governor"] == governor;
        world.scaled_when(NAMESPACE, workload, governor, governs).await?;
    }
    what_holds(world).await.context("what holds")?;
    what_they_say_themselves(world).await.context("what they say themselves")
}

/// The settings of the target that governs, and of no other.
async fn what_holds(world: &World) -> Result<()> {
    for (workload, name, value, origin) in [
        ("named", "vertical.cpu.overhead", "20.0 %", "AIScaleTarget named"),
        ("named", "vertical.containers.app.cpu.min", "150m", "AIScaleTarget named"),
        ("selected", "vertical.cpu.overhead", "50.0 %", "AIScaleTarget all"),
        ("annotated", "vertical.cpu.overhead", "10.0 %", "built-in policy balanced"),
    ] {
        let object = world.scaled(NAMESPACE, &format!("{workload}-deployment")).await?;
        let settings = object["status"]["evaluation"]["settings"].as_array();
        let setting = settings.into_iter().flatten().find(|setting| setting["name"] == name);
        let setting = setting.with_context(|| format!("{name} in {object}"))?;
        ensure!(setting["value"] == value && setting["origin"] == origin, "{setting}");
    }
    for pod in world.pods(NAMESPACE, "named-").await? {
        ensure!(*requests(&pod) == json!({"cpu": "1", "memory": "1Gi"}), "{pod}");
    }
    Ok(())
}

async fn what_they_say_themselves(world: &World) -> Result<()> {
    for (name, condition, status, reason) in [
        ("named", "Ready", "True", "Ready"),
        ("missing", "Governing", "False", "WorkloadMissing"),
        ("annotated", "Governing", "False", "Overruled"),
    ] {
        let path = format!("thoras.ai/v1/namespaces/{NAMESPACE}/aiscaletargets/{name}");
        let says = |object: &Value| has_condition(object, condition, status, reason);
        world.at_when(&path, &format!("{reason} of {name}"), says).await?;
    }
    Ok(())
}
