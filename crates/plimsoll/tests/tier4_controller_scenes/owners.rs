//! Pods that are told under the workload at the top of their chain of owners.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::api::ListParams;
use plimsoll_api::ScaledWorkload;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use crate::harness::{Deploy, SOON, World, pod_template};

const NAMESPACE: &str = "kinds";

/// Makes the kind of Argo's Rollouts known, as far as it is read.
pub(crate) async fn define_rollouts(world: &World) -> Result<()> {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({
        "metadata": {"name": "rollouts.argoproj.io"},
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {"kind": "Rollout", "plural": "rollouts", "singular": "rollout"},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything},
            }],
        },
    });
    world.define(vec![serde_json::from_value(definition)?]).await?;
    wait_for(SOON, "the kind of Rollouts", async || {
        Ok(world.at("argoproj.io/v1alpha1/rollouts").await?.is_object())
    })
    .await
}

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let labels = |name: &str| json!({"app": name});
    let template = |name: &str| pod_template(&Deploy::default(), &labels(name));
    let spec =
        |name: &str| json!({"selector": {"matchLabels": labels(name)}, "template": template(name)});
    let mut set = json!({"metadata": {"name": "db"}, "spec": spec("db")});
    set["spec"]["replicas"] = 2.into();
    set["spec"]["serviceName"] = "db".into();
    world.create::<StatefulSet>(NAMESPACE, set).await?;
    let agent = json!({"metadata": {"name": "agent"}, "spec": spec("agent")});
    world.create::<DaemonSet>(NAMESPACE, agent).await?;
    let mut job = json!({"template": template("nightly")});
    job["template"]["spec"]["restartPolicy"] = "Never".into();
    job["template"]["metadata"]["annotations"]["testkit.plimsoll.dev/completes-after"] =
        "2h".into();
    let cron = json!({
        "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": {"spec": job}},
    });
    let cron = world.create::<CronJob>(NAMESPACE, cron).await?;
    let uid = cron.metadata.uid.context("it has a uid")?;
    let owner = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": uid,
        "controller": true,
    });
    let job = json!({"metadata": {"name": "nightly-1", "ownerReferences": [owner]}, "spec": job});
    world.create::<Job>(NAMESPACE, job).await?;
    replica_sets(world, &spec).await.context("ReplicaSets")?;
    for (name, pods) in [
        ("db-statefulset", 2),
        ("agent-daemonset", 3),
        ("nightly-cronjob", 1),
        ("alone-replicaset", 2),
        ("canary-rollout", 3),
    ] {
        let counts = |object: &Value| object["status"]["applied"]["of"] == pods;
        world.scaled_when(NAMESPACE, name, "its pods", counts).await?;
    }
    let all = world.api::<ScaledWorkload>(NAMESPACE).list(&ListParams::default()).await?;
    let names: Vec<_> = all.items.iter().filter_map(|it| it.metadata.name.as_deref()).collect();
    ensure!(names.len() == 5, "what is owned is none of its own: {names:?}");
    Ok(())
}

/// One that nobody owns, and one of a Rollout, which Argo's controller would make.
async fn replica_sets(world: &World, spec: &impl Fn(&str) -> Value) -> Result<()> {
    let set = |name: &str, replicas: u32| {
        let mut set = json!({"metadata": {"name": name}, "spec": spec(name)});
        set["spec"]["replicas"] = replicas.into();
        set
    };
    world.create::<ReplicaSet>(NAMESPACE, set("alone", 2)).await?;
    let mut rollout = set("canary", 3);
    rollout["apiVersion"] = "argoproj.io/v1alpha1".into();
    rollout["kind"] = "Rollout".into();
    rollout["metadata"]["namespace"] = NAMESPACE.into();
    let rollout = world.offer(&rollout.to_string()).await?;
    ensure!(rollout.is_taken, "{}", rollout.refusal());
    let mut owned = set("canary-1", 3);
    owned["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "canary",
        "uid": rollout.body["metadata"]["uid"], "controller": true,
    }]);
    world.create::<ReplicaSet>(NAMESPACE, owned).await?;
    Ok(())
}
