//! Which snapshot counts, and in which file it is.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use plimsoll_domain::ContainerKey;

use super::Fingerprint;

/// What counts. About 200 bytes for each container.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// The oldest first.
    files: VecDeque<LogFile>,
    entries: BTreeMap<ContainerKey, Entry>,
    /// The size of all frames that count.
    bytes: u64,
}

/// One file.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// Where its last whole frame ends.
    pub(super) bytes: u64,
    /// How many of its snapshots count.
    live: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    file: u64,
    fingerprint: Fingerprint,
    size: u64,
}

impl LogFile {
    /// A file as it was found.
    pub(super) fn new(number: u64, path: PathBuf, bytes: u64) -> Self {
        Self { number, path, bytes, live: 0 }
    }

    /// Whether nothing in it counts.
    pub(super) fn is_dead(&self) -> bool {
        self.live == 0
    }
}

impl Live {
    /// A file older than those known, of which nothing counts yet.
    pub(super) fn found(&mut self, file: LogFile) {
        self.files.push_front(file);
    }

    /// The file that is written to.
    pub(super) fn last(&self) -> Option<&LogFile> {
        self.files.back()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut LogFile> {
        self.files.back_mut()
    }

    /// The oldest file, where another is written to.
    pub(super) fn oldest_of_several(&self) -> Option<&LogFile> {
        self.files.front().filter(|_| self.files.len() > 1)
    }

    /// Another file is written to.
    pub(super) fn begin(&mut self, number: u64, path: PathBuf) {
        self.files.push_back(LogFile::new(number, path, 0));
    }

    /// The oldest file is no more.
    pub(super) fn drop_oldest(&mut self) {
        self.files.pop_front();
    }

    /// Nothing counts, and no file is known any more; these were.
    pub(super) fn clear(&mut self) -> VecDeque<LogFile> {
        std::mem::take(self).files
    }

    /// Every container with a snapshot.
    pub(super) fn keys(&self) -> impl Iterator<Item = &ContainerKey> {
        self.entries.keys()
    }

    /// What a container's snapshot looks like.
    pub(super) fn fingerprint(&self, key: &ContainerKey) -> Option<Fingerprint> {
        self.entries.get(key).map(|entry| entry.fingerprint)
    }

    /// Whether a container's snapshot is in this file.
    pub(super) fn is_in(&self, key: &ContainerKey, file: u64) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.file == file)
    }

    /// A container's snapshot that counts is the last one of the last file.
    pub(super) fn set(&mut self, key: ContainerKey, fingerprint: Fingerprint, size: u64) {
        let Some(file) = self.files.back().map(|file| file.number) else { return };
        self.set_in(file, key, fingerprint, size);
    }

    /// A container's snapshot that counts is in this file.
    pub(super) fn set_in(
        &mut self,
        file: u64,
        key: ContainerKey,
        fingerprint: Fingerprint,
        size: u64,
    ) {
        let before = self.entries.insert(key, Entry { file, fingerprint, size });
        self.count(before);
        self.bytes += size;
        if let Some(file) = self.files.iter_mut().rev().find(|one| one.number == file) {
            file.live += 1;
        }
    }

    /// A container's snapshot counts no more.
    pub(super) fn remove(&mut self, key: &ContainerKey) {
        let before = self.entries.remove(key);
        self.count(before);
    }

    /// Whatever still counts in this file cannot be read and counts no more.
    pub(super) fn let_go(&mut self, file: u64) {
        let lost = self.entries.iter().filter(|(_, entry)| entry.file == file);
        let lost: Vec<ContainerKey> = lost.map(|(key, _)| key.clone()).collect();
        for key in lost {
            self.remove(&key);
        }
    }

    /// The size of all that counts.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The length of all files.
    pub(super) fn bytes_of_files(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn count(&mut self, before: Option<Entry>) {
        let Some(before) = before else { return };
        self.bytes = self.bytes.saturating_sub(before.size);
        if let Some(file) = self.files.iter_mut().find(|file| file.number == before.file) {
            file.live = file.live.saturating_sub(1);
        }
    }
}
