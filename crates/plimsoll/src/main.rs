//! The `plimsoll` program: arguments become configuration, configuration is wired, and it runs.
//! This crate alone names every adapter; the work is done in the libraries.

mod args;
mod command;
mod output;
mod wire;

use std::process::ExitCode;

use clap::Parser;

/// Exit codes: 0 done, 1 failed (the chain of causes is on standard error), 2 wrong usage.
fn main() -> ExitCode {
    match command::run(args::Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
