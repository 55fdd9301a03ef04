//! The store: what is saved where, and what need not be saved again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_domain::ContainerKey;

use crate::directory::{replace, take};
use crate::file::{MAX_SNAPSHOT_BYTES, checksum, head, name_of};
use crate::{Loaded, StoreError, load};

/// Snapshots by container, in a data directory of its own.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// Held until the store is dropped; the system drops it with the process.
    _lock: File,
    /// What each file holds, as far as this process knows.
    saved: BTreeMap<ContainerKey, Fingerprint>,
}

/// What became of a snapshot that was to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It was written.
    Written,
    /// It is what was saved or loaded last: nothing was written.
    Unchanged,
}

/// Length and checksum: a change that keeps both, 1 in 2^32, waits for the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    bytes: usize,
    checksum: u32,
}

impl Store {
    /// Takes a data directory for this process, making it if it is not there.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Ok(Self { _lock: take(dir)?, dir: dir.to_owned(), saved: BTreeMap::new() })
    }

    /// Saves a container's snapshot in place of the one before it, unless it is the same. On an
    /// error the one before it is as it was.
    pub fn save(&mut self, key: &ContainerKey, bytes: &[u8]) -> Result<Saved, StoreError> {
        let fingerprint = Fingerprint::of(bytes);
        if self.saved.get(key) == Some(&fingerprint) {
            return Ok(Saved::Unchanged);
        }
        let path = self.dir.join(name_of(key));
        if bytes.len() > MAX_SNAPSHOT_BYTES {
            return Err(StoreError::TooLarge { path, bytes: bytes.len(), max: MAX_SNAPSHOT_BYTES });
        }
        let head = head(key, bytes);
        let checksum = checksum(&head, bytes).to_le_bytes();
        replace(&path, &[&head, bytes, &checksum])?;
        self.saved.insert(key.clone(), fingerprint);
        Ok(Saved::Written)
    }

    /// Loads all snapshots. Damaged files are moved aside and told of, what an interrupted save
    /// left is removed. An error only when the directory cannot be read.
    pub fn load_all(&mut self) -> Result<Loaded, StoreError> {
        let loaded = load::load_all(&self.dir)?;
        let fingerprints = loaded.histories.iter();
        self.saved =
            fingerprints.map(|(key, bytes)| (key.clone(), Fingerprint::of(bytes))).collect();
        Ok(loaded)
    }

    /// Removes every history that is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&ContainerKey) -> bool) -> Result<(), StoreError> {
        let gone: Vec<ContainerKey> = self.saved.keys().filter(|key| !keep(key)).cloned().collect();
        gone.iter().try_for_each(|key| self.remove(key))
    }

    /// Removes a container's snapshot; no error when there is none.
    pub fn remove(&mut self, key: &ContainerKey) -> Result<(), StoreError> {
        self.saved.remove(key);
        let path = self.dir.join(name_of(key));
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Remove { path, source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Fingerprint {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len(), checksum: crc32fast::hash(bytes) }
    }
}
