//! Results on disk: under another name until they are whole, then renamed.

use std::fmt::Arguments;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::ReplayError;

/// Writes a small file.
pub(crate) fn whole(path: &Path, text: &str) -> Result<(), ReplayError> {
    let mut part = Part::of(path);
    std::fs::write(&part.temporary, text).map_err(|source| part.error(source))?;
    part.keep()
}

/// A compressed CSV file while it is written.
#[derive(Debug)]
pub(crate) struct Table {
    part: Part,
    writer: GzEncoder<BufWriter<File>>,
}

impl Table {
    /// Begins it with the names of its columns.
    pub(crate) fn create(
        path: &Path,
        header: &str,
        compression: Compression,
    ) -> Result<Self, ReplayError> {
        let part = Part::of(path);
        let file = File::create(&part.temporary).map_err(|source| part.error(source))?;
        let mut table = Self { part, writer: GzEncoder::new(BufWriter::new(file), compression) };
        table.row(format_args!("{header}"))?;
        Ok(table)
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Arguments<'_>) -> Result<(), ReplayError> {
        writeln!(self.writer, "{row}").map_err(|source| self.part.error(source))
    }

    /// Gives it its name.
    pub(crate) fn finish(self) -> Result<(), ReplayError> {
        let Self { mut part, writer } = self;
        let written = writer.finish().and_then(|mut writer| writer.flush());
        written.map_err(|source| part.error(source))?;
        part.keep()
    }
}

/// A file that is not yet whole; dropped before it is kept, it leaves nothing behind.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    temporary: PathBuf,
    kept: bool,
}

impl Part {
    fn of(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self { path: path.to_path_buf(), temporary: path.with_file_name(name), kept: false }
    }

    /// Gives it its name.
    fn keep(&mut self) -> Result<(), ReplayError> {
        std::fs::rename(&self.temporary, &self.path).map_err(|source| self.error(source))?;
        self.kept = true;
        Ok(())
    }

    /// It could not be written.
    fn error(&self, source: std::io::Error) -> ReplayError {
        ReplayError::Write { path: self.path.clone(), source }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed has the temporary name that says what it is.
            std::fs::remove_file(&self.temporary).ok();
        }
    }
}

/// A series name as a CSV field.
pub(crate) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
