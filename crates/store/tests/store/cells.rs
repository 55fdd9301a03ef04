//! Cells come back as they were, each once, in files of their days.

use plimsoll_domain::{Amount, ContainerKey, Timestamp, UsageCell};
use plimsoll_store::{Store, StoredCells};

use crate::mk::{BEGIN, TestDir, cells, mk_cell, mk_key};

const ALWAYS: Timestamp = Timestamp::from_seconds(0);

#[test]
fn cells_of_two_days_are_in_two_files_and_come_back_in_order() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    // Five minutes at a time, as they end, but for one that comes late.
    for number in [286, 288, 287, 289] {
        let cells =
            vec![(mk_key("web"), mk_cell(number, 100)), (mk_key("api"), mk_cell(number, 7))];
        store.append_cells(cells).unwrap();
    }
    let files = ["cells/2026-01-05.cells", "cells/2026-01-06.cells", "format", "lock"];
    assert_eq!(dir.names(), files);
    let mut stored = StoredCells::open(dir.path(), ALWAYS).unwrap();
    assert_eq!(stored.keys(), [mk_key("api"), mk_key("web")]);
    let expect: Vec<UsageCell> = (286..290).map(|number| mk_cell(number, 100)).collect();
    assert_eq!(stored.of(&mk_key("web"), ALWAYS).unwrap(), expect);
    let since = mk_cell(288, 0).start;
    assert_eq!(stored.of(&mk_key("web"), since).unwrap(), &expect[2..]);
    assert_eq!(stored.of(&mk_key("other"), ALWAYS).unwrap(), []);
    let mut late = StoredCells::open(dir.path(), since).unwrap();
    assert_eq!(late.of(&mk_key("web"), ALWAYS).unwrap(), &expect[2..]);
}

#[test]
fn what_is_absent_stays_absent_and_pods_are_counted() {
    let dir = TestDir::new();
    let full = UsageCell { cpu_max: Amount::new(0.75), pods: 300, ..mk_cell(1, 512) };
    let no_cpu = UsageCell { cpu_mean: None, cpu_max: None, ..mk_cell(2, 0) };
    let no_memory = UsageCell { memory_max: None, ..mk_cell(3, 0) };
    let told = [full, no_cpu, no_memory];
    let mut store = Store::open(dir.path()).unwrap();
    store.append_cells(told.iter().map(|cell| (mk_key("web"), *cell)).collect()).unwrap();
    assert_eq!(cells(dir.path()).unwrap()["web"], told);
}

#[test]
fn a_cell_that_is_told_again_after_a_restart_stays_as_it_was() {
    let dir = TestDir::new();
    for millicores in [100, 50] {
        let mut store = Store::open(dir.path()).unwrap();
        store.append_cells(vec![(mk_key("web"), mk_cell(1, millicores))]).unwrap();
    }
    assert_eq!(cells(dir.path()).unwrap()["web"], [mk_cell(1, 100)]);
}

/// Containers that come and go, more than a block has, over several restarts.
#[test]
fn thousands_of_containers_keep_their_own() {
    let dir = TestDir::new();
    let key = |n: u32| mk_key(&format!("web-{n:05}"));
    for number in 0..4 {
        let mut store = Store::open(dir.path()).unwrap();
        // Others are new each time, and not in order.
        let there = (0..2500).rev().filter(|n| n % (number + 2) != 0);
        let told = there.map(|n| (key(n), mk_cell(number, n + 1))).collect();
        store.append_cells(told).unwrap();
    }
    let found = cells(dir.path()).unwrap();
    for n in 0..2500 {
        let there = (0..4).filter(|number| n % (number + 2) != 0);
        let expect: Vec<UsageCell> = there.map(|number| mk_cell(number, n + 1)).collect();
        let cells = found.get(&*key(n).workload.name).cloned().unwrap_or_default();
        assert_eq!(cells.len(), expect.len(), "{n}");
        for (cell, expect) in cells.iter().zip(expect) {
            let off = cell.cpu_mean.unwrap().value() / expect.cpu_mean.unwrap().value() - 1.0;
            assert!(cell.start == expect.start && off.abs() < 0.0005, "{n}: {cell:?}");
        }
    }
}

#[test]
fn days_that_are_over_are_removed_as_files() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    for day in 0..4 {
        store.append_cells(vec![(mk_key("web"), mk_cell(288 * day, 1))]).unwrap();
    }
    let before = |seconds| Timestamp::from_seconds(BEGIN + seconds);
    store.forget_cells(before(2 * 86_400 - 1)).unwrap();
    let days = |dir: &TestDir| -> Vec<String> {
        dir.names().into_iter().filter(|name| name.starts_with("cells/")).collect()
    };
    assert_eq!(days(&dir).len(), 3);
    // Read, while its day goes.
    let mut stored = StoredCells::open(dir.path(), ALWAYS).unwrap();
    store.forget_cells(before(3 * 86_400)).unwrap();
    assert_eq!(days(&dir), ["cells/2026-01-08.cells"]);
    assert_eq!(stored.of(&mk_key("web"), ALWAYS).unwrap().len(), 3);
    store.append_cells(vec![(mk_key("web"), mk_cell(0, 5))]).unwrap();
    assert_eq!(cells(dir.path()).unwrap()["web"], [mk_cell(0, 5), mk_cell(288 * 3, 1)]);
}

#[test]
fn cells_are_read_while_the_store_is_open_and_written_to() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.append_cells(vec![(mk_key("web"), mk_cell(1, 1))]).unwrap();
    let before = StoredCells::open(dir.path(), ALWAYS);
    store.append_cells(vec![(mk_key("web"), mk_cell(2, 2))]).unwrap();
    assert_eq!(before.unwrap().of(&mk_key("web"), ALWAYS).unwrap(), [mk_cell(1, 1)]);
    let mut after = StoredCells::open(dir.path(), ALWAYS).unwrap();
    assert_eq!(after.of(&mk_key("web"), ALWAYS).unwrap(), [mk_cell(1, 1), mk_cell(2, 2)]);
}

#[test]
fn where_nothing_is_stored_nothing_is_read() {
    let dir = TestDir::new();
    let none: [ContainerKey; 0] = [];
    assert_eq!(StoredCells::open(dir.path(), ALWAYS).unwrap().keys(), none);
    Store::open(dir.path()).unwrap().append_cells(Vec::new()).unwrap();
    assert_eq!(StoredCells::open(dir.path(), ALWAYS).unwrap().keys(), none);
    // A moment of a year that has no four digits has no file.
    let late = UsageCell { start: Timestamp::from_seconds(i64::MAX), ..mk_cell(1, 1) };
    Store::open(dir.path()).unwrap().append_cells(vec![(mk_key("web"), late)]).unwrap();
    assert_eq!(StoredCells::open(dir.path(), ALWAYS).unwrap().keys(), none);
}
