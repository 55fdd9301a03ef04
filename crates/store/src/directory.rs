//! The data directory: taken by one process, of a format this program knows.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The format of the directory as a whole: names, files, their layout. Within it each frame has a
/// version of its own, so that fields can be added without another format.
pub(crate) const FORMAT: u32 = 2;

/// The format before: one file for each snapshot, and no cells. It is read, and becomes ours with
/// the first write.
pub(crate) const FORMAT_BEFORE: u32 = 1;

/// What is added to a file's name while it is written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// The file that says the format.
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "lock";

/// Makes the directory if it is not there. In a later version's nothing is touched.
pub(crate) fn enter(dir: &Path) -> Result<Option<u32>, StoreError> {
    if !dir.is_dir() {
        fs::create_dir_all(dir)
            .map_err(|source| StoreError::Create { path: dir.to_owned(), source })?;
    }
    check_format(dir)
}

/// The directory's format, if it has one yet; an error when this program does not know it.
pub(crate) fn check_format(dir: &Path) -> Result<Option<u32>, StoreError> {
    let path = dir.join(FORMAT_FILE);
    let found = match fs::read_to_string(&path) {
        Ok(found) => found.trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Read { path, source }),
    };
    match found.parse() {
        Ok(format @ (FORMAT | FORMAT_BEFORE)) => Ok(Some(format)),
        _ => Err(StoreError::UnknownFormat { path: dir.to_owned(), found, known: FORMAT }),
    }
}

/// Says that the directory has our format from now on.
pub(crate) fn set_format(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FORMAT_FILE);
    replace(&path, format!("{FORMAT}\n").as_bytes())
        .map_err(|source| StoreError::Write { path, source })
}

/// Takes the directory for this process, until the file is dropped. `None` on a disk that cannot be
/// written and has no lock to take: nobody else writes there either.
pub(crate) fn lock(dir: &Path) -> Result<Option<File>, StoreError> {
    let not_locked = |source| StoreError::Lock { path: dir.to_owned(), source };
    let path = dir.join(LOCK_FILE);
    let made = File::options().write(true).create(true).truncate(false).open(&path);
    let opened = match made {
        Err(error) if cannot_be_written(&error) => File::open(&path),
        made => made,
    };
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(not_locked)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(not_locked(source)),
    }
}

/// Whether it is the disk that is full or read-only: a state that passes.
fn cannot_be_written(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::ReadOnlyFilesystem)
}

/// Writes a new file and puts it in the old one's place: whoever reads finds all of the one or all
/// of the other.
///
/// The directory itself is not synced: after a power cut the old file may be back, whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY);
    let temporary = PathBuf::from(temporary);
    let written = write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Best effort: the next attempt writes over what is left.
        fs::remove_file(&temporary).ok();
    }
    written
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
