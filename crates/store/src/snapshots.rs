//! Snapshots on disk: `snapshots/<number>.log`, each only ever added to. The last snapshot of a
//! container counts; a file in which none counts any more is removed.
//!
//! Files are removed from the oldest on, never from between: a frame that says that a container is
//! gone outlives every snapshot that it takes back. What stands in the way, a container that never
//! changes, is copied to the end when the files hold too much.
//!
//! Why files and no database: the whole of 600 MB changes over and over. redb takes as long to write
//! it, but 2.3 GB of disk and 1.1 GB of memory, and what is left of its file once that is cut or
//! damaged is not for us to say; see `docs/adr/0004-history-in-files-of-our-own.md`.

mod live;
mod load;
mod record;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_domain::ContainerKey;

use crate::append::Appender;
use crate::frame::{self, Kind};
use crate::scan::{Item, Scan};
use crate::{Damage, StoreError};
use live::Live;

/// The folder within the data directory.
pub(crate) const FOLDER: &str = "snapshots";

/// How much is gathered before it is written.
const GATHERED: usize = 1024 * 1024;

/// A file is at least this long before another is begun: a small fleet has one or two.
const FILE_MIN: u64 = 8 * 1024 * 1024;

/// Length and checksum: a change that keeps both, 1 in 2^32, waits for the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    bytes: usize,
    checksum: u32,
}

/// The snapshots of a data directory, as their only writer sees them.
#[derive(Debug)]
pub(crate) struct Snapshots {
    folder: PathBuf,
    live: Live,
    /// The last file, once something was written.
    current: Option<Appender>,
}

/// Frames that are not written yet, and what will be known of them then.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    kept: Vec<(ContainerKey, Fingerprint, u64)>,
    gone: Vec<ContainerKey>,
}

impl Gathered {
    fn keep(&mut self, key: ContainerKey, fingerprint: Fingerprint, snapshot: &[u8]) {
        let before = self.bytes.len();
        let payload = record::write(&key, snapshot);
        frame::write(&mut self.bytes, Kind::Snapshot, 0, &payload);
        self.kept.push((key, fingerprint, (self.bytes.len() - before) as u64));
    }
}

impl Snapshots {
    /// What a folder holds; each snapshot that counts is given to `each`, one at a time. Nothing is
    /// written.
    pub(crate) fn load(
        folder: PathBuf,
        damages: &mut Vec<Damage>,
        each: &mut dyn FnMut(ContainerKey, &[u8]),
    ) -> Result<Self, StoreError> {
        let live = load::load(&folder, damages, each)?;
        Ok(Self { folder, live, current: None })
    }

    /// Adds a snapshot of each container that has changed, and waits until they are safe. On an
    /// error some are saved and the rest is as it was. Returns how many were written.
    pub(crate) fn save<'a, B: AsRef<[u8]>>(
        &mut self,
        snapshots: impl IntoIterator<Item = (&'a ContainerKey, B)>,
    ) -> Result<usize, StoreError> {
        let mut gathered = Gathered::default();
        let mut written = 0;
        for (key, bytes) in snapshots {
            let bytes = bytes.as_ref();
            let fingerprint = Fingerprint::of(bytes);
            if self.live.fingerprint(key) == Some(fingerprint) {
                continue;
            }
            if bytes.len() > crate::MAX_SNAPSHOT_BYTES {
                let (bytes, max) = (bytes.len(), crate::MAX_SNAPSHOT_BYTES);
                return Err(StoreError::TooLarge { path: self.folder.clone(), bytes, max });
            }
            gathered.keep(key.clone(), fingerprint, bytes);
            written += 1;
            if gathered.bytes.len() >= GATHERED {
                self.put(&mut gathered)?;
            }
        }
        self.put(&mut gathered)?;
        self.make_room()?;
        self.sync()?;
        Ok(written)
    }

    /// Forgets every container that is not to be kept.
    pub(crate) fn retain(
        &mut self,
        keep: impl Fn(&ContainerKey) -> bool,
    ) -> Result<(), StoreError> {
        let gone: Vec<ContainerKey> = self.live.keys().filter(|key| !keep(key)).cloned().collect();
        let mut gathered = Gathered::default();
        for key in gone {
            frame::write(&mut gathered.bytes, Kind::Removed, 0, &record::write(&key, &[]));
            gathered.gone.push(key);
        }
        self.put(&mut gathered)?;
        self.remove_dead()
    }

