//! Whatever happens to a file, what lies outside of the damage is found again, the damage is told,
//! and the program goes on writing.

use std::collections::BTreeMap;

use plimsoll_domain::UsageCell;
use plimsoll_store::{Damage, Store};

use crate::mk::{Found, TestDir, cells, mk_cell, mk_key, restore};

type Files = BTreeMap<String, Vec<u8>>;
const SNAPSHOTS: &str = "snapshots/00000001.log";
const CELLS: &str = "cells/2026-01-05.cells";

/// Three rounds of two containers: what a directory holds after each.
fn mk_rounds() -> Vec<Files> {
    let dir = TestDir::new();
    let mut store = Store::open(dir.path()).unwrap();
    let rounds = 1..=3_u32;
    let rounds = rounds.map(|round| {
        let bytes = format!("round {round}");
        store.save([(&mk_key("api"), &bytes), (&mk_key("web"), &bytes)]).unwrap();
        let cell = |name| (mk_key(name), mk_cell(round, 100 * round));
        store.append_cells(vec![cell("api"), cell("web")]).unwrap();
        dir.contents()
    });
    rounds.collect()
}

/// What a directory holds, and that one more round can be written to it and is found.
fn found(files: &Files) -> (Found, Vec<Damage>, BTreeMap<String, Vec<UsageCell>>) {
    let dir = TestDir::with(files);
    let (snapshots, damages) = restore(dir.path()).unwrap();
    let before = cells(dir.path()).unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.save([(&mk_key("api"), b"again")]).unwrap();
    store.append_cells(vec![(mk_key("api"), mk_cell(7, 700))]).unwrap();
    drop(store);
    assert_eq!(restore(dir.path()).unwrap().0["api"], b"again");
    let after = cells(dir.path()).unwrap();
    assert_eq!(after["api"].last(), Some(&mk_cell(7, 700)));
    for (name, cells) in &before {
        assert!(after[name].starts_with(cells), "{name}: {cells:?}, then {after:?}");
    }
    (snapshots, damages, before)
}

/// How many rounds of `web` are found, which is written last.
fn rounds_of_cells(found: &BTreeMap<String, Vec<UsageCell>>) -> usize {
    let expect: Vec<UsageCell> = (1..=3).map(|round| mk_cell(round, 100 * round)).collect();
    let cells = found.get("web").cloned().unwrap_or_default();
    assert!(expect.starts_with(&cells), "{cells:?}");
    cells.len()
}

#[test]
fn cut_at_every_byte_the_rounds_before_are_whole_and_one_more_can_be_written() {
    let rounds = mk_rounds();
    let last = rounds.last().unwrap();
    let length = |round: usize, file: &str| rounds.get(round).map_or(0, |files| files[file].len());
    for cut in 0..=length(2, SNAPSHOTS) {
        let mut files = last.clone();
        files.get_mut(SNAPSHOTS).unwrap().truncate(cut);
        let (snapshots, damages, _) = found(&files);
        let whole = (0..3).filter(|round| length(*round, SNAPSHOTS) <= cut).count();
        if whole > 0 {
            assert_eq!(snapshots["web"], format!("round {whole}").into_bytes(), "cut at {cut}");
        }
        assert!(damages.len() <= 1, "{damages:?}");
        let ends_whole = (0..3).any(|round| length(round, SNAPSHOTS) == cut) || cut == 0;
        // Between the two containers of a round a frame ends too.
        assert!(!ends_whole || damages.is_empty(), "cut at {cut}: {damages:?}");
    }
    for cut in 0..=length(2, CELLS) {
        let mut files = last.clone();
        files.get_mut(CELLS).unwrap().truncate(cut);
        let (_, _, cells) = found(&files);
        let whole = (0..3).filter(|round| length(*round, CELLS) <= cut).count();
        assert_eq!(rounds_of_cells(&cells), whole, "cut at {cut}");
    }
}

