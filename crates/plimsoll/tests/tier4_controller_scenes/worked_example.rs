//! Three pods that request 1 CPU and 1 GiB each and use far less.
//!
//! CPU: every pod's usage is constant, so that their p80s are 180m, 220m and 200m; the mean is
//! 200m; with 10 % of overhead 220m. Memory: the maximum over all is 410Mi; with 10 % 451Mi.

use std::time::Instant;

use anyhow::{Result, ensure};
use http::Request;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{OFF, ON, given, measured, replaced, requests, restarts};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "shop";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let web = Deploy {
        configuration: OFF,
        usage: "cpu=180m|220m|200m,memory=390Mi|410Mi|400Mi",
        ..Deploy::default()
    };
    let began = Instant::now();
    world.deploy(NAMESPACE, &web).await?;
    let has_status = |object: &Value| object["status"].is_object();
    world.scaled_when(NAMESPACE, "web-deployment", "a first status", has_status).await?;
    measured(&format!("the first status came {:.1?} after the Deployment", began.elapsed()));
    let (before, generation) = template(world).await?;
    let started = world.pods(NAMESPACE, "web-").await?;
    turn_it_on_once_all_pods_count(world).await?;
    running_pods_are_resized_in_place(world, &started).await?;
    the_object_is_owned(world).await?;
    the_columns_answer_what_and_why(world).await?;
    the_commands_show_why(world).await?;
    a_new_pod_gets_the_values_at_admission(world).await?;
    let (after, now) = template(world).await?;
    ensure!(after == before, "the template was edited: {before} became {after}");
    // A Deployment's generation counts changes of its annotations too: the one made here.
    ensure!(now == generation + 1, "it was edited {} times", now - generation - 1);
    Ok(())
}

/// A pod counts from its tenth sample on. Until all three do, the right values are others, and
/// what is applied early leaves a difference below the threshold.
async fn turn_it_on_once_all_pods_count(world: &World) -> Result<()> {
    let is_recommended =
        |object: &Value| object["status"]["containers"][0]["recommended"]["requests"] == values();
    world.scaled_when(NAMESPACE, "web-deployment", "the recommendation", is_recommended).await?;
    let annotations = json!({"workloads.cast.ai/configuration": ON});
    let patch = json!({"metadata": {"annotations": annotations}});
    world.merge::<Deployment>(NAMESPACE, "web", patch).await
}

fn values() -> Value {
    json!({"cpu": "220m", "memory": "451Mi"})
}

/// What belongs to the user: the template as the API server has it, with fields that no type here
/// knows, and the generation that counts changes of the whole.
async fn template(world: &World) -> Result<(String, i64)> {
    let web = world.at(&format!("apps/v1/namespaces/{NAMESPACE}/deployments/web")).await?;
    let template = web["spec"]["template"].to_string();
    ensure!(template.contains("\"terminationGracePeriodSeconds\":0"), "{web}");
    Ok((template, web["metadata"]["generation"].as_i64().unwrap_or_default()))
}

async fn running_pods_are_resized_in_place(world: &World, started: &[Value]) -> Result<()> {
    let pods = world.pods_when(NAMESPACE, "web-", "the resize of all pods", has_values).await?;
    let uids = |pods: &[Value]| -> Vec<Value> {
        pods.iter().map(|pod| pod["metadata"]["uid"].clone()).collect()
    };
    ensure!(uids(&pods) == uids(started), "pods were replaced");
    for pod in &pods {
        ensure!(*requests(pod) == values(), "{pod}");
        ensure!(*restarts(pod) == 0, "{pod}");
    }
    Ok(())
}

/// The kubelet has given the container the values.
fn has_values(pod: &Value) -> bool {
    given(pod)["requests"] == values()
}

async fn a_new_pod_gets_the_values_at_admission(world: &World) -> Result<()> {
    let new = replaced(world, NAMESPACE, "web-").await?;
    ensure!(*requests(&new) == values(), "{new}");
    ensure!(new["metadata"]["generation"] == 1, "it was resized, not admitted so: {new}");
    ensure!(new["metadata"]["annotations"]["plimsoll.dev/published"].is_string(), "{new}");
    world.ready(NAMESPACE, "web", 3).await
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

/// As `kubectl get scaledworkloads` asks for them.
async fn the_columns_answer_what_and_why(world: &World) -> Result<()> {
    let path = format!("/apis/plimsoll.dev/v1alpha1/namespaces/{NAMESPACE}/scaledworkloads");
    let request = Request::get(path)
        .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .body(Vec::new())?;
    let table: Value = world.client().request(request).await?;
    let cells = table["rows"][0]["cells"].as_array().cloned().unwrap_or_default();
    ensure!(cells.len() > 4 && cells.iter().all(|cell| !cell.is_null()), "{table}");
    Ok(())
}
