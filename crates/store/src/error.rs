//! Why the store could not do what it was asked. Texts read after "failed to".

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why the store could not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The directory is not there and cannot be made.
    #[error("create the data directory {path}: name one that this user may write to")]
    Create {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it.
    #[error("lock the data directory {path}: another process uses it, give each its own")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The lock cannot be taken, for another reason.
    #[error("lock the data directory {path}: it must be on a writable file system that has locks")]
    Lock {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A later version of the program wrote it. Nothing was touched.
    #[error(
        "use the data directory {path}: it has format {found:?} and this program knows only \
         {known}; use the program's later version, or an empty directory"
    )]
    UnknownFormat {
        /// The directory.
        path: PathBuf,
        /// What its `format` file says.
        found: String,
        /// The format this program writes.
        known: u32,
    },
    /// The directory, or a file the store cannot do without, cannot be read.
    #[error("read {path}: it must be readable by this user")]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written. The one it was to replace is as it was.
    #[error("write {path}: the disk must have room and the directory be writable")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be removed.
    #[error("remove {path}: the directory must be writable")]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A snapshot is larger than would be read again.
    #[error("write {path}: {bytes} bytes are more than the {max} a snapshot may have")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it would have held.
        bytes: usize,
        /// [`MAX_SNAPSHOT_BYTES`](crate::MAX_SNAPSHOT_BYTES).
        max: usize,
    },
}
