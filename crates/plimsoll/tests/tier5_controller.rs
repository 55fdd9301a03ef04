//! The program over a real kubelet: the kernel holds containers to what it decides, and it learns
//! from what the kernel kills.
#![cfg(test)]

mod harness;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{Controller, Deploy, Launch, OWN_NAMESPACE, SOON, free_port};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStatus, Namespace, Pod};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{ListParams, PostParams};
use plimsoll_api::ScaledWorkload;
use plimsoll_testkit::metrics_server::MetricsServer;
use plimsoll_testkit::real_node::{IMAGE, RealNode};
use plimsoll_testkit::rig::RigOptions;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

/// Ten samples, as often as the kubelet looks, after the API server has found the metrics.
const SIZED: Duration = Duration::from_mins(3);
/// What a sleeping container uses is next to nothing: the least values are what it gets.
const IDLE: &str = "vertical:
  optimization: on
  startup: {period: 0s}
  cpu: {min: 100m, limit: {type: multiplier, multiplier: 2.0}}
  memory: {min: 96Mi, limit: {type: multiplier, multiplier: 2.0}}
";
const GREEDY: &str = "vertical: {optimization: on, startup: {period: 0s}}";
const MEBIBYTE: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_reaches_the_kernel_and_what_the_kernel_kills_is_learned_from() -> Result<()>
{
    // Otherwise the kubelet looks at its containers every ten seconds.
    let often = ("kubelet".to_owned(), "--housekeeping-interval=1s".to_owned());
    let node = RealNode::start(RigOptions { flags: vec![often] }).await?;
    install(&node).await?;
    let _metrics = MetricsServer::start(&node).await?;
    let idle = Deploy {
        name: "idle",
        configuration: IDLE,
        requests: ("200m", "128Mi"),
        limits: ("400m", "256Mi"),
        ..Deploy::default()
    };
    deploy(&node, &idle, &["sleep", "1000000"]).await?;
    let greedy = Deploy {
        name: "greedy",
        configuration: GREEDY,
        requests: ("50m", "24Mi"),
        limits: ("", "24Mi"),
        ..Deploy::default()
    };
    // Doubles what it holds until it holds 32 MiB, which is more than it may.
    let grow = "x=0123456789abcdef; while [ ${#x} -lt 33000000 ]; do x=$x$x; done; sleep 1000000";
    deploy(&node, &greedy, &["sh", "-c", grow]).await?;

    let flags = ["--evaluate-interval", "1s", "--cooldown", "1s"];
    let launch = Launch { data_dir: None, flags: &flags, ..Launch::default() };
    let mut controller = Controller::spawn(node.kubeconfig(), node.dir(), free_port()?, &launch)?;
    controller.ready().await?;
    a_resize_reaches_the_kernel(&node).await.context("a resize")?;
    a_kill_raises_memory(&node).await.context("a kill")?;
    controller.end().await
}

async fn a_resize_reaches_the_kernel(node: &RealNode) -> Result<()> {
    let limits =
        |pod: &Pod| anyhow::Ok((node.cpu_limit(pod, "app")?, node.memory_limit(pod, "app")?));
    let before = running(node, "idle").await?;
    let id = status(&before)?.container_id.clone();
    let wanted = (Some(0.2), Some(192 * MEBIBYTE));
    let mut last = (None, None);
    wait_for(SIZED, "the new limits in the control groups", async || {
        last = limits(&before)?;
        Ok(last == wanted)
    })
    .await
    .with_context(|| format!("limits: {last:?}"))?;
    let after = running(node, "idle").await?;
    let now = status(&after)?;
    ensure!(now.container_id == id && now.restart_count == 0, "restarted: {now:?}");
    let mut scaled = Value::Null;
    wait_for(SOON, "the word that it is done", async || {
        scaled = self::scaled(node, "idle").await?;
        Ok(scaled["decision"]["reason"] == "Bounded")
    })
    .await
    .with_context(|| format!("status: {scaled}"))?;
    ensure!(scaled["applied"] == json!({"pods": 1, "of": 1}), "{scaled}");
    Ok(())
}

async fn a_kill_raises_memory(node: &RealNode) -> Result<()> {
    let mut scaled = Value::Null;
    wait_for(SIZED, "memory learned from a kill", async || {
        scaled = self::scaled(node, "greedy").await?;
        Ok(scaled["oomFloors"][0]["container"] == "app")
    })
    .await
    .with_context(|| format!("status: {scaled}"))?;
    let mut seen = String::new();
    wait_for(SIZED, "more memory for the container that was killed", async || {
        let pod = pod(node, "greedy").await?;
        let status = status(&pod)?;
        let limit = node.memory_limit(&pod, "app").ok().flatten();
        seen = format!("limit {limit:?}, {status:?}");
        let runs = status.state.as_ref().is_some_and(|state| state.running.is_some());
        Ok(runs && limit.is_some_and(|limit| limit > 33 * MEBIBYTE))
    })
    .await
    .with_context(|| format!("{seen}; {scaled}"))
}

async fn install(node: &RealNode) -> Result<()> {
    let definitions: Api<CustomResourceDefinition> = Api::all(node.client());
    for definition in plimsoll_api::crds() {
        definitions.create(&PostParams::default(), &definition).await?;
    }
    let namespaces: Api<Namespace> = Api::all(node.client());
    let own = serde_json::from_value(json!({"metadata": {"name": OWN_NAMESPACE}}))?;
    namespaces.create(&PostParams::default(), &own).await?;
    let objects: Api<ScaledWorkload> = Api::all(node.client());
    wait_for(SOON, "the definitions in effect", async || {
        Ok(objects.list(&ListParams::default()).await.is_ok())
    })
    .await
}

/// Creates a Deployment of one pod that runs this command.
async fn deploy(node: &RealNode, deploy: &Deploy<'_>, command: &[&str]) -> Result<()> {
    let mut object = Deploy { replicas: 1, ..*deploy }.object();
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["image"] = IMAGE.into();
    container["command"] = json!(command);
    let deployments: Api<Deployment> = Api::default_namespaced(node.client());
    deployments.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
    Ok(())
}

async fn pod(node: &RealNode, name: &str) -> Result<Pod> {
    let pods: Api<Pod> = Api::default_namespaced(node.client());
    let found = pods.list(&ListParams::default().labels(&format!("app={name}"))).await?;
    found.items.into_iter().next().context("there is no pod yet")
}

async fn running(node: &RealNode, name: &str) -> Result<Pod> {
    let runs = |pod: &Pod| {
        let state = status(pod).ok().and_then(|status| status.state.as_ref());
        state.is_some_and(|state| state.running.is_some())
    };
    wait_for(SOON, "the start of the pod", async || {
        Ok(pod(node, name).await.is_ok_and(|pod| runs(&pod)))
    })
    .await?;
    pod(node, name).await
}

fn status(pod: &Pod) -> Result<&ContainerStatus> {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    statuses.and_then(|statuses| statuses.first()).context("the container has no status yet")
}

/// What the program says of a Deployment.
async fn scaled(node: &RealNode, name: &str) -> Result<Value> {
    let objects: Api<ScaledWorkload> = Api::default_namespaced(node.client());
    let object = objects.get_opt(&format!("{name}-deployment")).await?;
    Ok(serde_json::to_value(object.and_then(|object| object.status))?)
}
