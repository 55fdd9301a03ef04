//! The past of a real Prometheus: as a stored history, and as history at the start of a controller.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::prometheus::Server;
use crate::harness::{Deploy, Launch, World};

const NAMESPACE: &str = "past";

/// Recommended, not applied; sure only when nine tenths of the look-back are covered.
const OFF: &str = "vertical:\n  optimization: off\n  confidence:\n    threshold: 0.9\n";

/// 0.25 cores and 410 MiB at most, with 10 % each.
fn values() -> Value {
    json!({"cpu": "275m", "memory": "451Mi"})
}

/// Without a cluster whoever owned the pods is told by kube-state-metrics, else by their names.
pub(crate) async fn a_replay_writes_what_prometheus_knows(
    world: &World,
    prometheus: &Server,
) -> Result<()> {
    let folder = world.path("replayed");
    let folder = folder.to_str().context("a path that is text")?;
    let replay = ["replay", "--prometheus", &prometheus.url, "--since", "14d"];
    let ran = world.plimsoll(&[&replay[..], &["--write-history", folder]].concat()).await?;
    ensure!(ran.code == 0, "{}", ran.stderr);
    for said in ["asks for 8 days", "0 were no usage", "wrote the history of 3 containers"] {
        ensure!(ran.stderr.contains(said), "{said:?} is not in {}", ran.stderr);
    }
    Ok(())
}

/// A Deployment that was created a moment ago in the place of one that ran for a week: there is a
/// sure recommendation before ten samples were seen.
pub(crate) async fn day_zero_is_as_good_as_any(world: &World, prometheus: &Server) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    let usage = "cpu=250m,memory=400Mi";
    let web = Deploy { configuration: OFF, usage, replicas: 1, ..Deploy::default() };
    world.deploy(NAMESPACE, &web).await?;
    let flags = [
        "--prometheus-url",
        &prometheus.url,
        "--prometheus-header",
        "X-Scope-OrgID: team",
        // The first sample is the only one for as long as this lasts.
        "--collect-interval",
        "1h",
        "--evaluate-interval",
        "1s",
    ];
    let launch =
        Launch { name: "day-zero", data_dir: Some("day-zero"), flags: &flags, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    let is_recommended =
        |object: &Value| object["status"]["containers"][0]["recommended"]["requests"] == values();
    world.scaled_when(NAMESPACE, "web-deployment", "the recommendation", is_recommended).await?;
    let is_sure = |object: &Value| object["status"]["confidencePercent"].as_i64() >= Some(99);
    world.scaled_when(NAMESPACE, "web-deployment", "full confidence", is_sure).await?;
    let log = controller.log()?;
    ensure!(log.contains("Asks Prometheus for the past"), "{log}");
    controller.end().await
}
