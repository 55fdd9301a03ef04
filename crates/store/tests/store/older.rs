//! Directories of the format before: read as they are, and made ours by the first write.

use std::collections::BTreeMap;

use plimsoll_domain::{ContainerKey, WorkloadId};
use plimsoll_store::{Store, StoredCells};

use crate::mk::{Found, TestDir, mk_key, restore};

type Files = BTreeMap<String, Vec<u8>>;

/// A file as format 1 had it.
fn mk_file(key: &ContainerKey, payload: &[u8]) -> Vec<u8> {
    let WorkloadId { namespace, kind, name } = &key.workload;
    let mut bytes = b"plimsnap".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    for text in [namespace, kind.name(), name, &key.container] {
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn mk_name(n: u8) -> String {
    format!("{n:032x}.snapshot")
}

fn mk_directory() -> Files {
    let mut files = Files::from([
        ("format".to_owned(), b"1\n".to_vec()),
        ("lock".to_owned(), Vec::new()),
        ("notes.txt".to_owned(), b"a person's".to_vec()),
        (format!("{}.tmp", mk_name(9)), b"half".to_vec()),
    ]);
    for (n, name) in (0..).zip(["api", "web"]) {
        files.insert(mk_name(n), mk_file(&mk_key(name), name.as_bytes()));
    }
    files
}

fn mk_found() -> Found {
    let one = |name: &str| (name.to_owned(), name.as_bytes().to_vec());
    Found::from([one("api"), one("web")])
}

#[test]
fn a_directory_of_the_format_before_is_read_untouched_and_converted_by_the_first_write() {
    let dir = TestDir::with(&mk_directory());
    assert_eq!(restore(dir.path()).unwrap(), (mk_found(), Vec::new()));
    assert!(StoredCells::open(dir.path(), mk_cell_start()).unwrap().keys().is_empty());
    assert_eq!(dir.contents(), mk_directory());
    let mut store = Store::open(dir.path()).unwrap();
    // One that the engine could not read is kept all the same.
    assert_eq!(store.save([(&mk_key("web"), b"new")]).unwrap(), 1);
    drop(store);
    assert_eq!(dir.names(), ["format", "lock", "notes.txt", "snapshots/00000001.log"]);
    let mut expect = mk_found();
    expect.insert("web".to_owned(), b"new".to_vec());
    assert_eq!(restore(dir.path()).unwrap(), (expect, Vec::new()));
}

fn mk_cell_start() -> plimsoll_domain::Timestamp {
    crate::mk::mk_cell(0, 0).start
}

/// Interrupted after any of its steps, the conversion is begun anew or is over.
#[test]
fn an_interrupted_conversion_loses_nothing() {
    let dir = TestDir::with(&mk_directory());
    Store::open(dir.path()).unwrap().save([(&mk_key("web"), b"web")]).unwrap();
    let log = dir.contents().remove("snapshots/00000001.log").unwrap();
    for cut in 0..=log.len() {
        let mut files = mk_directory();
        files.insert("snapshots/00000001.log".to_owned(), log[..cut].to_vec());
        check_converted(&files);
    }
    for removed in 0..=2 {
        let mut files = dir.contents();
        files.extend(mk_directory().into_iter().filter(|(name, _)| name.contains(".snapshot")));
        (0..removed).for_each(|n| drop(files.remove(&mk_name(n))));
        check_converted(&files);
    }
}

fn check_converted(files: &Files) {
    let dir = TestDir::with(files);
    assert_eq!(restore(dir.path()).unwrap().0, mk_found());
    Store::open(dir.path()).unwrap().save([(&mk_key("web"), b"web")]).unwrap();
    assert_eq!(restore(dir.path()).unwrap().0, mk_found());
    assert_eq!(dir.names(), ["format", "lock", "notes.txt", "snapshots/00000001.log"]);
    assert_eq!(dir.contents()["format"], b"2\n");
}

#[test]
fn a_damaged_file_of_the_format_before_is_told_of_and_the_others_are_read() {
    let good = mk_file(&mk_key("api"), b"api");
    let cuts = (0..good.len()).map(|length| good[..length].to_vec());
    let flips = (0..good.len()).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    let mut other = good.clone();
    other[0] = b'X';
    let end = other.len() - 4;
    let sum = crc32fast::hash(&other[..end]).to_le_bytes();
    other[end..].copy_from_slice(&sum);
    for bytes in cuts.chain(flips).chain([other]) {
        let mut files = mk_directory();
        files.insert(mk_name(0), bytes);
        let dir = TestDir::with(&files);
        let (found, damages) = restore(dir.path()).unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), ["web"]);
        assert!(damages[0].to_string().contains("and was left out"), "{damages:?}");
    }
}
