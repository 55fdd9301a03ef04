//! Adds to the end of a file, which ends after its last whole frame whatever went wrong before.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file that is added to.
#[derive(Debug)]
pub(crate) struct Appender {
    file: File,
    /// Where the last whole write ended.
    end: u64,
    /// Whether the file may be longer than that.
    is_ragged: bool,
}

impl Appender {
    /// Opens a file, making it if it is not there; what it holds after `end` goes.
    pub(crate) fn open(path: &Path, end: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let mut appender = Self { file, end, is_ragged: true };
        appender.trim()?;
        Ok(appender)
    }

    /// How long the file is.
    pub(crate) fn len(&self) -> u64 {
        self.end
    }

    /// Adds all of the bytes or, as far as the next reader sees, none of them.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.trim()?;
        self.is_ragged = true;
        let written = self.file.write_all_at(bytes, self.end);
        if written.is_err() {
            // Where not even this works, it is tried again before the next write.
            self.trim().ok();
            return written;
        }
        self.end += bytes.len() as u64;
        self.is_ragged = false;
        Ok(())
    }

    /// Waits until all of it would survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn trim(&mut self) -> io::Result<()> {
        if self.is_ragged && self.file.metadata()?.len() != self.end {
            self.file.set_len(self.end)?;
        }
        self.is_ragged = false;
        Ok(())
    }
}
