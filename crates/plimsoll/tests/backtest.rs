//! `plimsoll backtest` on the recordings that ship with the program.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use serde_json::Value;

fn backtest(more: &[&str]) -> Result<Output> {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay/data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command
        .arg("backtest")
        .arg("--traces")
        .arg(traces)
        .args(more)
        .output()
        .context("the program did not start")
}

fn policy(name: &str, text: &str) -> Result<String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text)?;
    Ok(file.to_str().context("a folder with an odd name")?.to_owned())
}

#[test]
fn every_recommender_and_ones_own_policy_are_on_the_leaderboard_the_cheapest_first() {
    let policy = policy("own.yaml", "vertical: {memory: {target: max, overhead: 0.2}}").unwrap();
    let output = backtest(&["--metric", "mem", "--output", "json", "--policy", &policy]).unwrap();
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = found["leaderboard"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["recommender"].as_str().unwrap()).collect();
    for name in ["auto", "your policy", "vpa", "krr", "crane", "autopilot", "attune"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let costs: Vec<f64> =
        rows.iter().map(|row| row["figures"]["cost_med"].as_f64().unwrap()).collect();
    assert!(costs.is_sorted(), "{costs:?}");
    assert!(rows.iter().all(|row| row["figures"]["missing"] == 0.0), "{found}");
}

#[test]
fn a_policy_that_is_refused_is_named_with_its_line() {
    let policy = policy("refused.yaml", "vertical:\n  cpu: {target: p200}\n").unwrap();
    let output = backtest(&["--metric", "cpu", "--policy", &policy]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(said.contains("line 2") && said.contains("target"), "{said}");
}
