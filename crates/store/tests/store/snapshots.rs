//! The last snapshot of each container comes back, and files do not grow without bound.

use plimsoll_domain::{ContainerKey, WorkloadId, WorkloadKind};
use plimsoll_store::{MAX_SNAPSHOT_BYTES, Store, StoreError};

use crate::mk::{Found, TestDir, mk_key, restore};

/// Saves in order, one at a time; expects what the next process finds.
fn check(saves: &[(&str, &[u8])], expect: &[(&str, &[u8])]) {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    for (name, bytes) in saves {
        assert_eq!(store.save([(&mk_key(name), bytes)]).unwrap(), 1);
    }
    drop(store);
    let (found, damages) = restore(dir.path()).unwrap();
    let expect = expect.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
    assert_eq!((found, damages), (expect.collect::<Found>(), Vec::new()));
}

#[test]
fn nothing_saved_is_nothing_found() {
    check(&[], &[]);
}

#[test]
fn the_last_snapshot_of_each_container_counts() {
    check(
        &[("web", b"old"), ("api", b"one"), ("web", b""), ("db", b"x")],
        &[("api", b"one"), ("db", b"x"), ("web", b"")],
    );
}

#[test]
fn names_of_any_length_and_kinds_of_any_name_are_kept() {
    let dir = TestDir::new();
    let key = ContainerKey {
        workload: WorkloadId {
            namespace: "n".repeat(253).into(),
            kind: WorkloadKind::Other("../Étrange".to_owned()),
            name: "a/b\0c".into(),
        },
        container: "".into(),
    };
    Store::open(dir.path()).unwrap().save([(&key, b"x")]).unwrap();
    let mut found = Vec::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.restore(&mut |key, bytes| found.push((key, bytes.to_vec()))).unwrap();
    assert_eq!(found, [(key, b"x".to_vec())]);
}

#[test]
fn what_has_not_changed_is_not_written_again_also_after_a_restart() {
    let dir = TestDir::new();
    let keys: Vec<ContainerKey> = (0..1000).map(|n| mk_key(&format!("web-{n}"))).collect();
    let all = || keys.iter().map(|key| (key, b"same"));
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.save(all()).unwrap(), 1000);
    let before = dir.contents();
    assert_eq!(store.save(all()).unwrap(), 0);
    drop(store);
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.save(all()).unwrap(), 0);
    assert_eq!(dir.contents(), before);
    let changed = [(keys.first().unwrap(), b"else")];
    assert_eq!(store.save(changed).unwrap(), 1);
}

#[test]
fn what_is_not_kept_is_gone_and_stays_gone() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    store.save([(&mk_key("web"), b"one"), (&mk_key("old"), b"two")]).unwrap();
    drop(store);
    let mut store = Store::open(dir.path()).unwrap();
    store.retain(|key| *key == mk_key("web")).unwrap();
    drop(store);
    let (found, _) = restore(dir.path()).unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["web"]);
    // Known again, it is written again.
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.save([(&mk_key("old"), b"two")]).unwrap(), 1);
    drop(store);
    assert_eq!(restore(dir.path()).unwrap().0.len(), 2);
}

/// A hundred containers of 64 KiB, of which one never changes and one is gone at some time.
#[test]
fn files_hold_a_few_times_what_counts_and_what_is_gone_never_comes_back() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    let keys: Vec<ContainerKey> = (0..100).map(|n| mk_key(&format!("web-{n}"))).collect();
    store.save([(&mk_key("constant"), &b"never changes"[..]), (&mk_key("gone"), b"goes")]).unwrap();
    let mut most = 0;
    for round in 0..60_u8 {
        let bytes = vec![round; 64 * 1024];
        store.save(keys.iter().map(|key| (key, &bytes))).unwrap();
        if round == 20 {
            store.retain(|key| *key != mk_key("gone")).unwrap();
        }
        let sizes = dir.names().into_iter().filter(|name| name.starts_with("snapshots/"));
        let size = |name| dir.path().join(name).metadata().unwrap().len();
        most = most.max(sizes.map(size).sum());
        if round % 10 == 9 {
            drop(store);
            store = Store::open(dir.path()).unwrap();
        }
    }
    drop(store);
    let (found, damages) = restore(dir.path()).unwrap();
    assert_eq!((found.len(), damages), (101, Vec::new()));
    assert_eq!(found["constant"], b"never changes");
    assert_eq!(found["web-99"], vec![59; 64 * 1024]);
    // 6.4 MB count: three times that, four files of 8 MiB, and one that is written.
    let bound = 3 * 6_600_000 + 5 * 8 * 1024 * 1024;
    assert!(most < bound, "{most}");
}

#[test]
fn a_snapshot_too_large_to_be_read_again_is_not_saved_and_harms_no_other() {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    let huge = vec![0; MAX_SNAPSHOT_BYTES + 1];
    let saved = store.save([(&mk_key("web"), &huge)]);
    assert!(matches!(saved, Err(StoreError::TooLarge { .. })), "{saved:?}");
    drop(store);
    assert_eq!(restore(dir.path()).unwrap().0, Found::new());
}
