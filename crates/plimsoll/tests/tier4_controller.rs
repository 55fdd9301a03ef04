//! The controller on a real control plane: what it changes and what it leaves alone, with numbers
//! computed by hand.

mod harness;
mod tier4_controller_scenes;

use anyhow::{Context as _, Result};
use harness::{Launch, World};
use tier4_controller_scenes::{
    full_node, guaranteed, kills, left_alone, nonsense, owners, quiet, rationed, recorded, silence,
    stopped, worked_example,
};

/// Enough changes a minute for all scenes together, and changes that follow each other at once.
const EAGER: [&str; 4] = ["--max-changed-pods-per-minute", "1000", "--cooldown", "1s"];

#[tokio::test(flavor = "multi_thread")]
async fn what_people_ask_for_is_applied() -> Result<()> {
    let world = World::start("applied").await?;
    owners::define_rollouts(&world).await?;
    let launch = Launch { flags: &EAGER, ..Launch::default() };
    let controller = world.controller(&launch).await?;
    tokio::try_join!(
        async { worked_example::play(&world).await.context("the worked example") },
        async { guaranteed::play(&world).await.context("Guaranteed pods") },
        async { left_alone::play(&world).await.context("what is left alone") },
        async { owners::play(&world).await.context("owners") },
        async { kills::play(&world).await.context("kills for memory") },
        async { nonsense::play(&world, &controller).await.context("what is no review") },
    )?;
    let controller = stopped::play(&world, controller, &launch).await.context("a stop")?;
    let controller =
        quiet::a_restart_writes_nothing(&world, controller, &launch).await.context("a restart")?;
    controller.end().await?;
    kills::were_enough(&world).await?;
    quiet::without_history_what_was_known_stays(&world).await.context("a start without history")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_changes_back_holds() -> Result<()> {
    let world = World::start("held").await?;
    rationed::two_a_minute(&world).await.context("the budget")?;
    rationed::a_dry_run_changes_nothing(&world).await.context("a dry run")?;
    recorded::play(&world).await.context("recorded usage")?;
    full_node::play(&world).await.context("a full node")?;
    silence::play(&world).await.context("a silent API server")
}
