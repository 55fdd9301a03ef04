//! Logs on standard error, as JSON or for people.

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::args::LogFormat;

/// Starts logging for the whole process.
pub(crate) fn start(format: LogFormat, level: Level) -> Result<(), TryInitError> {
    let lines = match format {
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).boxed(),
    };
    let filter = LevelFilter::from_level(level);
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()
}
