//! Settings in a workload's ScaledWorkload: written before the workload is there, in force where no
//! annotation is, and not lost with the workload.
//!
//! Usage is constant: 100m + 10 % = 110m, and 150Mi at least; 100Mi + 10 % = 110Mi.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::DeleteParams;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use super::{has_condition, recommended, requests};
use crate::harness::{Deploy, SOON, World};

const NAMESPACE: &str = "own";
const OBJECT: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: ScaledWorkload
metadata: {name: web-deployment, namespace: own}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  settings:
    vertical:
      mode: Apply
      startup: {period: 0s}
      confidence: {required: false}
      cpu: {target: p80}
      memory: {target: max, min: 150Mi}
";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.apply(OBJECT).await?;
    world.deploy(NAMESPACE, &Deploy { replicas: 2, ..Deploy::default() }).await?;
    they_govern(world).await.context("they govern")?;
    an_annotation_overrules_them(world).await.context("an annotation overrules them")?;
    they_outlive_the_workload(world).await.context("they outlive the workload")
}

async fn they_govern(world: &World) -> Result<()> {
    let values = json!({"cpu": "110m", "memory": "150Mi"});
    let is_resized = |pod: &Value| *requests(pod) == values;
    world.pods_when(NAMESPACE, "web-", "resized pods", is_resized).await?;
    let object = world.scaled(NAMESPACE, "web-deployment").await?;
    ensure!(object["status"]["governor"] == "ScaledWorkload", "{object}");
    ensure!(object["spec"]["settings"]["vertical"]["memory"]["min"] == "150Mi", "{object}");
    let text = world.output(&["explain", "deployment/web", "-n", NAMESPACE]).await?;
    let min = text.lines().find(|line| line.contains("vertical.memory.min"));
    let min = min.with_context(|| text.clone())?;
    ensure!(min.contains("150Mi") && min.contains("ScaledWorkload"), "{min}");
    Ok(())
}

async fn an_annotation_overrules_them(world: &World) -> Result<()> {
    let off = "vertical:\n  optimization: off\n  startup:\n    period: 0s\n";
    let patch = json!({"metadata": {"annotations": {"workloads.cast.ai/configuration": off}}});
    world.merge::<Deployment>(NAMESPACE, "web", patch).await?;
    let is_overruled = |object: &Value| {
        object["status"]["governor"] == "annotation"
            && has_condition(object, "Overridden", "True", "AnotherGovernor")
            && recommended(object)["memory"] == "110Mi"
    };
    world.scaled_when(NAMESPACE, "web-deployment", "overruled settings", is_overruled).await?;
    Ok(())
}

async fn they_outlive_the_workload(world: &World) -> Result<()> {
    let object = world.scaled(NAMESPACE, "web-deployment").await?;
    ensure!(object["metadata"]["ownerReferences"].is_null(), "{object}");
    let deployments = world.api::<Deployment>(NAMESPACE);
    deployments.delete("web", &DeleteParams::foreground()).await?;
    wait_for(SOON, "the end of the workload", async || {
        Ok(deployments.get_opt("web").await?.is_none())
    })
    .await?;
    let object = world.scaled(NAMESPACE, "web-deployment").await?;
    ensure!(object["spec"]["settings"].is_object(), "{object}");
    Ok(())
}
