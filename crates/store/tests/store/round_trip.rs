//! What is saved is loaded, and not written twice.

use std::fs;
use std::os::unix::fs::MetadataExt;

use plimsoll_domain::{ContainerKey, WorkloadId, WorkloadKind};
use plimsoll_store::{Loaded, Saved, Store};

use crate::mk::{TestDir, mk_key};

/// Saves in order in one process; expects what the next process loads.
fn check(saves: &[(ContainerKey, &[u8])], expect: &[(ContainerKey, &[u8])]) {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    for (key, bytes) in saves {
        assert_eq!(store.save(key, bytes).unwrap(), Saved::Written);
    }
    drop(store);
    let loaded = Store::open(dir.path()).unwrap().load_all().unwrap();
    let histories = expect.iter().map(|(key, bytes)| (key.clone(), bytes.to_vec()));
    let expect = Loaded { histories: histories.collect(), damaged: Vec::new() };
    assert_eq!(loaded, expect);
}

#[test]
fn nothing_saved_is_nothing_loaded() {
    check(&[], &[]);
}

#[test]
fn snapshots_come_back_in_the_order_of_their_containers() {
    check(
        &[(mk_key("web"), b"two"), (mk_key("api"), b"one")],
        &[(mk_key("api"), b"one"), (mk_key("web"), b"two")],
    );
}

#[test]
fn the_last_snapshot_of_a_container_counts() {
    check(&[(mk_key("web"), b"old"), (mk_key("web"), b"")], &[(mk_key("web"), b"")]);
}

#[test]
fn names_of_any_length_and_kinds_of_any_name_are_kept() {
    let key = ContainerKey {
        workload: WorkloadId {
            namespace: "n".repeat(253),
            kind: WorkloadKind::Other("../Étrange".to_owned()),
            name: "a/b\0c".to_owned(),
        },
        container: String::new(),
    };
    check(&[(key.clone(), b"x")], &[(key, b"x")]);
}

#[test]
fn containers_whose_names_run_together_are_told_apart() {
    let mut split = mk_key("web");
    split.workload.namespace = "sho".to_owned();
    split.workload.name = "pweb".to_owned();
    check(&[(mk_key("web"), b"1"), (split.clone(), b"2")], &[(split, b"2"), (mk_key("web"), b"1")]);
}

#[test]
fn what_is_removed_is_gone() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    store.remove(&mk_key("web")).unwrap();
    store.remove(&mk_key("web")).unwrap();
    let again = store.save(&mk_key("web"), b"one").unwrap();
    assert_eq!(again, Saved::Written);
    store.remove(&mk_key("web")).unwrap();
    assert_eq!(store.load_all().unwrap(), Loaded::default());
}

#[test]
fn what_is_not_to_be_kept_is_gone_also_when_it_was_loaded() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    store.save(&mk_key("old"), b"two").unwrap();
    drop(store);
    let mut store = Store::open(dir.path()).unwrap();
    store.load_all().unwrap();
    store.retain(|key| *key == mk_key("web")).unwrap();
    let expect = Loaded { histories: vec![(mk_key("web"), b"one".to_vec())], damaged: Vec::new() };
    assert_eq!(store.load_all().unwrap(), expect);
}

#[test]
fn a_thousand_unchanged_snapshots_are_not_written() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    let keys: Vec<ContainerKey> = (0..1000).map(|n| mk_key(&format!("web-{n}"))).collect();
    for key in &keys {
        assert_eq!(store.save(key, b"same").unwrap(), Saved::Written);
    }
    // A file that is replaced has another inode.
    let before = inodes(&dir);
    for key in &keys {
        assert_eq!(store.save(key, b"same").unwrap(), Saved::Unchanged);
    }
    assert_eq!(inodes(&dir), before);
}

#[test]
fn what_was_loaded_is_not_written_again() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    drop(store);
    let mut store = Store::open(dir.path()).unwrap();
    store.load_all().unwrap();
    let again = store.save(&mk_key("web"), b"one").unwrap();
    assert_eq!(again, Saved::Unchanged);
    let changed = store.save(&mk_key("web"), b"two").unwrap();
    assert_eq!(changed, Saved::Written);
}

fn inodes(dir: &TestDir) -> Vec<(String, u64)> {
    let names = dir.names().into_iter();
    names
        .map(|name| {
            let inode = fs::metadata(dir.path().join(&name)).unwrap().ino();
            (name, inode)
        })
        .collect()
}
