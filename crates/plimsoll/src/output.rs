//! What is printed: data on standard output, the rest on standard error.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

/// Prints data. A closed pipe (`plimsoll report | head`) is the reader's way to say enough.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    part(text).map(drop)
}

/// Prints a part of the data. Breaks where the reader has said enough: what would come after it
/// need not be made.
pub(crate) fn part(text: &str) -> anyhow::Result<ControlFlow<()>> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(error.into()),
    }
}

/// Says something beside the data.
pub(crate) fn remark(text: &str) {
    // Nobody can be told that standard error is gone.
    writeln!(io::stderr(), "{text}").ok();
}

/// Says on one line of a terminal how far something has come; each text takes the last one's place.
pub(crate) fn status(text: &str) {
    let mut out = io::stderr().lock();
    write!(out, "\r\u{1b}[K{text}").and_then(|()| out.flush()).ok();
}

/// Prints an error with the chain of its causes, each once.
pub(crate) fn error(error: &anyhow::Error) {
    remark(&format!("error: {}", chain(error)));
}

/// The chain of an error's causes in one line, nothing twice: some libraries repeat a cause in the
/// text of the error above it. Of an answer of the API server only its own words are kept.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = match cause.downcast_ref() {
            Some(kube::Error::Api(status)) => status.message.clone(),
            _ => cause.to_string(),
        };
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
        if matches!(cause.downcast_ref(), Some(kube::Error::Api(_))) {
            break;
        }
    }
    line
}
