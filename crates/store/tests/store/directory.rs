//! Directories that cannot be used, or not now.

use std::error::Error;
use std::fs;
use std::path::Path;

use plimsoll_domain::Timestamp;
use plimsoll_store::{Store, StoreError, StoredCells};

use crate::mk::{TestDir, mk_cell, mk_key, restore};

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
    store.save([(&mk_key("web"), b"one")]).unwrap();
    assert_eq!(fs::read_to_string(deep.join("format")).unwrap(), "2\n");
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
    fs::write(dir.path().join("format"), "3\n").unwrap();
    fs::create_dir(dir.path().join("cells")).unwrap();
    fs::write(dir.path().join("cells/2026-01-05.cells"), "of another kind").unwrap();
    let before = dir.contents();
    let error = check(dir.path(), "has format \"3\" and this program knows only 2");
    assert!(error.to_string().contains("use the program's later version"), "{error}");
    let read = StoredCells::open(dir.path(), Timestamp::from_seconds(0));
    assert!(matches!(read, Err(StoreError::UnknownFormat { .. })), "{read:?}");
    assert_eq!(dir.contents(), before);
}

#[test]
fn a_format_that_is_no_number_is_refused() {
    let dir = TestDir::new();
    fs::write(dir.path().join("format"), "").unwrap();
    check(dir.path(), "has format \"\"");
}

#[test]
fn a_directory_that_vanishes_is_begun_anew_with_all_there_is() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save([(&mk_key("web"), b"one")]).unwrap();
    store.append_cells(vec![(mk_key("web"), mk_cell(1, 1))]).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    store.append_cells(vec![(mk_key("web"), mk_cell(2, 1))]).unwrap();
    assert_eq!(store.save([(&mk_key("web"), b"one")]).unwrap(), 1);
    drop(store);
    assert_eq!(restore(dir.path()).unwrap().0["web"], b"one");
    let mut cells = StoredCells::open(dir.path(), Timestamp::from_seconds(0)).unwrap();
    assert_eq!(cells.of(&mk_key("web"), mk_cell(0, 0).start).unwrap(), [mk_cell(2, 1)]);
}
