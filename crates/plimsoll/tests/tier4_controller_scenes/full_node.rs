//! Resizes that a node has no room for, and that fail on it: waited for, told, and done in the end.
//!
//! The pods use 400m and request 100m; with 10 % on top they are to get 440m. Their memory is right:
//! 100Mi and 10 %.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams};
use plimsoll_replay::node::ResizeFault;
use plimsoll_testkit::kubelet::PodMatcher;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use super::{ON, given, reason, restarts};
use crate::harness::{Deploy, Launch, SOON, World};

const NAMESPACE: &str = "full";
const NODE: &str = "fake-2";
/// What a node of the fake kubelet has.
const NODE_MILLICORES: i64 = 16_000;
/// What is left beside all pods: less than a pod is to grow.
const LEFT_MILLICORES: i64 = 50;
const FAILURE: &str = "the runtime said no";

pub(crate) async fn play(world: &World) -> Result<()> {
    end_other_scenes(world).await?;
    world.namespace(NAMESPACE, &[]).await?;
    let grows = Deploy {
        name: "grows",
        replicas: 1,
        configuration: ON,
        usage: "cpu=400m,memory=100Mi",
        requests: ("100m", "110Mi"),
        limits: ("", ""),
    };
    pinned(world, &grows).await?;
    let room = NODE_MILLICORES - LEFT_MILLICORES - requested(world).await?;
    let rest = format!("{room}m");
    let fills = Deploy { name: "fills", configuration: "", requests: (&rest, "1Mi"), ..grows };
    pinned(world, &fills).await?;
    let fails = Deploy { name: "fails", ..grows };
    world.deploy(NAMESPACE, &fails).await?;
    let failing = PodMatcher::pods(NAMESPACE, "fails-");
    world.kubelet.fail_resizes(failing.clone(), Some(ResizeFault::Error(FAILURE.to_owned())));

    let flags = ["--cooldown", "1s"];
    let controller = world.controller(&Launch { flags: &flags, ..Launch::default() }).await?;
    let waits = |object: &Value| reason(object) == "ResizeDeferred";
    world.scaled_when(NAMESPACE, "grows-deployment", "no room told", waits).await?;
    let is_told = |object: &Value| {
        let message = object["status"]["decision"]["message"].as_str().unwrap_or_default();
        reason(object) == "ResizeRefused" && message.contains(FAILURE)
    };
    world.scaled_when(NAMESPACE, "fails-deployment", "a failure told", is_told).await?;
    let has_old = |pod: &Value| given(pod)["requests"]["cpu"] == "100m";
    for prefix in ["grows-", "fails-"] {
        world.pods_when(NAMESPACE, prefix, "what the container had", has_old).await?;
    }

    let none = json!({"spec": {"replicas": 0}});
    world.merge::<Deployment>(NAMESPACE, "fills", none).await?;
    world.kubelet.fail_resizes(failing, None);
    for name in ["grows", "fails"] {
        done(world, name).await.with_context(|| format!("in the end, {name}"))?;
    }
    controller.end().await
}

async fn done(world: &World, name: &str) -> Result<()> {
    let values = json!({"cpu": "440m", "memory": "110Mi"});
    let has_new = |pod: &Value| given(pod)["requests"] == values;
    let pods = world.pods_when(NAMESPACE, &format!("{name}-"), "the resize", has_new).await?;
    ensure!(*restarts(&pods[0]) == 0, "{}", pods[0]);
    let is_settled = |object: &Value| reason(object) == "UpToDate";
    let object = format!("{name}-deployment");
    world.scaled_when(NAMESPACE, &object, "nothing left to do", is_settled).await.map(drop)
}

/// What earlier scenes left there would shrink, and make room.
async fn end_other_scenes(world: &World) -> Result<()> {
    for deployment in Api::<Deployment>::all(world.client()).list(&ListParams::default()).await? {
        let metadata = deployment.metadata;
        let namespace = metadata.namespace.unwrap_or_default();
        let api = Api::<Deployment>::namespaced(world.client(), &namespace);
        api.delete(&metadata.name.unwrap_or_default(), &DeleteParams::background()).await?;
    }
    wait_for(SOON, "an empty node", async || Ok(requested(world).await? == 0)).await
}

/// On the one node, past the scheduler.
async fn pinned(world: &World, deploy: &Deploy<'_>) -> Result<()> {
    let mut object = deploy.object();
    object["spec"]["template"]["spec"]["nodeName"] = NODE.into();
    world.create::<Deployment>(NAMESPACE, object).await?;
    world.ready(NAMESPACE, deploy.name, deploy.replicas).await
}

/// The millicores that all pods on the node request.
async fn requested(world: &World) -> Result<i64> {
    let on_node = ListParams::default().fields(&format!("spec.nodeName={NODE}"));
    let pods = Api::<Pod>::all(world.client()).list(&on_node).await?;
    let containers = pods.iter().flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers));
    let mut sum = 0.0;
    for container in containers {
        let requests = container.resources.as_ref().and_then(|it| it.requests.as_ref());
        if let Some(cpu) = requests.and_then(|requests| requests.get("cpu")) {
            sum += plimsoll_api::parse_quantity(&cpu.0)?.value();
        }
    }
    // Whole millicores all of them: the nearest integer is the right one.
    Ok(format!("{:.0}", sum * 1000.0).parse()?)
}
