//! Forecasts on a real API server, by a controller that starts with ten days of stored usage: targets
//! by name, by selector and from a template scale before the load comes, one that only recommends shows
//! it, and all say how good their forecasts are.
//!
//! Every day at this hour usage was about eight times what it is now, 100m of CPU, beginning five minutes
//! after the test does. Nothing of it comes while the test runs.

mod harness;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use harness::{Deploy, Launch, World};
use k8s_openapi::api::apps::v1::Deployment;
use plimsoll_domain::{
    Amount, ContainerKey, PerResource, Sample, Timestamp, WorkloadId, WorkloadKind,
};
use plimsoll_engine::{Engine, Settings};
use plimsoll_store::Store;
use serde_json::{Value, json};

const NAMESPACE: &str = "ahead";
const NAMES: [&str; 4] = ["named", "selected", "made", "shown"];
const DAYS: u64 = 10;
const CELL: Duration = Duration::from_mins(5);
const DATA: &str = "stored";
/// Pods ask for less than the load to come.
const ORIGINAL: (&str, &str) = ("200m", "200Mi");

const OBJECTS: &str = "
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: named, namespace: ahead}
spec:
  scaleTargetRef: {kind: Deployment, name: named}
  model: {forecast_blocks: 1h, forecast_cron: '*/1 * * * *', min_lookback_to_scale: 3h}
  vertical:
    mode: autonomous
    containers: [{name: app, cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
---
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: by-selector, namespace: ahead}
spec:
  selector: {matchLabels: {app: selected}}
  model: {mode: overshoot, forecast_blocks: 1h, forecast_interval: 1m, min_lookback_to_scale: 3h}
  vertical:
    mode: autonomous
    containers: [{name: '*', cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
---
apiVersion: thoras.ai/v1
kind: AIScaleTarget
metadata: {name: shown, namespace: ahead}
spec:
  scaleTargetRef: {kind: Deployment, name: shown}
  model: {forecast_blocks: 1h, forecast_interval: 1m, min_lookback_to_scale: 3h}
  vertical:
    mode: recommendation
    containers: [{name: app, cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
---
apiVersion: thoras.ai/v1
kind: ClusterAIScaleTemplate
metadata: {name: ahead}
spec:
  selector: {matchLabels: {fleet: ahead}}
  policy: {conflictResolution: skip}
  template:
    model: {forecast_blocks: 1h, forecast_interval: 1m, min_lookback_to_scale: 3h}
    vertical:
      mode: autonomous
      containers: [{name: '*', cpu: {lowerbound: 10m}, memory: {lowerbound: 10Mi}}]
";

#[tokio::test(flavor = "multi_thread")]
async fn targets_scale_before_the_load_comes() -> Result<()> {
    let world = World::start("forecast").await?;
    world.install_thoras().await?;
    preload(&world).context("preload ten days")?;
    world.namespace(NAMESPACE, &[]).await?;
    for name in NAMES {
        let deploy = Deploy { name, replicas: 1, requests: ORIGINAL, ..Deploy::default() };
        let mut object = deploy.object();
        if name == "made" {
            object["metadata"]["labels"] = json!({"fleet": "ahead"});
        }
        world.create::<Deployment>(NAMESPACE, object).await?;
    }
    world.apply(OBJECTS).await?;
    let launch = Launch { data_dir: Some(DATA), ..Launch::default() };
    let controller = world.controller(&launch).await?;
    for name in ["named", "selected", "made"] {
        let what = format!("more CPU for {name} before it is used");
        world.pods_when(NAMESPACE, &format!("{name}-"), &what, is_raised).await?;
    }
    // Who asks for more of the distribution does not get less; what repeats itself exactly may have the
    // same percentiles.
    let cpu = async |name: &str| -> Result<i64> {
        let pods = world.pods(NAMESPACE, &format!("{name}-")).await?;
        pods.first().and_then(millicores).context("a pod with a request")
    };
    let (overshoot, balanced) = (cpu("selected").await?, cpu("named").await?);
    ensure!(overshoot >= balanced, "{overshoot}m is overshoot, {balanced}m balanced");
    for (name, share) in [("selected", "99.0 %"), ("named", "90.0 %")] {
        let text =
            world.output(&["explain", &format!("deployment/{name}"), "-n", NAMESPACE]).await?;
        ensure!(text.contains(&format!("or below in {share} of all")), "{text}");
    }

    let is_shown = |object: &Value| {
        let request = object["status"]["containers"][0]["recommended"]["requests"]["cpu"].as_str();
        request.and_then(parse).is_some_and(is_ahead)
    };
    let shown =
        world.scaled_when(NAMESPACE, "shown-deployment", "what is foreseen", is_shown).await?;
    ensure!(shown["status"]["decision"]["reason"] == "RecommendOnly", "{shown}");
    for pod in world.pods(NAMESPACE, "shown-").await? {
        ensure!(millicores(&pod) == Some(200), "{pod}");
    }
    what_is_said(&world).await.context("what is said")?;
    let page = controller.metrics()?;
    let followed = "plimsoll_forecasts{kind=\"Deployment\",verdict=\"Followed\"} 8";
    ensure!(page.contains(followed), "{page}");
    controller.end().await
}

/// In the status of the targets, and for whoever asks why.
async fn what_is_said(world: &World) -> Result<()> {
    for name in ["named", "by-selector", "shown", "made"] {
        let path = format!("thoras.ai/v1/namespaces/{NAMESPACE}/aiscaletargets/{name}");
        let says = |object: &Value| {
            let conditions = object["status"]["conditions"].as_array();
            conditions.into_iter().flatten().any(|one| {
                one["type"] == "Forecasting"
                    && one["status"] == "True"
                    && one["reason"] == "Followed"
            })
        };
        world.at_when(&path, &format!("followed forecasts of {name}"), says).await?;
    }
    let text = world.output(&["explain", "deployment/named", "-n", NAMESPACE]).await?;
    for part in
        ["in the 1h after", "the next one is due at", "of what repeating the window just over lost"]
    {
        ensure!(text.contains(part), "{part} is not in\n{text}");
    }
    Ok(())
}

/// Ten days as a controller would have seen and stored them.
fn preload(world: &World) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = Timestamp::from_seconds(i64::try_from(now)?);
    let mut engine = Engine::new(Settings::default());
    engine.keep_cells();
    let begin = now.minus(Duration::from_hours(24 * DAYS));
    let cells = 288 * DAYS;
    for cell in 0..cells {
        let at = begin.plus(CELL * u32::try_from(cell)?);
        // The hour begins with the second cell of each day that is counted from now.
        let is_busy = (1..13).contains(&(cell % 288));
        // No two days are alike.
        let cpu = if is_busy { 700 + u32::try_from(cell / 288 * 70 % 200)? } else { 100 };
        for name in NAMES {
            engine.observe(&sample(name, at, at.since(begin), cpu));
        }
        engine.pass(at);
    }
    engine.pass(now);
    let mut store = Store::open(&world.path(DATA))?;
    store.restore(&mut |_, _| ())?;
    store.append_cells(engine.take_cells())?;
    store.save(engine.snapshots())?;
    Ok(())
}

fn sample(name: &str, at: Timestamp, age: Duration, cpu: u32) -> Sample {
    let workload = WorkloadId {
        namespace: NAMESPACE.into(),
        kind: WorkloadKind::Deployment,
        name: name.into(),
    };
    Sample {
        container: ContainerKey { workload, container: "app".into() },
        pod: "earlier".into(),
        at,
        age: age.saturating_add(CELL),
        usage: PerResource {
            cpu: Some(Amount::from_millicores(cpu)),
            memory: Some(Amount::from_mebibytes(100)),
        },
    }
}

fn is_raised(pod: &Value) -> bool {
    millicores(pod).is_some_and(is_ahead)
}

/// Most of the load that comes every day, and no more than twice of it.
fn is_ahead(millicores: i64) -> bool {
    (600..1600).contains(&millicores)
}

fn millicores(pod: &Value) -> Option<i64> {
    parse(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"].as_str()?)
}

fn parse(cpu: &str) -> Option<i64> {
    match cpu.strip_suffix('m') {
        Some(millicores) => millicores.parse().ok(),
        None => cpu.parse::<i64>().ok().map(|cores| cores * 1000),
    }
}
