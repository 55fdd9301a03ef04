//! Every command of the repository: `cargo xtask <command>`. One module per command;
//! `workspace` (what cargo knows) and `run` (other programs) are what they share.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command of the repository talks to the person at the terminal"
)]

mod check;
mod codegen;
mod layers;
mod run;
mod table;
mod test;
mod testbed;
mod tidy;
mod train;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The commands of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Format, lints, documentation, tidiness, layers and generated files.
    Check {
        /// Only these steps: fmt, tidy, layers, clippy, doc, codegen.
        steps: Vec<String>,
    },
    /// All tests, tier by tier; says loudly what could not run and why.
    Test {
        /// Install what is missing first (Debian packages need root), then skip nothing.
        #[arg(long)]
        setup: bool,
        /// Only these tiers, for example `--tier 4` (tiers 1 to 3 run as one).
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
        tier: Vec<u8>,
    },
    /// Rewrite the golden files that differ, for review with `git diff`.
    Bless,
    /// Write what is generated from the program: custom resources, reference pages.
    Codegen {
        /// Change nothing; fail when a file differs.
        #[arg(long)]
        check: bool,
    },
    /// A real control plane with simulated nodes, to play with.
    Testbed {
        #[command(subcommand)]
        command: testbed::Command,
    },
    /// Learn the constants of forecasts anew from recorded usage; some minutes, the same every time.
    Train(train::TrainArgs),
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Check { steps } => check::check(&steps),
        Command::Test { setup, tier } => test::test(setup, &tier),
        Command::Bless => test::bless(),
        Command::Codegen { check } => codegen::codegen(check),
        Command::Testbed { command } => testbed::testbed(&command),
        Command::Train(args) => train::train(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
