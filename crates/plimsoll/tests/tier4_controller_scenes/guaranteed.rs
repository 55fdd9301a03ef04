//! Pods whose requests equal their limits, and a container that a resize of memory would restart.
//!
//! Usage is constant: 200m + 10 % = 220m, 400Mi + 10 % = 440Mi.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{ON, given, restarts};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "classes";
const USAGE: &str = "cpu=200m,memory=400Mi";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let both = Deploy {
        name: "guaranteed",
        configuration: ON,
        usage: USAGE,
        limits: ("1", "1Gi"),
        ..Deploy::default()
    };
    world.deploy(NAMESPACE, &both).await?;
    let mut fragile = Deploy { name: "fragile", limits: ("", ""), ..both }.object();
    fragile["spec"]["template"]["spec"]["containers"][0]["resizePolicy"] = json!([
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "RestartContainer"},
    ]);
    world.create::<Deployment>(NAMESPACE, fragile).await?;
    world.ready(NAMESPACE, "fragile", 3).await?;
    request_and_limit_move_together(world).await?;
    a_resize_that_restarts_is_left_out(world).await
}

async fn request_and_limit_move_together(world: &World) -> Result<()> {
    let values = json!({"cpu": "220m", "memory": "440Mi"});
    let has_both = |pod: &Value| given(pod)["requests"] == values && given(pod)["limits"] == values;
    let pods =
        world.pods_when(NAMESPACE, "guaranteed-", "resized Guaranteed pods", has_both).await?;
    for pod in pods {
        ensure!(pod["status"]["qosClass"] == "Guaranteed" && *restarts(&pod) == 0, "{pod}");
    }
    Ok(())
}

async fn a_resize_that_restarts_is_left_out(world: &World) -> Result<()> {
    let cpu_only = json!({"cpu": "220m", "memory": "1Gi"});
    let is_resized = |pod: &Value| given(pod)["requests"] == cpu_only;
    world.pods_when(NAMESPACE, "fragile-", "CPU resized alone", is_resized).await?;
    let held = |object: &Value| super::reason(object) == "NeedsRecreate";
    let name = "fragile-deployment";
    world.scaled_when(NAMESPACE, name, "memory left to new pods", held).await?;
    for pod in world.pods(NAMESPACE, "fragile-").await? {
        ensure!(is_resized(&pod) && *restarts(&pod) == 0, "{pod}");
    }
    Ok(())
}
