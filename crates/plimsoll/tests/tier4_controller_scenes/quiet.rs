//! A controller that starts anew where all is done.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use kube::api::{Api, ListParams};
use plimsoll_api::ScaledWorkload;
use plimsoll_testkit::wait::wait_for;
use serde_json::Value;

use crate::harness::{Controller, Launch, SOON, World};

/// With its history: over several evaluations, the Lease apart, nothing at all is written.
pub(crate) async fn a_restart_writes_nothing(
    world: &World,
    controller: Controller,
    launch: &Launch<'_>,
) -> Result<Controller> {
    wait_for(SOON, "an end of all changes", async || {
        let before = versions(world).await?;
        controller.ticks(6).await?;
        Ok(before == versions(world).await?)
    })
    .await?;
    controller.end().await?;
    let before = versions(world).await?;
    let controller = world.controller(launch).await?;
    evaluated(&controller).await?;
    controller.ticks(8).await?;
    ensure!(before == versions(world).await?, "objects were written");
    let (written, read): (Vec<_>, Vec<_>) =
        calls(&controller)?.into_iter().partition(|(of, _)| is_write(of));
    ensure!(!read.is_empty() && written.is_empty(), "written: {written:?}, read: {read:?}");
    Ok(controller)
}

/// Without its history: what was recommended and published stays, until usage suffices again.
pub(crate) async fn without_history_what_was_known_stays(world: &World) -> Result<()> {
    let known = |object: &Value| {
        (object["status"]["containers"].clone(), object["status"]["published"].clone())
    };
    let before = known(&world.scaled("shop", "web-deployment").await?);
    ensure!(before.0.is_array() && before.1.is_object(), "{before:?}");
    // Nothing can be collected, so that no history can come in the time of this test.
    let launch =
        Launch { data_dir: None, flags: &["--collect-interval", "1h"], ..Launch::default() };
    let controller = world.controller(&launch).await?;
    evaluated(&controller).await?;
    controller.ticks(4).await?;
    let after = known(&world.scaled("shop", "web-deployment").await?);
    ensure!(before == after, "{before:?} became {after:?}");
    let new = super::replaced(world, "shop", "web-").await?;
    let published = &before.1["containers"][0]["resources"]["requests"];
    ensure!(super::requests(&new) == published, "not {published}: {new}");
    controller.end().await
}

/// Waits until workloads were evaluated since the start.
async fn evaluated(controller: &Controller) -> Result<()> {
    wait_for(SOON, "the first evaluation", async || {
        Ok(controller.metric("plimsoll_workloads", &[])? > 0.0)
    })
    .await
}

/// The calls of the API by this process, by verb and resource.
fn calls(controller: &Controller) -> Result<Vec<(String, f64)>> {
    controller.series("plimsoll_api_calls_total")
}

fn is_write(labels: &str) -> bool {
    let reads = ["get", "list", "watch"].map(|verb| format!("verb=\"{verb}\""));
    !labels.contains(r#"resource="leases""#) && !reads.iter().any(|read| labels.contains(read))
}

/// The versions of all objects a controller could write.
async fn versions(world: &World) -> Result<BTreeMap<String, Option<String>>> {
    let objects = Api::<ScaledWorkload>::all(world.client()).list(&ListParams::default()).await?;
    let objects = objects.items.into_iter().map(|object| object.metadata);
    Ok(objects
        .map(|it| (format!("{:?}/{:?}", it.namespace, it.name), it.resource_version))
        .collect())
}
