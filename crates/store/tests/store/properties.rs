//! Any sequence of saves, removals, restarts and damages.

use std::collections::BTreeMap;
use std::fs;

use plimsoll_store::Store;
use proptest::prelude::*;

use crate::mk::{Found, TestDir, cells, mk_cell, mk_key, restore};

#[derive(Clone, Debug)]
enum Step {
    Save(u8, Vec<u8>),
    Remove(u8),
    Restart,
}

fn arb_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(name, bytes)| Step::Save(name, bytes)),
        1 => (0..6_u8).prop_map(Step::Remove),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_store_is_a_map(steps in prop::collection::vec(arb_step(), 0..40)) {
        let dir = TestDir::new();
        let mut expect = Found::new();
        let mut store = Store::open(dir.path()).unwrap();
        for step in steps {
            match step {
                Step::Save(name, bytes) => {
                    store.save([(&mk_key(&name.to_string()), &bytes)]).unwrap();
                    expect.insert(name.to_string(), bytes);
                }
                Step::Remove(name) => {
                    store.retain(|key| *key.workload.name != *name.to_string()).unwrap();
                    expect.remove(&name.to_string());
                }
                Step::Restart => {
                    drop(store);
                    store = Store::open(dir.path()).unwrap();
                }
            }
        }
        drop(store);
        prop_assert_eq!(restore(dir.path()).unwrap(), (expect, Vec::new()));
    }

    /// Bytes of any value over any stretch of a file: nothing is invented, and what was written
    /// afterwards is found.
    #[test]
    fn a_stretch_of_a_file_replaced_by_anything_invents_nothing(
        (from, length) in (0..4000_usize, 0..2000_usize),
        noise in prop::collection::vec(any::<u8>(), 2000),
    ) {
        let dir = TestDir::new();
        let mut store = Store::open(dir.path()).unwrap();
        let names: Vec<String> = (0..20).map(|n| format!("web-{n}")).collect();
        for round in 0..4_u32 {
            let told = names.iter().map(|name| (mk_key(name), mk_cell(round, 64 << round)));
            store.append_cells(told.collect()).unwrap();
            for name in &names {
                store.save([(&mk_key(name), format!("{name} in round {round}"))]).unwrap();
            }
        }
        drop(store);
        for file in ["cells/2026-01-05.cells", "snapshots/00000001.log"] {
            let path = dir.path().join(file);
            let mut bytes = fs::read(&path).unwrap();
            let from = from.min(bytes.len());
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, noise[..to - from].iter().copied());
            fs::write(&path, bytes).unwrap();
        }
        let (found, _) = restore(dir.path()).unwrap();
        for (name, bytes) in &found {
            let text = String::from_utf8(bytes.clone()).unwrap();
            prop_assert!(text.starts_with(&format!("{name} in round ")), "{name}: {text}");
        }
        for (name, cells) in &cells(dir.path()).unwrap() {
            prop_assert!(names.contains(name));
            for cell in cells {
                let is_one = (0..4).any(|round| *cell == mk_cell(round, 64 << round));
                prop_assert!(is_one, "{cell:?}");
            }
        }
        let mut store = Store::open(dir.path()).unwrap();
        store.save([(&mk_key("new"), b"new")]).unwrap();
        store.append_cells(vec![(mk_key("new"), mk_cell(9, 9))]).unwrap();
        drop(store);
        let mut expect = BTreeMap::from([("new".to_owned(), b"new".to_vec())]);
        expect.extend(found);
        prop_assert_eq!(restore(dir.path()).unwrap().0, expect);
        prop_assert_eq!(&cells(dir.path()).unwrap()["new"], &[mk_cell(9, 9)]);
    }
}
