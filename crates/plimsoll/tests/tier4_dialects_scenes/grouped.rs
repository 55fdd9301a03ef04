//! Containers that count as one, whatever they are called.
//!
//! Usage is constant: 100m + 10 % = 110m, 100Mi + 10 % = 110Mi.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{ON, requests, values};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "grouped";
const GROUPING: &str =
    "containersGrouping:\n- {key: name, operator: contains, values: [worker], into: worker}\n";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let configuration = format!("{ON}{GROUPING}");
    let deploy = Deploy { configuration: &configuration, replicas: 2, ..Deploy::default() };
    let mut object = deploy.object();
    object["spec"]["template"]["spec"]["containers"][0]["name"] = "worker-7f3a".into();
    world.create::<Deployment>(NAMESPACE, object).await?;
    let is_resized = |pod: &Value| *requests(pod) == values();
    world.pods_when(NAMESPACE, "web-", "resized pods", is_resized).await?;
    let counts_as = |object: &Value| object["status"]["containers"][0]["name"] == "worker";
    let object = world.scaled_when(NAMESPACE, "web-deployment", "one group", counts_as).await?;
    ensure!(
        object["status"]["containers"].as_array().is_some_and(|all| all.len() == 1),
        "{object}"
    );
    the_next_name_gets_the_same_values(world).await
}

/// A rollout in which the container is called otherwise.
async fn the_next_name_gets_the_same_values(world: &World) -> Result<()> {
    let mut template = Deploy { replicas: 2, ..Deploy::default() }.object();
    let container = &mut template["spec"]["template"]["spec"]["containers"][0];
    container["name"] = "worker-91c0".into();
    let patch = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    world.merge::<Deployment>(NAMESPACE, "web", patch).await?;
    let is_new = |pod: &Value| {
        pod["spec"]["containers"][0]["name"] == "worker-91c0" && *requests(pod) == values()
    };
    world.pods_when(NAMESPACE, "web-", "new pods with the values", is_new).await.map(drop)
}
