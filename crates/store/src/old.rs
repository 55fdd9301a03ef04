//! Format 1, as earlier versions wrote it: one file for each container, named by a hash of the
//! identity, with magic number, version, identity, payload, checksum. Only read.
//!
//! All numbers are little-endian, texts have their length (u32) in front, the payload has its
//! length (u64) in front, and the CRC-32 at the end covers all before it.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_domain::ContainerKey;
use plimsoll_history::bytes::{ReadError, Reader};

use crate::directory::TEMPORARY;
use crate::frame::PAYLOAD_MAX;
use crate::{Damage, StoreError, key};

const MAGIC: &[u8; 8] = b"plimsnap";
const VERSION: u32 = 1;
const EXTENSION: &str = ".snapshot";

/// Gives every snapshot of a directory, one at a time, and its file.
pub(crate) fn each(
    dir: &Path,
    damages: &mut Vec<Damage>,
    mut each: impl FnMut(ContainerKey, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for path in files(dir)?.into_iter().filter(|path| is_snapshot(path)) {
        match load(&path) {
            Ok((key, payload)) => each(key, &payload)?,
            Err(what) => {
                let what = format!("{what}, and was left out");
                damages.push(Damage { path, what });
            }
        }
    }
    Ok(())
}

/// Removes all of them, the damaged too: what they held is where it belongs now.
pub(crate) fn remove(dir: &Path) -> Result<(), StoreError> {
    for path in files(dir)? {
        fs::remove_file(&path).map_err(|source| StoreError::Remove { path, source })?;
    }
    Ok(())
}

/// Snapshots, whole or interrupted, in the order of their names.
fn files(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let unreadable = |source| StoreError::Read { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_str().unwrap_or_default();
        let bare = name.strip_suffix(TEMPORARY).unwrap_or(name);
        let hash = bare.strip_suffix(EXTENSION).unwrap_or_default();
        if hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            paths.push(dir.join(name));
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_snapshot(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION.trim_start_matches('.'))
}

fn load(path: &Path) -> Result<(ContainerKey, Vec<u8>), String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > PAYLOAD_MAX as u64 {
        return Err(format!("has {length} bytes, more than {PAYLOAD_MAX}"));
    }
    parse(&fs::read(path).map_err(unreadable)?)
}

/// Takes a file apart; the error says in words what is wrong with it.
fn parse(bytes: &[u8]) -> Result<(ContainerKey, Vec<u8>), String> {
    let (covered, found) = bytes.split_last_chunk().ok_or("ends too early")?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*found) {
        return Err("checksum does not match".to_owned());
    }
    let mut from = Reader::new(covered.strip_prefix(MAGIC).ok_or("is no snapshot file")?);
    let words = |_: ReadError| "ends too early".to_owned();
    let version = from.u32().map_err(words)?;
    if version != VERSION {
        return Err(format!("has version {version}, expected {VERSION}"));
    }
    let key = key::read(&mut from).map_err(words)?;
    let length = usize::try_from(from.u64().map_err(words)?).unwrap_or(usize::MAX);
    let payload = from.take(length).map_err(words)?;
    if from.is_at_end() { Ok((key, payload.to_vec())) } else { Err("holds too much".to_owned()) }
}
