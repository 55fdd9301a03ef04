//! A controller without a volume on a real control plane: what it learned outlives it, in the cluster.

mod harness;

use anyhow::{Context as _, Result, ensure};
use harness::{Controller, Deploy, Launch, SOON, World};
use kube::api::{Api, ListParams};
use plimsoll_api::{HistoryCheckpoint, ScaledWorkload};
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

const SHOP: &str = "shop";
const OBJECT: &str = "web-deployment";

/// Recommended as soon as ten samples are there, and not applied.
const OFF: &str = "vertical:\n  optimization: off\n  startup:\n    period: 0s\n";

/// So many samples no controller of this test collects by itself.
const LEARNED: u64 = 30;

/// Nothing more is collected than at the start, once from each pod: ten are needed.
const HARDLY_COLLECTING: [&str; 2] = ["--collect-interval", "1h"];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_outlives_a_controller_without_a_volume() -> Result<()> {
    let world = World::start("checkpoints").await?;
    world.namespace(SHOP, &[]).await?;
    let web = Deploy { configuration: OFF, usage: "cpu=200m,memory=400Mi", ..Deploy::default() };
    world.deploy(SHOP, &web).await?;

    let learned = learn(&world).await.context("the first controller")?;
    its_checkpoint_goes_with_the_workload(&world).await?;
    goes_on(&world, learned).await.context("the second controller")?;
    without_checkpoints_it_would_not(&world).await?;
    a_broken_one_is_named_and_does_no_harm(&world).await
}

/// Until enough samples count. How many did in the end.
async fn learn(world: &World) -> Result<u64> {
    let launch = Launch { data_dir: None, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    let has_learned = |object: &Value| samples(object) >= LEARNED;
    world.scaled_when(SHOP, OBJECT, "so many samples", has_learned).await?;
    let log = controller.log()?;
    ensure!(log.contains("kept as checkpoints in the cluster"), "{log}");
    controller.end().await?;
    Ok(samples(&world.scaled(SHOP, OBJECT).await?))
}

async fn its_checkpoint_goes_with_the_workload(world: &World) -> Result<()> {
    let all = Api::<HistoryCheckpoint>::all(world.client()).list(&ListParams::default()).await?;
    ensure!(all.items.len() == 1, "{all:?}");
    let checkpoint = world.api::<HistoryCheckpoint>(SHOP).get(OBJECT).await?;
    let scaled = world.api::<ScaledWorkload>(SHOP).get(OBJECT).await?;
    let owners = checkpoint.metadata.owner_references.clone().context("it has an owner")?;
    ensure!(owners.len() == 1 && owners[0].kind == "ScaledWorkload", "{owners:?}");
    ensure!(Some(&owners[0].uid) == scaled.metadata.uid.as_ref(), "{owners:?}");
    ensure!(checkpoint.spec.containers.keys().eq(["app"]), "{checkpoint:?}");
    let bytes = checkpoint.spec.containers["app"].0.len();
    ensure!(bytes < 3 * 1024, "{bytes} bytes for a container with constant usage");
    Ok(())
}

/// What the next one knows at once is what the first one knew.
async fn goes_on(world: &World, learned: u64) -> Result<()> {
    let launch = Launch { data_dir: None, flags: &HARDLY_COLLECTING, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    evaluated(&controller).await?;
    let object =
        world.scaled_when(SHOP, OBJECT, "what was known", |it| samples(it) >= learned).await?;
    let resources = &object["status"]["evaluation"]["containers"][0];
    let recommended = ["cpu", "memory"].map(|name| &resources[name]["recommended"]["request"]);
    ensure!(recommended == [&json!("220m"), &json!("440Mi")], "{resources}");
    let restored = controller.metric("plimsoll_checkpoints_restored_total", &[])?;
    ensure!(restored.total_cmp(&1.0).is_eq(), "{restored} restored");
    controller.end().await
}

async fn without_checkpoints_it_would_not(world: &World) -> Result<()> {
    let flags = [HARDLY_COLLECTING[0], HARDLY_COLLECTING[1], "--checkpoints=false"];
    let launch = Launch { name: "without", data_dir: None, flags: &flags, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    evaluated(&controller).await?;
    let is_unknown = |object: &Value| samples(object) == 0;
    world.scaled_when(SHOP, OBJECT, "that nothing is known", is_unknown).await?;
    let log = controller.log()?;
    ensure!(log.contains("history starts anew at every start"), "{log}");
    controller.end().await
}

async fn a_broken_one_is_named_and_does_no_harm(world: &World) -> Result<()> {
    let broken = json!({"spec": {"containers": {"app": "AAAA"}}});
    world.merge::<HistoryCheckpoint>(SHOP, OBJECT, broken).await?;
    let launch = Launch { name: "broken", data_dir: None, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    let log = controller.log()?;
    let said = log.lines().find(|line| line.contains("could not be read, it is left out"));
    let said = said.context("it is said")?;
    ensure!(said.contains("app of shop/deployment/web"), "{said}");
    let has_learned = |object: &Value| samples(object) >= LEARNED;
    world.scaled_when(SHOP, OBJECT, "that it learns anew", has_learned).await?;
    controller.end().await?;
    let object = world.api::<HistoryCheckpoint>(SHOP).get(OBJECT).await?;
    ensure!(object.spec.containers["app"].0.len() > 3, "what is broken is written over");
    Ok(())
}

/// The samples that counted for CPU in the last evaluation.
fn samples(object: &Value) -> u64 {
    let cpu = &object["status"]["evaluation"]["containers"][0]["cpu"];
    cpu["steps"]["samples"].as_u64().unwrap_or_default()
}

/// Waits until workloads were evaluated since the start.
async fn evaluated(controller: &Controller) -> Result<()> {
    wait_for(SOON, "the first evaluation", async || {
        Ok(controller.metric("plimsoll_workloads", &[])? > 0.0)
    })
    .await
}
