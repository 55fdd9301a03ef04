//! Logs on standard error, as JSON or for people.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

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
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?;
    panic::set_hook(Box::new(note));
    Ok(())
}

/// A panic as a log line like any other: whoever reads logs reads no plain text between them. Those
/// of an evaluation or a review are caught, and the program goes on.
fn note(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let has_backtrace = backtrace.status() == BacktraceStatus::Captured;
    tracing::error!(
        message = panic.payload_as_str().unwrap_or("Panic without a message"),
        panic = true,
        thread = std::thread::current().name(),
        location = panic.location().map(tracing::field::display),
        backtrace = has_backtrace.then(|| tracing::field::display(backtrace)),
    );
}
