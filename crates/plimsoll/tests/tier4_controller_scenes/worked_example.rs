//! Three pods that request 1 CPU and 1 GiB each and use far less.
//!
//! CPU: every pod's usage is constant, so that their p80s are 180m, 220m and 200m; the mean is
//! 200m; with 10 % of overhead 220m. Memory: the maximum over all is 410Mi; with 10 % 451Mi.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use crate::harness::{Deploy, SOON, World};

const NAMESPACE: &str = "shop";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let web = Deploy {
        configuration: "vertical:\n  optimization: on\n  startup:\n    period: 0s\n",
        usage: "cpu=180m|220m|200m,memory=390Mi|410Mi|400Mi",
        ..Deploy::default()
    };
    world.deploy(NAMESPACE, &web).await?;
    let before = template(world).await?;
    let started = world.pods(NAMESPACE, "web-").await?;
    running_pods_are_resized_in_place(world, &started).await?;
    a_new_pod_gets_the_values_at_admission(world, &started).await?;
    ensure!(template(world).await? == before, "the Deployment was edited");
    the_object_is_owned(world).await?;
    the_commands_show_why(world).await
}

/// What belongs to the user: the template, and the generation that counts changes of it.
async fn template(world: &World) -> Result<(String, Option<i64>)> {
    let web = world.api::<Deployment>(NAMESPACE).get("web").await?;
    let template = web.spec.map(|spec| spec.template);
    Ok((serde_json::to_string(&template)?, web.metadata.generation))
}

async fn running_pods_are_resized_in_place(world: &World, started: &[Value]) -> Result<()> {
    let pods = world.pods_when(NAMESPACE, "web-", "the resize of all pods", has_values).await?;
    let uids = |pods: &[Value]| -> Vec<Value> {
        pods.iter().map(|pod| pod["metadata"]["uid"].clone()).collect()
    };
    ensure!(uids(&pods) == uids(started), "pods were replaced");
    for pod in &pods {
        let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
        ensure!(*requests == json!({"cpu": "220m", "memory": "451Mi"}), "{requests}");
        ensure!(pod["status"]["containerStatuses"][0]["restartCount"] == 0, "{pod}");
    }
    Ok(())
}

/// The kubelet has given the container the values.
fn has_values(pod: &Value) -> bool {
    let given = &pod["status"]["containerStatuses"][0]["resources"]["requests"];
    *given == json!({"cpu": "220m", "memory": "451Mi"})
}

async fn a_new_pod_gets_the_values_at_admission(world: &World, started: &[Value]) -> Result<()> {
    let old = started[0]["metadata"]["name"].as_str().unwrap_or_default();
    world.delete_pod(NAMESPACE, old).await?;
    let mut new = Value::Null;
    wait_for(SOON, "the new pod", async || {
        let pods = world.pods(NAMESPACE, "web-").await?;
        let is_new = |pod: &&Value| started.iter().all(|old| !is_same(old, pod));
        new = pods.iter().find(is_new).cloned().unwrap_or_default();
        Ok(!new.is_null())
    })
    .await?;
    let requests = &new["spec"]["containers"][0]["resources"]["requests"];
    ensure!(*requests == json!({"cpu": "220m", "memory": "451Mi"}), "{new}");
    ensure!(new["metadata"]["generation"] == 1, "it was resized, not admitted so: {new}");
    ensure!(new["metadata"]["annotations"]["plimsoll.dev/published"].is_string(), "{new}");
    world.ready(NAMESPACE, "web", 3).await
}

fn is_same(one: &Value, other: &Value) -> bool {
    one["metadata"]["uid"] == other["metadata"]["uid"]
}

async fn the_commands_show_why(world: &World) -> Result<()> {
    let explained = world.output(&["explain", "deployment/web", "-n", NAMESPACE]).await?;
    for part in ["200m", "10.0 %", "220m", "410Mi", "451Mi", "3 of 3"] {
        ensure!(explained.contains(part), "{part} is not in\n{explained}");
    }
    for (format, part) in [
        ("table", "deployment/web"),
        ("json", "\"220m\""),
        ("yaml", "220m"),
        ("markdown", "| shop"),
    ] {
        let report = world.output(&["report", "-n", NAMESPACE, "-o", format]).await?;
        ensure!(report.contains(part), "{part} is not in\n{report}");
        if format == "json" {
            let parsed: Value = serde_json::from_str(&report)?;
            ensure!(parsed.as_array().is_some_and(|all| all.len() == 1), "{report}");
        }
    }
    Ok(())
}

async fn the_object_is_owned(world: &World) -> Result<()> {
    let applied = |object: &Value| object["status"]["applied"] == json!({"pods": 3, "of": 3});
    let object =
        world.scaled_when(NAMESPACE, "web-deployment", "three applied pods", applied).await?;
    let web = world.api::<Deployment>(NAMESPACE).get("web").await?;
    let owner = &object["metadata"]["ownerReferences"][0];
    ensure!(owner["uid"].as_str() == web.metadata.uid.as_deref(), "{owner}");
    ensure!(owner["kind"] == "Deployment" && owner["name"] == "web", "{owner}");
    ensure!(object["spec"]["targetRef"]["name"] == "web", "{object}");
    Ok(())
}