    /// The size of all that counts.
    pub(crate) fn bytes(&self) -> u64 {
        self.live.bytes()
    }

    /// Forgets everything that was ever written.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        self.current = None;
        for file in self.live.clear() {
            fs::remove_file(&file.path)
                .map_err(|source| StoreError::Remove { path: file.path, source })?;
        }
        Ok(())
    }

    /// Writes what was gathered; from then on it counts.
    fn put(&mut self, gathered: &mut Gathered) -> Result<(), StoreError> {
        if gathered.bytes.is_empty() {
            return Ok(());
        }
        self.current()?;
        let (Some(current), Some(file)) = (&mut self.current, self.live.last_mut()) else {
            return Ok(());
        };
        if let Err(source) = current.append(&gathered.bytes) {
            let path = file.path.clone();
            // Opened again before the next write: the disk may be another by then.
            self.current = None;
            return Err(StoreError::Write { path, source });
        }
        file.bytes = current.len();
        for (key, fingerprint, size) in gathered.kept.drain(..) {
            self.live.set(key, fingerprint, size);
        }
        gathered.gone.drain(..).for_each(|key| self.live.remove(&key));
        gathered.bytes.clear();
        Ok(())
    }

    /// Sees to it that the last file is open and not too long.
    fn current(&mut self) -> Result<(), StoreError> {
        let most = self.live.bytes().max(FILE_MIN);
        let (number, path, end, is_new) = match self.live.last() {
            Some(file) if file.bytes < most && self.current.is_some() => return Ok(()),
            Some(file) if file.bytes < most => (file.number, file.path.clone(), file.bytes, false),
            last => {
                let number = last.map_or(1, |file| file.number + 1);
                (number, self.folder.join(load::name_of(number)), 0, true)
            }
        };
        self.sync()?;
        let opened = fs::create_dir_all(&self.folder).and_then(|()| Appender::open(&path, end));
        self.current =
            Some(opened.map_err(|source| StoreError::Write { path: path.clone(), source })?);
        if is_new {
            self.live.begin(number, path);
        }
        Ok(())
    }

    /// Removes what holds nothing that counts, and copies what little counts in the oldest file where
    /// the files hold more than three times what counts.
    fn make_room(&mut self) -> Result<(), StoreError> {
        self.remove_dead()?;
        let most = self.live.bytes().saturating_mul(3).saturating_add(4 * FILE_MIN);
        let Some(oldest) = self.live.oldest_of_several() else { return Ok(()) };
        if self.live.bytes_of_files() <= most {
            return Ok(());
        }
        let (number, path) = (oldest.number, oldest.path.clone());
        self.copy_from(number, &path)?;
        self.sync()?;
        // What has become damaged since it was written counts no more.
        self.live.let_go(number);
        self.remove_dead()
    }

    fn copy_from(&mut self, number: u64, path: &Path) -> Result<(), StoreError> {
        let unreadable = |source| StoreError::Read { path: path.to_owned(), source };
        let mut gathered = Gathered::default();
        let mut scan = Scan::open(path).map_err(unreadable)?;
        while let Some(item) = scan.next(|_, _| true).map_err(unreadable)? {
            let Item::Frame { head, .. } = item else { continue };
            let (true, Ok((key, bytes))) = (head.is(Kind::Snapshot), record::read(scan.payload()))
            else {
                continue;
            };
            let fingerprint = Fingerprint::of(bytes);
            if self.live.is_in(&key, number) && self.live.fingerprint(&key) == Some(fingerprint) {
                gathered.keep(key, fingerprint, bytes);
            }
            if gathered.bytes.len() >= GATHERED {
                self.put(&mut gathered)?;
            }
        }
        self.put(&mut gathered)
    }

    fn remove_dead(&mut self) -> Result<(), StoreError> {
        while let Some(path) = self.live.oldest_of_several().filter(|it| it.is_dead()) {
            let path = path.path.clone();
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::Remove { path, source });
                }
                Ok(()) | Err(_) => self.live.drop_oldest(),
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        let (Some(current), Some(file)) = (&self.current, self.live.last()) else { return Ok(()) };
        current.sync().map_err(|source| StoreError::Write { path: file.path.clone(), source })
    }
}

impl Fingerprint {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len(), checksum: crc32fast::hash(bytes) }
    }
}
