//! Where Thoras itself runs, its objects are read and its workloads are left to it.

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::reason;
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "foreign";
const TARGET: &str = "
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: web, namespace: foreign}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  model: {}
  vertical:
    mode: autonomous
    containers: [{name: app, cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.namespace("thoras", &[]).await?;
    world.apply(TARGET).await?;
    world.deploy(NAMESPACE, &Deploy { replicas: 1, ..Deploy::default() }).await?;
    let is = |expect: &'static str| move |object: &Value| reason(object) == expect;
    world
        .scaled_when(NAMESPACE, "web-deployment", "no obstacle", |object| {
            !reason(object).is_empty() && reason(object) != "ForeignActuator"
        })
        .await?;
    let operator = Deploy { name: "thoras-operator", replicas: 1, ..Deploy::default() };
    world.create::<Deployment>("thoras", operator.object()).await?;
    world.scaled_when(NAMESPACE, "web-deployment", "a hold", is("ForeignActuator")).await?;
    // Scaled to nothing, it acts no more.
    let none = json!({"spec": {"replicas": 0}});
    world.merge::<Deployment>("thoras", "thoras-operator", none).await?;
    world
        .scaled_when(NAMESPACE, "web-deployment", "an end of the hold", |object| {
            reason(object) != "ForeignActuator"
        })
        .await?;
    Ok(())
}
