//! A process that writes is killed at any moment, again and again: what it had said to be safe is.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use plimsoll_domain::{ContainerKey, UsageCell};
use plimsoll_store::Store;

use crate::ALONE;
use crate::mk::{TestDir, cells, mk_cell, mk_key, restore};

/// Says to the test that it is the process to be killed: its directory.
const WRITES_TO: &str = "PLIMSOLL_TEST_WRITES_TO";

/// How often it is killed, and the containers it writes: enough that a round is several writes.
const KILLS: u32 = 25;
const CONTAINERS: u32 = 1500;

#[test]
fn killed_at_any_moment_at_most_the_round_that_was_being_written_is_lost() {
    let _alone = ALONE.lock();
    if let Some(dir) = std::env::var_os(WRITES_TO) {
        return write_for_ever(Path::new(&dir));
    }
    let dir = TestDir::new();
    let mut safe = 0;
    for kill in 0..KILLS {
        safe = write_and_kill(dir.path(), kill).max(safe);
        check(dir.path(), safe);
    }
    assert!(safe >= KILLS, "{safe} rounds in {KILLS} runs");
}

/// Runs a writer until it has said `kill % 3 + 1` rounds, and a moment longer. Returns the last round
/// that it said to be safe.
fn write_and_kill(dir: &Path, kill: u32) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("kill::killed_at_any_moment_at_most_the_round_that_was_being_written_is_lost")
        .env(WRITES_TO, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut rounds = said.by_ref().filter_map(|line| line.parse::<u32>().ok());
    let mut last = rounds.by_ref().take(1 + kill as usize % 3).last().unwrap();
    // Another place in its round each time; a round takes some milliseconds.
    for turn in 0..kill.wrapping_mul(2_654_435_761) % 4_000_000 {
        std::hint::black_box(turn);
    }
    child.kill().unwrap();
    last = rounds.last().unwrap_or(last);
    child.wait().unwrap();
    last
}

fn check(dir: &Path, safe: u32) {
    let (found, damages) = restore(dir).unwrap();
    assert_eq!(found.len(), CONTAINERS as usize);
    for (name, bytes) in &found {
        let round: u32 = std::str::from_utf8(bytes).unwrap().trim().parse().unwrap();
        assert!(round == safe || round == safe + 1, "{name}: {round}, safe was {safe}");
    }
    assert!(damages.len() <= 1, "{damages:?}");
    let cells = cells(dir).unwrap();
    for n in [0, CONTAINERS / 2, CONTAINERS - 1] {
        let whole: Vec<UsageCell> = (1..=safe).map(|round| mk_cell(round, n + 1)).collect();
        let found = &cells[&*key(n).workload.name];
        let is_told = |expect: &UsageCell, cell: &UsageCell| {
            let off = cell.cpu_mean.unwrap().value() / expect.cpu_mean.unwrap().value() - 1.0;
            cell.start == expect.start && off.abs() < 0.0005
        };
        assert!(found.len() <= whole.len() + 1, "{} cells, {safe} are safe", found.len());
        assert!(found.len() >= whole.len() && whole.iter().zip(found).all(|(a, b)| is_told(a, b)));
    }
}

fn key(n: u32) -> ContainerKey {
    mk_key(&format!("web-{n:04}"))
}

fn write_for_ever(dir: &Path) {
    let mut store = Store::open(dir).unwrap();
    let mut last = 0;
    let known =
        |bytes: &[u8]| -> u32 { std::str::from_utf8(bytes).unwrap().trim().parse().unwrap() };
    store.restore(&mut |_, bytes| last = known(bytes).max(last)).unwrap();
    let keys: Vec<ContainerKey> = (0..CONTAINERS).map(key).collect();
    for round in last + 1.. {
        let cells = keys.iter().zip(1..).map(|(key, n)| (key.clone(), mk_cell(round, n)));
        store.append_cells(cells.collect()).unwrap();
        let bytes = format!("{round:>2000}");
        store.save(keys.iter().map(|key| (key, &bytes))).unwrap();
        writeln!(std::io::stdout(), "{round}").unwrap();
    }
}
