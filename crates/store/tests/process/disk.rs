//! Disks that are full or read-only: said with every write, and written to again when they are not.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use plimsoll_domain::{ContainerKey, UsageCell};
use plimsoll_store::{Store, StoreError};

use crate::ALONE;
use crate::mk::{TestDir, cells, mk_cell, mk_key, restore};

/// Expects that a write failed for this reason.
fn check<T: std::fmt::Debug>(written: Result<T, StoreError>, expect: ErrorKind) {
    match written {
        Err(StoreError::Write { source, .. }) => assert_eq!(source.kind(), expect),
        other => panic!("{other:?}, expected {expect:?}"),
    }
}

/// Writing to `/dev/full` always finds no room.
#[test]
fn files_for_which_there_is_no_room_are_written_once_there_is() {
    let _alone = ALONE.lock();
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.retain(|_| true).unwrap();
    let files = ["snapshots/00000001.log", "cells/2026-01-05.cells"];
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink("/dev/full", path).unwrap();
    }
    for _ in 0..2 {
        check(store.save([(&mk_key("web"), b"one")]), ErrorKind::StorageFull);
        let cell = (mk_key("web"), mk_cell(1, 1));
        check(store.append_cells(vec![cell]), ErrorKind::StorageFull);
    }
    for file in files {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    assert_eq!(store.save([(&mk_key("web"), b"one")]).unwrap(), 1);
    store.append_cells(vec![(mk_key("web"), mk_cell(2, 1))]).unwrap();
    drop(store);
    assert_eq!(restore(dir.path()).unwrap().0["web"], b"one");
    assert_eq!(cells(dir.path()).unwrap()["web"], [mk_cell(2, 1)]);
}

/// Says to the test that it is run on a disk of its own, and where that is.
const SMALL_DISK: &str = "PLIMSOLL_TEST_SMALL_DISK";

/// A file system of 2 MB in memory, in a namespace of its own: a user may mount there. Where the
/// machine does not let a user have one, the test above stands alone, and this is said.
#[test]
fn a_small_disk_is_full_then_has_room_then_is_read_only_then_is_not() {
    let _alone = ALONE.lock();
    if let Some(dir) = std::env::var_os(SMALL_DISK) {
        mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"], Path::new(&dir));
        return live_on_a_small_disk(Path::new(&dir));
    }
    let may = Command::new("unshare").args(["-Urm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: `unshare -Urm true` fails here; run this test as root");
        return;
    }
    let dir = TestDir::new();
    let name = "disk::a_small_disk_is_full_then_has_room_then_is_read_only_then_is_not";
    let output = Command::new("unshare")
        .arg("-Urm")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(SMALL_DISK, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

fn mount(options: &[&str], dir: &Path) {
    let status = Command::new("mount").args(options).arg(dir).status().unwrap();
    assert!(status.success(), "{options:?}");
}

fn live_on_a_small_disk(disk: &Path) {
    let dir = disk.join("data");
    let filler = disk.join("filler");
    let keys: Vec<ContainerKey> = (0..20).map(|n| mk_key(&format!("web-{n:02}"))).collect();
    let save = |store: &mut Store, round: u8| {
        let bytes = vec![round; 10_000];
        store.save(keys.iter().map(|key| (key, &bytes)))
    };
    let tell = |store: &mut Store, round: u8| {
        let round = u32::from(round);
        store.append_cells(keys.iter().map(|key| (key.clone(), mk_cell(round, round))).collect())
    };
    let mut store = Store::open(&dir).unwrap();
    assert_eq!(save(&mut store, 1).unwrap(), 20);
    tell(&mut store, 1).unwrap();

    // Full while it runs: parts of what is written find room, and are taken back. A few cells still
    // fit into the last page of their file.
    fill(&filler);
    let mut told = vec![1];
    for round in 2..100 {
        check(save(&mut store, round), ErrorKind::StorageFull);
        match tell(&mut store, round) {
            Ok(()) => told.push(u32::from(round)),
            failed => check(failed, ErrorKind::StorageFull),
        }
    }
    assert!(!told.contains(&99), "{told:?}");
    expect(&dir, &told);
    fs::remove_file(&filler).unwrap();
    assert_eq!(save(&mut store, 100).unwrap(), 20);
    tell(&mut store, 100).unwrap();
    told.push(100);
    expect(&dir, &told);
    drop(store);

    // Full when it starts: all is read.
    fill(&filler);
    let mut store = Store::open(&dir).unwrap();
    assert_eq!(restored(&mut store), vec![100; 20]);
    check(save(&mut store, 101), ErrorKind::StorageFull);
    fs::remove_file(&filler).unwrap();
    assert_eq!(save(&mut store, 101).unwrap(), 20);
    tell(&mut store, 101).unwrap();
    drop(store);

    // Read-only when it starts, and no longer.
    mount(&["-o", "remount,ro"], disk);
    let mut store = Store::open(&dir).unwrap();
    assert_eq!(restored(&mut store), vec![101; 20]);
    check(save(&mut store, 102), ErrorKind::ReadOnlyFilesystem);
    check(tell(&mut store, 102), ErrorKind::ReadOnlyFilesystem);
    told.push(101);
    expect(&dir, &told);
    mount(&["-o", "remount,rw"], disk);
    assert_eq!(save(&mut store, 102).unwrap(), 20);
    tell(&mut store, 102).unwrap();
    drop(store);
    let (found, damages) = restore(&dir).unwrap();
    assert!(found.values().all(|bytes| *bytes == vec![102; 10_000]) && found.len() == 20);
    assert_eq!(damages, []);
    told.push(102);
    expect(&dir, &told);
}

/// Takes all the room there is.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

/// The first byte of every snapshot.
fn restored(store: &mut Store) -> Vec<u8> {
    let mut found = Vec::new();
    store.restore(&mut |_, bytes| found.extend(bytes.first())).unwrap();
    assert_eq!(store.take_damages(), []);
    found
}

/// Expects the cells of these rounds, of the last container.
fn expect(dir: &Path, rounds: &[u32]) {
    let expect: Vec<UsageCell> = rounds.iter().map(|round| mk_cell(*round, *round)).collect();
    assert_eq!(cells(dir).unwrap()["web-19"], expect);
}
