//! The real node that other tests stand on: the kernel enforces what the pod says, and the pod
//! says what the kernel did.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{Api, Patch, PatchParams, PostParams};
use plimsoll_testkit::real_node::{IMAGE, RealNode};
use plimsoll_testkit::rig::RigOptions;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn resizes_a_running_pod_in_its_control_groups() -> Result<()> {
    let node = RealNode::start(RigOptions::default()).await?;
    let pods: Api<Pod> = Api::default_namespaced(node.client());
    create(&pods, &["sleep", "1000000"], "64Mi").await?;
    let pod = running(&pods).await?;
    ensure!(limits(&node, &pod)? == (Some(250), Some(64 << 20)), "{:?}", limits(&node, &pod)?);
    let id = status(&pod)?.container_id.clone();
    let pressure = node.cgroup(&pod, "main", "unified")?.join("cpu.pressure");
    ensure!(pressure.is_file(), "{} is missing", pressure.display());

    let patch = Patch::Strategic(json!({ "spec": { "containers": [
        { "name": "main", "resources": resources("500m", "96Mi") }
    ] } }));
    pods.patch_subresource("resize", "main", &PatchParams::default(), &patch).await?;
    wait_for(SOON, "the resize", async || Ok(limits(&node, &pod)? == (Some(500), Some(96 << 20))))
        .await?;
    let resized = async || {
        let pod = pods.get("main").await?;
        let status = status(&pod)?;
        ensure!(status.container_id == id && status.restart_count == 0, "restarted: {status:?}");
        Ok(serde_json::to_value(&status.resources)? == resources("500m", "96Mi"))
    };
    wait_for(SOON, "the resize in the status", resized).await?;

    let (dir, group) = (node.dir().to_path_buf(), node.cgroup(&pod, "main", "cpu")?);
    drop(node);
    ensure!(!dir.exists(), "{} was left behind", dir.display());
    ensure!(!top(&group).exists(), "{} was left behind", top(&group).display());
    Ok(())
}

#[tokio::test]
async fn reports_a_container_killed_for_its_memory() -> Result<()> {
    let node = RealNode::start(RigOptions::default()).await?;
    let pods: Api<Pod> = Api::default_namespaced(node.client());
    let grow = "x=0123456789abcdef; while :; do x=$x$x; done";
    create(&pods, &["sh", "-c", grow], "24Mi").await?;
    wait_for(SOON, "the kill", async || {
        let pod = pods.get("main").await?;
        let Ok(status) = status(&pod) else { return Ok(false) };
        let states = [&status.state, &status.last_state];
        let ends = states.into_iter().flatten().filter_map(|state| state.terminated.as_ref());
        Ok(ends
            .into_iter()
            .any(|end| end.reason.as_deref() == Some("OOMKilled") && end.exit_code == 137))
    })
    .await
}

/// Creates the pod `main` with one container `main`.
async fn create(pods: &Api<Pod>, command: &[&str], memory: &str) -> Result<()> {
    let pod = serde_json::from_value(json!({
        "metadata": { "name": "main" },
        "spec": { "terminationGracePeriodSeconds": 0, "containers": [{
            "name": "main", "image": IMAGE, "command": command,
            "resources": resources("250m", memory),
        }] }
    }))?;
    pods.create(&PostParams::default(), &pod).await.context("create the pod")?;
    Ok(())
}

/// The pod, as soon as it runs.
async fn running(pods: &Api<Pod>) -> Result<Pod> {
    let mut pod = Pod::default();
    wait_for(SOON, "the start of the pod", async || {
        pod = pods.get("main").await?;
        let state = status(&pod).ok().and_then(|status| status.state.as_ref());
        Ok(state.is_some_and(|state| state.running.is_some()))
    })
    .await
    .with_context(|| format!("{:?}", pod.status))?;
    Ok(pod)
}

fn resources(cpu: &str, memory: &str) -> Value {
    json!({
        "requests": { "cpu": "100m", "memory": "16Mi" },
        "limits": { "cpu": cpu, "memory": memory },
    })
}

fn status(pod: &Pod) -> Result<&ContainerStatus> {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    statuses.and_then(|statuses| statuses.first()).context("the container has no status yet")
}

/// What the kernel holds the container to: thousandths of a core, and bytes.
fn limits(node: &RealNode, pod: &Pod) -> Result<(Option<i64>, Option<u64>)> {
    let cores = node.cpu_limit(pod, "main")?;
    #[expect(clippy::cast_possible_truncation, reason = "a limit is a few cores")]
    let milli = cores.map(|cores| (cores * 1000.0).round() as i64);
    Ok((milli, node.memory_limit(pod, "main")?))
}

/// The node's own group, four levels above a burstable container's.
fn top(group: &Path) -> &Path {
    group.ancestors().nth(4).unwrap_or(group)
}
