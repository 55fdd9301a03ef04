//! Both dialects on a real API server: what it takes and refuses, what it prints, and what the
//! controller makes of it.

mod harness;
mod tier4_dialects_scenes;

use anyhow::{Context as _, Result};
use harness::{Launch, World};
use tier4_dialects_scenes::{
    assigned, columns, containers, custom, foreign, grouped, judged, own_settings, refused,
    samples, targets, templates,
};

/// Enough changes a minute for all scenes together, and changes that follow each other at once.
const EAGER: [&str; 4] = ["--max-changed-pods-per-minute", "1000", "--cooldown", "1s"];

#[tokio::test(flavor = "multi_thread")]
async fn the_definitions_take_what_is_meant_and_say_what_to_write_instead() -> Result<()> {
    let world = World::start("definitions").await?;
    world.install_thoras().await?;
    samples::play(&world).await.context("samples")?;
    refused::play(&world).await.context("rules of the definitions")?;
    judged::nobody_judges(&world).await.context("without a judge")?;
    columns::short_names(&world).await.context("short names")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_dialects_say_is_done() -> Result<()> {
    let world = World::start("dialects").await?;
    world.install_thoras().await?;
    let controller = world.controller(&Launch { flags: &EAGER, ..Launch::default() }).await?;
    judged::play(&world).await.context("rules of the webhook")?;
    tokio::try_join!(
        async { assigned::play(&world).await.context("policies and who gets them") },
        async { own_settings::play(&world).await.context("a workload's own settings") },
        async { targets::play(&world).await.context("targets") },
        async { templates::play(&world).await.context("templates") },
        async { custom::play(&world).await.context("custom workloads") },
        async { containers::play(&world).await.context("containers") },
        async { grouped::play(&world).await.context("groups of containers") },
    )?;
    columns::play(&world).await.context("printed columns")?;
    foreign::play(&world).await.context("Thoras itself")?;
    controller.end().await
}
