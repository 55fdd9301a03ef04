//! Recorded usage becomes a stored history, and a stored history is replayed.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Five minutes before 2026, so that recordings of a week begin with a whole week since the epoch, as
/// they do as recorded: recommenders that look by the hour or day look at the same times.
const ENDING: &str = "1767225300";

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay/data")
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{name}"));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Two recordings of a week as the history of two containers.
fn write_history(dir: &Path) {
    let output = run(&[
        "replay",
        "--traces",
        text(&traces()),
        "--as",
        "borg19/113-11=shop/Deployment/web/app",
        "--as",
        "borg19/113-115=bank/StatefulSet/ledger/db",
        "--write-history",
        text(dir),
        "--ending",
        ENDING,
    ]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the history of 2 containers and"), "{said}");
}

/// Every file below a folder.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn a_history_is_replayed_beside_a_running_controller_and_left_as_it_is() {
    let dir = folder("replayed");
    let data = dir.join("data");
    write_history(&data);
    // What a controller that runs does.
    let lock = File::options().write(true).open(data.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let before = contents(&data);
    let (decisions, score) = (dir.join("decisions.csv.gz"), dir.join("score.json"));
    for metric in ["cpu", "mem"] {
        let output = run(&[
            "replay",
            "vertical",
            "--history",
            text(&data),
            "--metric",
            metric,
            "--decisions",
            text(&decisions),
            "--score",
            text(&score),
        ]);
        assert!(output.status.success(), "{output:?}");
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        for container in ["shop/Deployment/web/app", "bank/StatefulSet/ledger/db"] {
            let row = table.lines().find(|line| line.ends_with(container));
            let figures: Vec<f64> = row
                .unwrap_or_else(|| panic!("{container} in {table}"))
                .split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect();
            assert!(figures.len() >= 4 && figures[1] > 0.5 && figures[1] < 10.0, "{table}");
        }
        let score: Value = serde_json::from_str(&fs::read_to_string(&score).unwrap()).unwrap();
        assert_eq!(score["groups"]["all"]["n"], 2.0);
    }
    assert!(contents(&data) == before, "reading writes nothing");
}

/// The same usage as traces and as a history asks for the same, up to the 0.1 % of stored amounts.
#[test]
fn a_history_scores_as_the_recording_that_it_was_made_of() {
    let dir = folder("scored");
    write_history(&dir);
    let leaderboard = |args: &[&str]| -> BTreeMap<String, f64> {
        let output = run(&[&["backtest", "--metric", "cpu", "--output", "json"], args].concat());
        assert!(output.status.success(), "{output:?}");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = found["leaderboard"].as_array().unwrap().iter();
        let footprint = |row: &Value| row["figures"]["footprint_gm"].as_f64().unwrap();
        rows.map(|row| (row["recommender"].as_str().unwrap().to_owned(), footprint(row))).collect()
    };
    let stored = leaderboard(&["--history", text(&dir), "--sources", "shop"]);
    let only = folder("scored-traces");
    one_series(&only, "borg19/113-11");
    let recorded = leaderboard(&["--traces", text(&only)]);
    assert_eq!(stored.len(), recorded.len());
    for (name, footprint) in &stored {
        let off = footprint / recorded[name] - 1.0;
        assert!(off.abs() < 0.01, "{name}: {footprint} stored, {} recorded", recorded[name]);
    }
}

/// The shipped recordings with one entity in their index.
fn one_series(to: &Path, entity: &str) {
    let index = fs::read_to_string(traces().join("series.csv")).unwrap();
    let kept = index
        .lines()
        .enumerate()
        .filter(|(n, line)| *n == 0 || line.contains(&format!(",{entity},")));
    let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
    fs::write(to.join("series.csv"), kept.join("\n") + "\n").unwrap();
    for metric in ["cpu", "mem"] {
        fs::create_dir_all(to.join(metric)).unwrap();
        let file = format!("{metric}/demo.csv.gz");
        fs::copy(traces().join(&file), to.join(&file)).unwrap();
    }
}

#[test]
fn a_folder_without_cells_is_said_to_have_none() {
    let dir = folder("empty");
    let output = run(&["backtest", "--history", text(&dir), "--metric", "cpu"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("no usage is stored in"), "{said}");
    fs::write(dir.join("format"), "3\n").unwrap();
    let output = run(&["backtest", "--history", text(&dir), "--metric", "cpu"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("use the program's later version"), "{said}");
}
