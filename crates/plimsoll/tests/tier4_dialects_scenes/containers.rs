//! Which containers of a pod are sized: native sidecars as the others, classic init containers never,
//! excluded ones and those that something put into the pod are left alone.
//!
//! Usage is constant: 100m + 10 % = 110m, 100Mi + 10 % = 110Mi.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::{ON, values};
use crate::harness::{Deploy, World, pod_template};

const NAMESPACE: &str = "containers";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    sidecars(world).await.context("native sidecars")?;
    excluded(world).await.context("excluded containers")?;
    injected(world).await.context("injected containers")
}

/// Running pods and new ones: the sidecar is changed in `initContainers`, its neighbour is not.
async fn sidecars(world: &World) -> Result<()> {
    let mut object =
        Deploy { name: "mesh", replicas: 2, configuration: ON, ..Deploy::default() }.object();
    object["spec"]["template"]["spec"]["initContainers"] = json!([
        container("migrate"),
        {"name": "proxy", "image": "proxy", "restartPolicy": "Always", "resources": original()},
    ]);
    world.create::<Deployment>(NAMESPACE, object).await?;
    let is_sized = |pod: &Value| {
        asks(pod, "app") == values()
            && asks(pod, "proxy") == values()
            && asks(pod, "migrate") == original()["requests"]
    };
    world.pods_when(NAMESPACE, "mesh-", "resized sidecars", is_sized).await?;
    let is_settled = |object: &Value| {
        object["status"]["applied"] == json!({"pods": 2, "of": 2})
            && names(&object["status"]["containers"]) == ["app", "proxy"]
    };
    world.scaled_when(NAMESPACE, "mesh-deployment", "settled", is_settled).await?;
    world.admitted_when(NAMESPACE, "mesh-", "a new pod with the values", is_sized).await
}

/// They are recommended for and keep what they ask for.
async fn excluded(world: &World) -> Result<()> {
    let configuration = format!("{ON}  excludedContainers: [log]\n");
    let deploy =
        Deploy { name: "quiet", replicas: 2, configuration: &configuration, ..Deploy::default() };
    let mut object = deploy.object();
    object["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .context("containers")?
        .push(container("log"));
    world.create::<Deployment>(NAMESPACE, object).await?;
    let is_sized =
        |pod: &Value| asks(pod, "app") == values() && asks(pod, "log") == original()["requests"];
    world.pods_when(NAMESPACE, "quiet-", "the other one resized", is_sized).await?;
    world.admitted_when(NAMESPACE, "quiet-", "a new pod with the values", is_sized).await?;
    let is_shown = |object: &Value| {
        let log = &object["status"]["containers"][1];
        log["name"] == "log"
            && log["recommended"]["requests"] == values()
            && names(&object["status"]["published"]["containers"]) == ["app"]
    };
    world.scaled_when(NAMESPACE, "quiet-deployment", "both shown", is_shown).await.map(drop)
}

/// A pod with a container more than its controller's template: as a webhook of somebody else's would
/// have put it there. Here the controller adopts a pod that has it.
async fn injected(world: &World) -> Result<()> {
    let labels = json!({"app": "adopted"});
    let mut pod = pod_template(&Deploy::default(), &labels);
    pod["metadata"]["name"] = "adopted-with-mesh".into();
    pod["spec"]["containers"].as_array_mut().context("containers")?.push(container("mesh"));
    world.create::<Pod>(NAMESPACE, pod).await?;
    let controller = json!({
        "metadata": {
            "name": "adopted",
            "annotations": {"workloads.cast.ai/configuration": ON},
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": pod_template(&Deploy::default(), &labels),
        },
    });
    world.create::<ReplicaSet>(NAMESPACE, controller).await?;
    let is_sized =
        |pod: &Value| asks(pod, "app") == values() && asks(pod, "mesh") == original()["requests"];
    let pods =
        world.pods_when(NAMESPACE, "adopted-", "the template's one resized", is_sized).await?;
    ensure!(pods.len() == 1, "{pods:?}");
    let is_known = |object: &Value| names(&object["status"]["containers"]) == ["app"];
    world.scaled_when(NAMESPACE, "adopted-replicaset", "one container", is_known).await.map(drop)
}

fn container(name: &str) -> Value {
    json!({"name": name, "image": name, "resources": original()})
}

fn original() -> Value {
    json!({"requests": {"cpu": "1", "memory": "1Gi"}})
}

/// What a pod's container of this name asks for, in whichever list it is.
fn asks(pod: &Value, name: &str) -> Value {
    let lists = ["containers", "initContainers"].map(|list| pod["spec"][list].as_array());
    let mut all = lists.into_iter().flatten().flatten();
    all.find(|container| container["name"] == name)
        .map_or(Value::Null, |container| container["resources"]["requests"].clone())
}

fn names(containers: &Value) -> Vec<&str> {
    let all = containers.as_array().into_iter().flatten();
    all.filter_map(|container| container["name"].as_str()).collect()
}
