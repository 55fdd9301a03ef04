//! Containers that are killed for memory: 260Mi are used under a limit of 256Mi. A fifth more than
//! the limit is 307.2Mi, rounded up 308Mi; the limit that goes with it is half as much again,
//! 460.8Mi, rounded up 461Mi. Bounded to 280Mi: that, and a limit of 420Mi.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{given, measured, restarts};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "killed";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let free = Deploy {
        name: "free",
        replicas: 1,
        // No confidence can be had in the time of this test: what follows must need none.
        configuration: "vertical:\n  optimization: on\n  confidence:\n    threshold: 0.9\n",
        usage: "cpu=100m,memory=100Mi",
        requests: ("200m", "128Mi"),
        limits: ("", "256Mi"),
    };
    let bounded = "vertical:\n  optimization: on\n  memory:\n    max: 280Mi\n";
    let bounded = Deploy { name: "bounded", configuration: bounded, ..free };
    world.deploy(NAMESPACE, &free).await?;
    world.deploy(NAMESPACE, &bounded).await?;
    world.usage(NAMESPACE, "", "cpu=100m,memory=260Mi")?;
    let began = Instant::now();
    for (prefix, request, limit) in [("free-", "308Mi", "461Mi"), ("bounded-", "280Mi", "420Mi")] {
        let raised = |pod: &Value| {
            given(pod)["requests"]["memory"] == request && given(pod)["limits"]["memory"] == limit
        };
        let pods = world.pods_when(NAMESPACE, prefix, "memory raised after a kill", raised).await?;
        let last = &pods[0]["status"]["containerStatuses"][0]["lastState"]["terminated"];
        ensure!(last["reason"] == "OOMKilled" && *restarts(&pods[0]) != 0, "{}", pods[0]);
        ensure!(given(&pods[0])["requests"]["cpu"] == "200m", "CPU waits: {}", pods[0]);
        measured(&format!("{prefix}: raised {:.1?} after usage rose", began.elapsed()));
    }
    let remembers = |object: &Value| object["status"]["oomFloors"][0]["container"] == json!("app");
    world.scaled_when(NAMESPACE, "free-deployment", "the memory of a kill", remembers).await?;
    Ok(())
}

/// Kills told late, of the time before the raise, have not fed another one.
pub(crate) async fn were_enough(world: &World) -> Result<()> {
    for (prefix, limit) in [("free-", "461Mi"), ("bounded-", "420Mi")] {
        for pod in world.pods(NAMESPACE, prefix).await? {
            ensure!(given(&pod)["limits"]["memory"] == limit, "{pod}");
        }
    }
    Ok(())
}
