//! The store: one data directory, and what is written to and read from it.

use std::fs::File;
use std::path::{Path, PathBuf};

use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};

use crate::cells::{self, Segments};
use crate::directory::{FORMAT, FORMAT_BEFORE, enter, lock, set_format};
use crate::snapshots::{self, Snapshots};
use crate::{Damage, StoreError, old};

/// How many bytes of the format before are copied before the disk is waited for.
const CONVERTED_AT_ONCE: usize = 8 * 1024 * 1024;

/// A data directory, as its only writer sees it.
///
/// On a disk that is full or read-only it can be opened and read; each write says what is the matter
/// and is worth trying again.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// Held until the store is dropped; the system drops it with the process.
    lock: Option<File>,
    /// Absent where nothing was ever written.
    format: Option<u32>,
    /// Whether the directory is ours to write to, in our format.
    is_ready: bool,
    /// Absent until they are read.
    snapshots: Option<Snapshots>,
    cells: Segments,
    damages: Vec<Damage>,
}

impl Store {
    /// Takes a data directory for this process, making it if it is not there. Of a later version's
    /// directory nothing is touched.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        enter(dir)?;
        let lock = lock(dir)?;
        Ok(Self {
            lock,
            // Asked again: whoever had the lock may have changed it.
            format: enter(dir)?,
            is_ready: false,
            snapshots: None,
            cells: Segments::new(dir.join(cells::FOLDER)),
            damages: Vec::new(),
            dir: dir.to_owned(),
        })
    }

    /// Gives the last snapshot of every container, in no particular order and one at a time. Writes
    /// nothing. What cannot be read is told by [`take_damages`](Self::take_damages); an error only
    /// when a file cannot be read at all.
    pub fn restore(&mut self, each: &mut dyn FnMut(ContainerKey, &[u8])) -> Result<(), StoreError> {
        if self.format == Some(FORMAT_BEFORE) {
            return old::each(&self.dir, &mut self.damages, |key, bytes| {
                each(key, bytes);
                Ok(())
            });
        }
        let folder = self.dir.join(snapshots::FOLDER);
        self.snapshots = Some(Snapshots::load(folder, &mut self.damages, each)?);
        Ok(())
    }

    /// Saves a snapshot of each container that has changed since it was saved last. Returns how many
    /// were. On an error some are saved, and of the rest the last one still counts.
    pub fn save<'a, B: AsRef<[u8]>>(
        &mut self,
        snapshots: impl IntoIterator<Item = (&'a ContainerKey, B)>,
    ) -> Result<usize, StoreError> {
        self.ready()?.save(snapshots)
    }

    /// Forgets the snapshots of every container that is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&ContainerKey) -> bool) -> Result<(), StoreError> {
        self.ready()?.retain(keep)
    }

    /// The size of all snapshots that count, as far as they are known.
    pub fn snapshot_bytes(&self) -> u64 {
        self.snapshots.as_ref().map_or(0, Snapshots::bytes)
    }

    /// Adds cells. On an error some may be kept.
    pub fn append_cells(
        &mut self,
        cells: Vec<(ContainerKey, UsageCell)>,
    ) -> Result<(), StoreError> {
        self.ready()?;
        self.cells.append(cells, &mut self.damages)
    }

    /// Removes the cells of days that ended at `before` or earlier.
    pub fn forget_cells(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.ready()?;
        self.cells.forget(before)
    }

    /// What was found damaged since this was last asked.
    pub fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    /// Sees to it that the directory can be written: that it is locked, of our format, and that it
    /// is known what it holds.
    fn ready(&mut self) -> Result<&mut Snapshots, StoreError> {
        if self.is_ready && enter(&self.dir)?.is_none() {
            // All of it was removed, or something else is mounted there: begun anew.
            (self.is_ready, self.format, self.lock, self.snapshots) = (false, None, None, None);
            self.cells = Segments::new(self.dir.join(cells::FOLDER));
        }
        if !self.is_ready {
            if self.lock.is_none() {
                self.lock = lock(&self.dir)?;
            }
            match self.format {
                Some(FORMAT) => {}
                Some(_) => self.convert()?,
                None => set_format(&self.dir)?,
            }
            self.format = Some(FORMAT);
            // Of the format before, in case the program was ended while it removed them.
            old::remove(&self.dir)?;
            self.is_ready = true;
        }
        self.loaded()
    }

    fn loaded(&mut self) -> Result<&mut Snapshots, StoreError> {
        let snapshots = if let Some(snapshots) = self.snapshots.take() {
            snapshots
        } else {
            let folder = self.dir.join(snapshots::FOLDER);
            Snapshots::load(folder, &mut self.damages, &mut |_, _| {})?
        };
        Ok(self.snapshots.insert(snapshots))
    }

    /// Makes the format before ours: all is copied before the format says so, and removed only then.
    /// Interrupted at any moment, it is begun anew or is over.
    fn convert(&mut self) -> Result<(), StoreError> {
        self.snapshots = None;
        self.loaded()?.clear()?;
        let dir = self.dir.clone();
        let snapshots = self.loaded()?;
        let mut batch: Vec<(ContainerKey, Vec<u8>)> = Vec::new();
        let mut bytes = 0;
        let save = |snapshots: &mut Snapshots, batch: &[(ContainerKey, Vec<u8>)]| {
            snapshots.save(batch.iter().map(|(key, bytes)| (key, bytes))).map(drop)
        };
        // What is damaged was told when it was restored.
        old::each(&dir, &mut Vec::new(), |key, snapshot| {
            bytes += snapshot.len();
            batch.push((key, snapshot.to_vec()));
            if bytes >= CONVERTED_AT_ONCE {
                save(snapshots, &batch)?;
                batch.clear();
                bytes = 0;
            }
            Ok(())
        })?;
        save(snapshots, &batch)?;
        set_format(&dir)
    }
}
