//! The controller on a real control plane: what it changes and what it leaves alone, with numbers
//! computed by hand.

mod harness;
mod tier4_controller_scenes;

use anyhow::{Context as _, Result};
use harness::{Launch, World};
use tier4_controller_scenes::worked_example;

/// Enough changes a minute for all scenes together, and changes that follow each other at once.
const EAGER: [&str; 4] = ["--max-changed-pods-per-minute", "1000", "--cooldown", "1s"];

#[tokio::test(flavor = "multi_thread")]
async fn what_people_ask_for_is_applied() -> Result<()> {
    let world = World::start("applied").await?;
    let controller = world.controller(&Launch { flags: &EAGER, ..Launch::default() }).await?;
    worked_example::play(&world).await.context("the worked example")?;
    controller.end().await
}
