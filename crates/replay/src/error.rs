//! Why a replay could not be run.

use std::path::PathBuf;

use crate::trace::TraceError;

/// A replay failed; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Recorded usage could not be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Recorded usage that is not a folder of traces could not be read.
    #[error("read the recorded usage")]
    Recorded(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A series lasts longer than a replay can step through.
    #[error("replay {series} of {file}: it spans {ticks} ticks, more than {max}")]
    TooLong {
        /// The series.
        series: String,
        /// Its file.
        file: String,
        /// The ticks it spans.
        ticks: u64,
        /// The most that are replayed.
        max: u64,
    },
    /// A result could not be written.
    #[error("write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
