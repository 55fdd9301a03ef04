//! Directories that cannot be used, or not now.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;

use plimsoll_store::{MAX_SNAPSHOT_BYTES, Store, StoreError};

use crate::mk::{TestDir, mk_key};

/// Expects that a directory is not opened, for this reason.
fn check(dir: &Path, expect: &str) -> StoreError {
    let error = Store::open(dir).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expect), "{text:?}, expected {expect:?}");
    error
}

#[test]
fn a_missing_directory_is_made() {
    let dir = TestDir::new();
    let deep = dir.path().join("a/b/c");
    let mut store = Store::open(&deep).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    assert_eq!(fs::read_to_string(deep.join("format")).unwrap(), "1\n");
}

#[test]
fn a_path_under_a_file_is_no_directory() {
    let dir = TestDir::new();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = check(&file.join("data"), "create the data directory");
    assert!(error.source().is_some());
    check(&file, "create the data directory");
}

#[test]
fn a_second_opener_is_refused_until_the_first_is_gone() {
    let dir = TestDir::new();
    let first = Store::open(dir.path()).unwrap();
    let error = check(dir.path(), "another process uses it");
    assert!(matches!(error, StoreError::InUse { .. }));
    drop(first);
    Store::open(dir.path()).unwrap();
}

#[test]
fn a_later_format_is_refused_and_nothing_touched() {
    let dir = TestDir::new();
    fs::write(dir.path().join("format"), "2\n").unwrap();
    check(dir.path(), "has format \"2\" and this program knows only 1");
    assert_eq!(dir.names(), ["format"]);
}

#[test]
fn a_format_that_is_no_number_is_refused() {
    let dir = TestDir::new();
    fs::write(dir.path().join("format"), "").unwrap();
    check(dir.path(), "has format \"\"");
}

#[test]
fn a_directory_that_vanished_is_an_error_of_the_call_and_not_the_end() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    let saved = store.save(&mk_key("web"), b"one");
    assert!(matches!(saved, Err(StoreError::Write { .. })), "{saved:?}");
    let loaded = store.load_all();
    assert!(matches!(loaded, Err(StoreError::Read { .. })), "{loaded:?}");
    fs::create_dir(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
}

#[test]
fn a_full_disk_is_an_error_that_leaves_the_snapshot_before() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    let temporary = dir.snapshot_file().with_extension("snapshot.tmp");
    // Writing to this device always finds no room.
    symlink("/dev/full", &temporary).unwrap();
    match store.save(&mk_key("web"), b"two") {
        Err(StoreError::Write { source, .. }) => {
            assert_eq!(source.kind(), ErrorKind::StorageFull);
        }
        other => panic!("{other:?}"),
    }
    let loaded = store.load_all().unwrap();
    assert_eq!(loaded.histories, [(mk_key("web"), b"one".to_vec())]);
    store.save(&mk_key("web"), b"two").unwrap();
}

#[test]
fn a_snapshot_too_large_to_be_loaded_is_not_saved() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    let huge = vec![0; MAX_SNAPSHOT_BYTES + 1];
    let saved = store.save(&mk_key("web"), &huge);
    assert!(matches!(saved, Err(StoreError::TooLarge { .. })));
    assert_eq!(dir.names(), ["format", "lock"]);
}

#[test]
fn a_file_that_cannot_be_removed_is_an_error() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), b"one").unwrap();
    let path = dir.snapshot_file();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let removed = store.remove(&mk_key("web"));
    assert!(matches!(removed, Err(StoreError::Remove { .. })));
}
