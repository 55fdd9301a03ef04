//! The data directory: taken by one process, of one format, its files replaced as a whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The format of the directory as a whole: names, files, their layout.
const FORMAT: u32 = 1;

/// What is added to a file's name while it is written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Makes the directory if need be and takes it for this process, until the lock is dropped.
pub(crate) fn take(dir: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(dir)
        .map_err(|source| StoreError::Create { path: dir.to_owned(), source })?;
    // Looked at before the lock is made: in a later version's directory nothing is touched.
    check_format(dir)?;
    let lock = lock(dir)?;
    if !check_format(dir)? {
        replace(&dir.join("format"), &[format!("{FORMAT}\n").as_bytes()])?;
    }
    Ok(lock)
}

/// Whether the directory has a format yet; an error when it is not ours.
fn check_format(dir: &Path) -> Result<bool, StoreError> {
    let path = dir.join("format");
    match fs::read_to_string(&path) {
        Ok(found) if found.trim() == FORMAT.to_string() => Ok(true),
        Ok(found) => Err(StoreError::UnknownFormat {
            path: dir.to_owned(),
            found: found.trim().to_owned(),
            known: FORMAT,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(StoreError::Read { path, source }),
    }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let not_locked = |source| StoreError::Lock { path: dir.to_owned(), source };
    let file = File::create(dir.join("lock")).map_err(not_locked)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(not_locked(source)),
    }
}

/// Writes the parts to a new file and puts it in the old one's place: whoever reads finds all of
/// the one or all of the other.
///
/// The directory itself is not synced: after a power cut the old file may be back, whole.
pub(crate) fn replace(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let temporary = temporary(path);
    let written = write(&temporary, parts).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // Best effort, what is left is removed at the next start.
        fs::remove_file(&temporary).ok();
        StoreError::Write { path: path.to_owned(), source }
    })
}

fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    PathBuf::from(name)
}
