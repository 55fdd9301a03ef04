//! The `plimsoll` program: arguments become configuration, configuration is wired, and it runs.
//! This crate alone names every adapter; the work is done in the libraries.

mod args;
mod command;
mod lint;
mod output;
mod policies;
mod policy_file;
mod wire;

use std::process::ExitCode;

use clap::Parser;

/// Exit codes: 0 done, 1 failed (the chain of causes is on standard error; of the controller as a
/// log line), 2 wrong usage. `lint`
/// ends with 1 where there are errors, and with 2 where it could not read everything.
fn main() -> ExitCode {
    match command::run(args::Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
