//! The past of a real Prometheus: as a stored history, and as history at the start of a controller.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use plimsoll_domain::{Amount, Timestamp, UsageCell};
use plimsoll_store::StoredCells;
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
    for said in ["0 were no usage", "wrote the history of 3 containers and "] {
        ensure!(ran.stderr.contains(said), "{said:?} is not in {}", ran.stderr);
    }
    are_cells_of_nine_days(Path::new(folder))
}

/// Nine days of what was used, without a gap: more than histories remember.
fn are_cells_of_nine_days(folder: &Path) -> Result<()> {
    let mut stored = StoredCells::open(folder, Timestamp::from_seconds(0))?;
    let names: Vec<String> = stored.keys().iter().map(|key| key.workload.to_string()).collect();
    let expect = ["past/daemonset/agent", "past/deployment/web", "past/statefulset/store"];
    ensure!(names.len() == expect.len(), "{names:?}");
    for name in expect {
        ensure!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
    for (place, name) in names.iter().enumerate() {
        let cells = stored.read(place..place + 1, Timestamp::from_seconds(0))?.concat();
        // Where the first and the last scrape fall within their cells is up to the clock.
        ensure!((9 * 288 - 1..=9 * 288 + 2).contains(&cells.len()), "{}", cells.len());
        let is_next = |two: &[UsageCell]| two[1].start == two[0].start.plus(UsageCell::LENGTH);
        ensure!(cells.windows(2).all(is_next), "{name} has a gap");
        if name.ends_with("/web") {
            let cell = cells[1_000];
            let memory = cell.memory_max.map(|it| it.value() / 1_048_576.0);
            let cpu = [cell.cpu_mean, cell.cpu_max].map(|it| it.map(Amount::value));
            let is_near = |found: Option<f64>, expect: f64| {
                found.is_some_and(|found| (found / expect - 1.0).abs() < 0.002)
            };
            let is_so = cpu.iter().all(|cpu| is_near(*cpu, 0.25)) && is_near(memory, 410.0);
            ensure!(is_so && cell.pods == 2, "{cell:?}");
        }
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
    controller.end().await?;
    // What came in is written at the latest at the end.
    let dir = world.path("day-zero");
    let mut stored = StoredCells::open(&dir, Timestamp::from_seconds(0))?;
    let web = stored.keys().iter().position(|key| &*key.workload.name == "web");
    let web = web.context("cells of web")?;
    let cells = stored.read(web..web + 1, Timestamp::from_seconds(0))?.concat();
    ensure!(cells.len() > 8 * 288, "{}", cells.len());
    Ok(())
}
