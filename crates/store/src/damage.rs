//! What of a file could not be used, and why. Never fatal: a history can be learned again.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What of a file could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What became of which bytes of it, and why; reads after the file's name.
    pub what: String,
}

impl Damage {
    /// Bytes in the middle of a file.
    pub(crate) fn skipped(path: &Path, bytes: Range<u64>) -> Self {
        let Range { start, end } = bytes;
        let what = format!("bytes {start} to {end} are damaged and were passed over");
        Self { path: path.to_owned(), what }
    }

    /// Bytes at the end of a file, which was being written when the program or the machine ended.
    pub(crate) fn torn(path: &Path, from: u64) -> Self {
        let what = format!("ends in the middle of a write: what follows byte {from} was left out");
        Self { path: path.to_owned(), what }
    }

    /// A frame that is whole and says nothing that is understood.
    pub(crate) fn odd(path: &Path, at: u64, why: &str) -> Self {
        let what = format!("what begins at byte {at} {why}, and was passed over");
        Self { path: path.to_owned(), what }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}
