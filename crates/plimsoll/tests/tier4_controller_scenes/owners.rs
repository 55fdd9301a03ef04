//! Pods that are told under the workload at the top of their chain of owners.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::api::ListParams;
use plimsoll_api::ScaledWorkload;
use serde_json::{Value, json};

use crate::harness::{Deploy, World, pod_template};

const NAMESPACE: &str = "kinds";

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
    for (name, pods) in [("db-statefulset", 2), ("agent-daemonset", 3), ("nightly-cronjob", 1)] {
        let counts = |object: &Value| object["status"]["applied"]["of"] == pods;
        world.scaled_when(NAMESPACE, name, "its pods", counts).await?;
    }
    let all = world.api::<ScaledWorkload>(NAMESPACE).list(&ListParams::default()).await?;
    ensure!(all.items.len() == 3, "the Job is none of its own: {} objects", all.items.len());
    Ok(())
}
