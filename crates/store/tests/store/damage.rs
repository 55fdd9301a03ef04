//! Damaged files are moved aside, told of, and never fatal.

use std::fs;

use plimsoll_store::{Loaded, Store};

use crate::mk::{TestDir, mk_key};

/// Two containers, one whose file is replaced by `bytes`; expects the other alone to be loaded, and
/// the file to be told of with these words and kept.
fn check(bytes: &[u8], expect: &str) {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), PAYLOAD).unwrap();
    let path = dir.snapshot_file();
    store.save(&mk_key("api"), PAYLOAD).unwrap();
    fs::write(&path, bytes).unwrap();

    let loaded = store.load_all().unwrap();
    assert_eq!(loaded.histories, [(mk_key("api"), PAYLOAD.to_vec())]);
    let (told, what) = loaded.damaged.first().unwrap();
    assert_eq!(told, &path);
    assert!(what.contains(expect), "{what:?}, expected {expect:?}");
    let aside = path.with_extension("snapshot.damaged");
    assert_eq!(fs::read(aside).unwrap(), bytes);

    assert_eq!(store.load_all().unwrap().damaged, []);
    store.save(&mk_key("web"), PAYLOAD).unwrap();
    assert_eq!(store.load_all().unwrap().histories.len(), 2);
}

const PAYLOAD: &[u8] = b"some history";

/// The bytes of a good file, of the container named.
fn mk_file(name: &str) -> Vec<u8> {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key(name), PAYLOAD).unwrap();
    fs::read(dir.snapshot_file()).unwrap()
}

/// Makes the checksum right again, so that what it covers is looked at.
fn mk_checked(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 4;
    let checksum = crc32fast::hash(&bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn a_file_torn_at_any_byte() {
    let file = mk_file("web");
    for length in 0..file.len() {
        let expect = if length < 4 { "ends too early" } else { "checksum" };
        check(&file[..length], expect);
    }
}

#[test]
fn a_file_with_any_byte_changed() {
    let file = mk_file("web");
    for index in 0..file.len() {
        let mut flipped = file.clone();
        flipped[index] ^= 0x10;
        check(&flipped, "checksum");
    }
}

#[test]
fn a_file_cut_before_its_checksum_was_taken() {
    let file = mk_file("web");
    for length in 4..file.len() {
        check(&mk_checked(file[..length].to_vec()), "");
    }
}

#[test]
fn a_file_of_another_program() {
    let mut file = mk_file("web");
    file[0] = b'X';
    check(&mk_checked(file), "is no snapshot file");
}

#[test]
fn a_file_of_a_later_version() {
    let mut file = mk_file("web");
    file[8] = 2;
    check(&mk_checked(file), "has version 2, expected 1");
}

#[test]
fn a_file_under_another_containers_name() {
    check(&mk_file("other"), "has another file's name");
}

#[test]
fn a_file_too_large_to_be_read() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), PAYLOAD).unwrap();
    // A hole: no disk is used.
    let file = fs::File::create(dir.snapshot_file()).unwrap();
    file.set_len(1 << 30).unwrap();
    let loaded = store.load_all().unwrap();
    assert_eq!(loaded.histories, []);
    assert!(loaded.damaged[0].1.contains("more than"));
}

#[test]
fn a_directory_where_a_file_should_be() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), PAYLOAD).unwrap();
    let path = dir.snapshot_file();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let loaded = store.load_all().unwrap();
    assert!(loaded.damaged[0].1.contains("cannot be read"));
}

#[test]
fn the_rest_of_an_interrupted_save_is_removed_and_other_files_are_let_be() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save(&mk_key("web"), PAYLOAD).unwrap();
    let path = dir.snapshot_file();
    fs::write(path.with_extension("snapshot.tmp"), b"half").unwrap();
    fs::write(dir.path().join("notes.txt"), b"a person's").unwrap();
    let before = dir.names();
    let expect = Loaded { histories: vec![(mk_key("web"), PAYLOAD.to_vec())], damaged: Vec::new() };
    assert_eq!(store.load_all().unwrap(), expect);
    let mut after = before;
    after.retain(|name| !name.contains(".tmp"));
    assert_eq!(dir.names(), after);
}
