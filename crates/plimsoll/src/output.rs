//! What is printed: data on standard output, the rest on standard error.

use std::io::{self, ErrorKind, Write};

/// Prints data. A closed pipe (`plimsoll report | head`) is the reader's way to say enough.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Says something beside the data.
pub(crate) fn remark(text: &str) {
    // Nobody can be told that standard error is gone.
    writeln!(io::stderr(), "{text}").ok();
}

/// Prints an error with the chain of its causes, each once.
pub(crate) fn error(error: &anyhow::Error) {
    remark(&format!("error: {}", chain(error)));
}

/// The chain of an error's causes in one line.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}
