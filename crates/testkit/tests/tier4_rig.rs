//! The control plane that other tests stand on: it starts, breaks on request and leaves nothing.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, PostParams};
use plimsoll_testkit::rig::{Rig, RigOptions};
use plimsoll_testkit::wait::wait_for;
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// Set for the run of this program that is going to be killed.
const VICTIM: &str = "PLIMSOLL_TEST_VICTIM";

#[tokio::test]
async fn accepts_pods_and_survives_its_api_server() -> Result<()> {
    let rig = Rig::start(RigOptions::default()).await?;
    let pods: Api<Pod> = Api::default_namespaced(rig.client());
    let pod = serde_json::from_value(json!({
        "metadata": { "name": "one" },
        "spec": { "containers": [{ "name": "main", "image": "none" }] }
    }))?;
    pods.create(&PostParams::default(), &pod).await.context("create a pod")?;
    let all = ListParams::default();

    rig.pause_part("apiserver").await?;
    let hung = timeout(Duration::from_secs(1), pods.list(&all)).await;
    ensure!(hung.is_err(), "a paused server answered: {hung:?}");
    rig.resume_part("apiserver").await?;
    pods.list(&all).await.context("list after the pause")?;

    let before = rig.pids().await;
    rig.stop_part("apiserver").await?;
    ensure!(pods.list(&all).await.is_err(), "a stopped server answered");
    ensure!(!rig.pids().await.contains_key("apiserver"), "a stopped server has an id");
    rig.restart_part("apiserver").await?;
    ensure!(pods.list(&all).await?.items.len() == 1, "the pod was lost");
    ensure!(rig.pids().await["apiserver"] != before["apiserver"], "the server was not restarted");

    let error = rig.pause_part("nothing").await.err().context("an unknown part was paused")?;
    ensure!(error.root_cause().to_string().contains("nothing"), "{error:#}");
    let (dir, pids) = (rig.dir().to_path_buf(), rig.pids().await);
    drop(rig);
    ensure!(!dir.exists(), "{} was left behind", dir.display());
    ensure!(running(&pids).is_empty(), "left running: {:?}", running(&pids));
    Ok(())
}

#[tokio::test]
async fn ends_with_a_killed_starter() -> Result<()> {
    if env::var_os(VICTIM).is_some() {
        return be_killed().await;
    }
    // This program again, with this test only.
    let mut victim = Command::new(env::current_exe()?)
        .args(["--exact", "ends_with_a_killed_starter", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(victim.stdout.take().context("take its output")?).lines();
    let state = loop {
        let line = lines.next_line().await?.context("the starter ended early")?;
        if let Some(state) = line.strip_prefix("started ") {
            break state.to_owned();
        }
    };
    let (dir, pids): (String, BTreeMap<String, u32>) = serde_json::from_str(&state)?;
    ensure!(running(&pids).len() == 4, "only {:?} run", running(&pids));
    victim.kill().await?;
    let limit = Duration::from_secs(20);
    wait_for(limit, "the end of the parts", async || Ok(running(&pids).is_empty())).await?;
    wait_for(limit, "the end of their folder", async || Ok(!Path::new(&dir).exists())).await
}

async fn be_killed() -> Result<()> {
    let rig = Rig::start(RigOptions::default()).await?;
    writeln!(stdout(), "\nstarted {}", json!([rig.dir(), rig.pids().await]))?;
    std::future::pending().await
}

/// The names of the parts whose processes are there.
fn running(pids: &BTreeMap<String, u32>) -> Vec<&str> {
    let runs = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
    pids.iter().filter(|(_, pid)| runs(pid)).map(|(name, _)| name.as_str()).collect()
}