#[test]
fn with_any_byte_changed_all_but_its_frame_is_found_and_it_is_told() {
    let rounds = mk_rounds();
    let last = rounds.last().unwrap();
    for flip in [0x01, 0x80, 0xff] {
        for at in 0..last[SNAPSHOTS].len() {
            let mut files = last.clone();
            files.get_mut(SNAPSHOTS).unwrap()[at] ^= flip;
            let (snapshots, damages, _) = found(&files);
            assert_eq!(damages.len(), 1, "{at}: {damages:?}");
            let found: Vec<&[u8]> = snapshots.values().map(Vec::as_slice).collect();
            let whole = found.iter().filter(|bytes| **bytes == b"round 3").count();
            let is_one =
                found.iter().all(|bytes| [b"round 3", b"round 2"].iter().any(|it| bytes == it));
            assert!(found.len() == 2 && whole >= 1 && is_one, "{at}: {found:?}");
        }
        for at in 0..last[CELLS].len() {
            let mut files = last.clone();
            files.get_mut(CELLS).unwrap()[at] ^= flip;
            let (_, _, cells) = found(&files);
            // Names stand once: without them nothing is known, and the same names are given anew.
            let names = cells.get("web").map_or(0, Vec::len);
            assert!(names >= 2 || cells.is_empty(), "{at}: {cells:?}");
        }
    }
}

#[test]
fn a_middle_of_zeros_is_told_with_its_bytes() {
    let mut files = mk_rounds().pop().unwrap();
    let bytes = files.get_mut(SNAPSHOTS).unwrap();
    bytes[3..40].fill(0);
    let (snapshots, damages, _) = found(&files);
    assert_eq!(snapshots["web"], b"round 3");
    let text = damages[0].to_string();
    assert!(text.contains("bytes 0 to") && text.contains("damaged"), "{text}");
    assert!(text.contains(SNAPSHOTS), "{text}");
}

#[test]
fn a_tail_of_zeros_as_after_a_power_cut_is_told_and_written_over() {
    let mut files = mk_rounds().pop().unwrap();
    let length = files[SNAPSHOTS].len();
    for name in [SNAPSHOTS, CELLS] {
        files.get_mut(name).unwrap().extend([0; 5000]);
    }
    let (snapshots, damages, cells) = found(&files);
    assert_eq!((snapshots["web"].as_slice(), rounds_of_cells(&cells)), (&b"round 3"[..], 3));
    let text = damages[0].to_string();
    assert!(text.contains(&format!("what follows byte {length} was left out")), "{text}");
}

#[test]
fn a_frame_of_a_later_version_is_passed_over_and_told() {
    let mut files = mk_rounds().pop().unwrap();
    for name in [SNAPSHOTS, CELLS] {
        // A frame's version stands first in its payload; the sum is made right again.
        let bytes = files.get_mut(name).unwrap();
        bytes[17] = 9;
        let length = u32::from_le_bytes(bytes[9..13].try_into().unwrap()) as usize;
        let mut covered = bytes[4..13].to_vec();
        covered.extend(&bytes[17..17 + length]);
        let sum = crc32fast::hash(&covered).to_le_bytes();
        bytes[13..17].copy_from_slice(&sum);
    }
    let (snapshots, damages, cells) = found(&files);
    assert_eq!(snapshots["api"], b"round 3");
    assert!(damages[0].to_string().contains("has version 9 and this program knows only 1"));
    assert_eq!(cells, BTreeMap::new());
}

#[test]
fn files_of_others_are_let_be() {
    let mut files = mk_rounds().pop().unwrap();
    for name in ["notes.txt", "cells/notes.txt", "snapshots/1.log", "cells/2026-01-32.cells"] {
        files.insert(name.to_owned(), b"a person's".to_vec());
    }
    let dir = TestDir::with(&files);
    restore(dir.path()).unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.save([(&mk_key("web"), b"more")]).unwrap();
    store.forget_cells(mk_cell(9999, 1).start).unwrap();
    for name in ["notes.txt", "cells/notes.txt", "snapshots/1.log", "cells/2026-01-32.cells"] {
        assert_eq!(dir.contents()[name], b"a person's", "{name}");
    }
}
