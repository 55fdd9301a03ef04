//! Custom workloads: pods that share a label and the kind of their controller are one workload.
//!
//! Usage is constant: 100m + 10 % = 110m, 100Mi + 10 % = 110Mi.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::DeleteParams;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use super::{ON, reason, recommended, requests, values};
use crate::harness::{Deploy, SOON, World, pod_template};

const NAMESPACE: &str = "custom";
const LABEL: &str = "workloads.cast.ai/custom-workload";

/// The label's value and what the pod template says beside it.
#[derive(Clone, Copy)]
struct Custom<'a> {
    label: &'a str,
    configuration: &'a str,
}

const ETL: Custom<'_> = Custom { label: "etl", configuration: ON };
const NIGHTLY: Custom<'_> = Custom {
    label: "nightly",
    configuration: "vertical:\n  optimization: on\n  startup: {period: 0s}\n  \
                    confidence: {required: true}\nschedule: {type: jobLike}\n",
};
const STEADY: Custom<'_> = Custom {
    label: "steady",
    configuration: "vertical:\n  optimization: on\n  startup: {period: 0s}\n  \
                    confidence: {required: true}\nschedule: {type: continuous}\n",
};

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    bare_pods(world).await.context("bare pods")?;
    jobs(world).await.context("jobs without a parent")?;
    controllers(world).await.context("controllers that share a value")?;
    newest_template(world).await.context("the newest template")?;
    schedules(world).await.context("schedules")?;
    what_is_shown(world).await
}

async fn bare_pods(world: &World) -> Result<()> {
    for name in ["etl-a", "etl-b"] {
        world.create::<Pod>(NAMESPACE, pod(name, ETL)).await?;
    }
    known(world, "etl-custom-pod", 2).await?;
    // A third one is given the values as it is made; those that run stay as they are.
    let new = admitted(world, ETL).await?;
    let pods = world.pods(NAMESPACE, "etl-").await?;
    ensure!(pods.len() == 3, "{pods:?}");
    for pod in pods.iter().filter(|pod| pod["metadata"]["name"] != new) {
        ensure!(*requests(pod) != values(), "{pod}");
    }
    Ok(())
}

/// Makes pods until one is given the values: they reach the webhook a moment after they are written.
/// Returns its name.
async fn admitted(world: &World, value: Custom<'_>) -> Result<String> {
    let mut name = String::new();
    let mut number = 0;
    wait_for(SOON, "a pod made with the values", async || {
        number += 1;
        name = format!("{}-new-{number}", value.label);
        let made = world.create::<Pod>(NAMESPACE, pod(&name, value)).await?;
        let has_values = *requests(&serde_json::to_value(made)?) == values();
        if !has_values {
            world.delete_pod(NAMESPACE, &name).await?;
        }
        Ok(has_values)
    })
    .await?;
    Ok(name)
}

/// Bare pods count as jobs unless they are said to run all the time: three runs are enough, and what
/// is known stays when none is there.
async fn schedules(world: &World) -> Result<()> {
    for custom in [NIGHTLY, STEADY] {
        for number in 1..=3 {
            let name = format!("{}-{number}", custom.label);
            world.create::<Pod>(NAMESPACE, pod(&name, custom)).await?;
        }
    }
    let is_confident = |object: &Value| {
        object["status"]["confidencePercent"] == 100 && *recommended(object) == values()
    };
    world.scaled_when(NAMESPACE, "nightly-custom-pod", "three runs", is_confident).await?;
    let waits =
        |object: &Value| reason(object) == "LowConfidence" && *recommended(object) == values();
    world.scaled_when(NAMESPACE, "steady-custom-pod", "little confidence", waits).await?;
    for number in 1..=3 {
        world.delete_pod(NAMESPACE, &format!("nightly-{number}")).await?;
    }
    wait_for(SOON, "the end of all runs", async || {
        Ok(world.pods(NAMESPACE, "nightly-").await?.is_empty())
    })
    .await?;
    admitted(world, NIGHTLY).await.map(drop)
}

