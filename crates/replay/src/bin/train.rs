//! Trains the constants of forecasts on recorded usage: what `cargo xtask train` runs.

#![expect(clippy::print_stderr, reason = "a command talks to the person at the terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use plimsoll_forecast::Fold;
use plimsoll_replay::forecast::{ReplayError, learn};

const USAGE: &str = "usage: train DIR OUT [A|B]\n\
    DIR holds recorded usage; OUT is written; A or B leaves out the other half of the groups.";

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let (traces, out, fold) = (args.next(), args.next(), args.next());
    let fold = match fold.as_deref().map(|fold| fold.to_string_lossy().into_owned()).as_deref() {
        None => Ok(None),
        Some("A") => Ok(Some(Fold::A)),
        Some("B") => Ok(Some(Fold::B)),
        Some(other) => Err(format!("no fold is called {other:?}")),
    };
    let (traces, out, fold) = match (traces, out, fold) {
        (Some(traces), Some(out), Ok(fold)) => (PathBuf::from(traces), PathBuf::from(out), fold),
        (_, _, Err(why)) => return fail(&format!("{why}\n{USAGE}")),
        (None, ..) | (_, None, _) => return fail(USAGE),
    };
    match train(&traces, &out, fold) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&said(&error)),
    }
}

fn train(traces: &Path, out: &Path, fold: Option<Fold>) -> Result<(), ReplayError> {
    let constants = learn(traces, fold, &mut |step| eprintln!("{} of {}", step.done, step.of))?;
    std::fs::write(out, constants.text())
        .map_err(|source| ReplayError::Write { path: out.to_path_buf(), source })
}

/// An error with what caused it.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn fail(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}
