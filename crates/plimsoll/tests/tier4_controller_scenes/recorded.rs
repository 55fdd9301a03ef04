//! Recorded usage: a history of days that ends now, and live usage that goes on like it, a minute
//! for every second.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use plimsoll_api::parse_quantity;
use plimsoll_domain::{PerResource, Resource};
use plimsoll_replay::trace::Traces;
use plimsoll_testkit::kubelet::PodMatcher;
use plimsoll_testkit::kubelet::usage::UsageModel;
use serde_json::Value;

use super::{measured, reason, requests, restarts};
use crate::harness::{Deploy, Launch, World};

const NAMESPACE: &str = "recorded";
/// Three days; 0.2 cores and 620 MiB at most.
const ENTITY: &str = "borg19/382-2";
const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../replay/data");

pub(crate) async fn play(world: &World) -> Result<()> {
    let folder = world.path("recorded");
    let folder = folder.to_str().context("a path that is text")?;
    let mapping = format!("{ENTITY}={NAMESPACE}/Deployment/web/app");
    let replay = ["replay", "--traces", TRACES, "--as", &mapping, "--write-history", folder];
    world.output(&[&replay[..], &["--ending", "now"]].concat()).await?;
    world.namespace(NAMESPACE, &[]).await?;
    world.kubelet.set_usage(PodMatcher::pods(NAMESPACE, ""), recording()?);
    let configuration = "vertical:\n  optimization: on\n  cpu:\n    max: 300m\n  memory:\n    min: 64Mi\n  confidence:\n    threshold: 0.9\n";
    let web = Deploy { configuration, limits: ("", "1Gi"), ..Deploy::default() };
    world.deploy(NAMESPACE, &web).await?;
    let launch = Launch { data_dir: Some("recorded"), ..Launch::default() };
    let controller = world.controller(&launch).await?;
    let began = Instant::now();
    let changed = |pod: &Value| requests(pod)["cpu"] != "1";
    world.pods_when(NAMESPACE, "web-", "the first change", changed).await?;
    measured(&format!(
        "pods were changed {:.1?} after the start, from history alone",
        began.elapsed()
    ));
    let is_sure = |object: &Value| object["status"]["confidencePercent"].as_i64() >= Some(90);
    world.scaled_when(NAMESPACE, "web-deployment", "high confidence", is_sure).await?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        controller.ticks(2).await?;
        for pod in world.pods(NAMESPACE, "web-").await? {
            holds(&pod).with_context(|| pod.to_string())?;
        }
    }
    let object = world.scaled(NAMESPACE, "web-deployment").await?;
    ensure!(reason(&object) != "Internal", "{object}");
    controller.end().await
}

fn recording() -> Result<UsageModel> {
    let traces = Traces::shipped()?;
    let points = |resource| Ok::<_, anyhow::Error>(traces.series(ENTITY, resource)?.points);
    let series = PerResource { cpu: points(Resource::Cpu)?, memory: points(Resource::Memory)? };
    let sixty = NonZeroU32::new(60).context("it is not zero")?;
    Ok(UsageModel::Trace(series).faster(sixty))
}

/// Within the bounds, no request above its limit, and never restarted.
fn holds(pod: &Value) -> Result<()> {
    let amount = |side: &str, resource: &str| {
        let text = pod["spec"]["containers"][0]["resources"][side][resource].as_str();
        text.map(|text| parse_quantity(text).context("a quantity")).transpose()
    };
    let at_most = |side: &str, resource: &str, most: &str| {
        let amount = amount(side, resource)?;
        let most = parse_quantity(most).context("a quantity")?;
        ensure!(amount.is_some_and(|amount| amount <= most), "{side} {resource} {amount:?}");
        Ok(())
    };
    at_most("requests", "cpu", "300m")?;
    ensure!(amount("requests", "memory")? >= parse_quantity("64Mi").ok(), "less than the minimum");
    ensure!(amount("requests", "memory")? <= amount("limits", "memory")?, "above the limit");
    ensure!(*restarts(pod) == 0, "it was restarted");
    Ok(())
}
