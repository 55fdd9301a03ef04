//! The API server falls silent while the leader works, for less time than its lease lasts: the tick
//! under way ends, the lead is kept, and what there was to do is done.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use super::{ON, requests};
use crate::harness::{Controller, Deploy, Launch, SOON, World};

const NAMESPACE: &str = "silence";
/// Less than the 10 s after which a leader that cannot renew its lease gives up.
const SILENCE: Duration = Duration::from_secs(6);
const FAST: [&str; 4] = ["--evaluate-interval", "1s", "--cooldown", "1s"];

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.deploy(NAMESPACE, &Deploy { configuration: ON, ..Deploy::default() }).await?;
    let controller = world.controller(&Launch { flags: &FAST, ..Launch::default() }).await?;
    sized(world, "110m").await?;
    let before = ticks(&controller)?;

    world.rig.pause_part("apiserver").await?;
    let paused = Instant::now();
    wait_for(SOON, "some seconds of silence", async || {
        ensure!(controller.health()?.0 == 200, "it is not alive: {:?}", controller.health()?);
        Ok(paused.elapsed() >= SILENCE)
    })
    .await?;
    let during = ticks(&controller)?;
    ensure!(during <= before + 3.0, "{} ticks ended without an answer", during - before);
    world.rig.resume_part("apiserver").await?;

    world.usage(NAMESPACE, "web-", "cpu=300m,memory=100Mi")?;
    sized(world, "330m").await?;
    ensure!(controller.metric("plimsoll_leader", &[])? > 0.5, "it lost the lead");
    let all = ticks(&controller)?;
    let bucket = controller.metric("plimsoll_tick_duration_seconds_bucket", &["le=\"16.384\""])?;
    ensure!(all > during && bucket >= all, "of {all} ticks, {} took over 16 s", all - bucket);
    let long = controller.metric("plimsoll_tick_duration_seconds_bucket", &["le=\"1.024\""])?;
    ensure!(long < all, "no tick was under way in the silence");
    controller.end().await
}

fn ticks(controller: &Controller) -> Result<f64> {
    controller.metric("plimsoll_tick_duration_seconds_count", &[])
}

async fn sized(world: &World, cpu: &str) -> Result<()> {
    let expect = json!(cpu);
    let is_sized = |pod: &Value| requests(pod)["cpu"] == expect;
    world.pods_when(NAMESPACE, "web-", &format!("{cpu} in all pods"), is_sized).await.map(drop)
}