async fn jobs(world: &World) -> Result<()> {
    for name in ["night-1", "night-2"] {
        let mut template = labelled(name, Custom { label: "night", configuration: ON });
        template["spec"]["restartPolicy"] = "Never".into();
        // Longer than this test looks at it.
        template["metadata"]["annotations"]["testkit.plimsoll.dev/completes-after"] = "1h".into();
        let job = json!({"metadata": {"name": name}, "spec": {"template": template}});
        world.create::<Job>(NAMESPACE, job).await?;
    }
    known(world, "night-custom-job", 2).await
}

async fn controllers(world: &World) -> Result<()> {
    for name in ["left", "right"] {
        deployment(world, name, Custom { label: "shared", configuration: ON }).await?;
    }
    known(world, "shared-custom-deployment", 2).await?;
    // They are no workloads of their own any more.
    for name in ["left-deployment", "right-deployment"] {
        ensure!(world.scaled(NAMESPACE, name).await?.is_null(), "{name} is there");
    }
    // A controller of another kind that has the same value is another workload.
    let labels = json!({"app": "third"});
    let set = json!({
        "metadata": {"name": "third"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": labelled("third", Custom { label: "shared", configuration: ON }),
        },
    });
    world.create::<StatefulSet>(NAMESPACE, set).await?;
    // Its settings come from another policy where none is named: p99 + 20 %, maximum + 30 %.
    let is_sized = |object: &Value| {
        object["status"]["applied"]["of"] == 1
            && *recommended(object) == json!({"cpu": "120m", "memory": "130Mi"})
    };
    world.scaled_when(NAMESPACE, "shared-custom-statefulset", "a workload", is_sized).await?;
    known(world, "shared-custom-deployment", 2).await
}

/// The settings are those of the controller that was created last.
async fn newest_template(world: &World) -> Result<()> {
    let least = |cpu: &str| format!("{ON}  cpu:\n    min: {cpu}\n");
    let is = |object: &Value, cpu: &str, pods: u32| {
        recommended(object)["cpu"] == cpu && object["status"]["applied"]["of"] == pods
    };
    let name = "aged-custom-deployment";
    deployment(world, "elder", Custom { label: "aged", configuration: &least("200m") }).await?;
    world.scaled_when(NAMESPACE, name, "the elder's", |object| is(object, "200m", 1)).await?;
    deployment(world, "younger", Custom { label: "aged", configuration: &least("300m") }).await?;
    world.scaled_when(NAMESPACE, name, "the younger's", |object| is(object, "300m", 2)).await?;
    let delete = DeleteParams::default();
    world.api::<Deployment>(NAMESPACE).delete("younger", &delete).await?;
    let is_back = |object: &Value| is(object, "200m", 1);
    world.scaled_when(NAMESPACE, name, "the elder's again", is_back).await.map(drop)
}

async fn deployment(world: &World, name: &str, custom: Custom<'_>) -> Result<()> {
    let mut object = Deploy { name, replicas: 1, ..Deploy::default() }.object();
    object["spec"]["template"] = labelled(name, custom);
    world.create::<Deployment>(NAMESPACE, object).await.map(drop)
}

async fn what_is_shown(world: &World) -> Result<()> {
    let text = world.output(&["explain", "custom-job/night", "-n", NAMESPACE]).await?;
    ensure!(text.contains("custom-job/night"), "{text}");
    ensure!(text.contains("forced: custom workload"), "{text}");
    Ok(())
}

/// Waits until the workload is recommended for, with so many running pods.
async fn known(world: &World, object: &str, pods: u32) -> Result<()> {
    let is_known = |object: &Value| {
        object["status"]["applied"]["of"] == pods
            && *recommended(object) == values()
            && object["status"]["published"].is_object()
    };
    world.scaled_when(NAMESPACE, object, "a recommendation", is_known).await.map(drop)
}

fn pod(name: &str, custom: Custom<'_>) -> Value {
    let mut pod = labelled(name, custom);
    pod["metadata"]["name"] = name.into();
    pod
}

/// A pod template that configures a custom workload.
fn labelled(name: &str, custom: Custom<'_>) -> Value {
    let labels = json!({"app": name, LABEL: custom.label});
    let mut template = pod_template(&Deploy::default(), &labels);
    let configuration = custom.configuration.into();
    template["metadata"]["annotations"]["workloads.cast.ai/configuration"] = configuration;
    template
}
