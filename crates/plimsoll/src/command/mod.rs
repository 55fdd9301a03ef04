//! One file for each subcommand.

mod backtest;
mod controller;
mod demo;
mod explain;
mod forecast;
mod lint;
mod outlook;
mod policies;
mod recorded;
mod reference;
mod replay;
mod report;
mod stop;
mod vertical;

use std::future::Future;
use std::process::ExitCode;

use crate::args::{Command, CrdsArgs};
use crate::output;

/// Runs a subcommand; the code is for what went well, but not as a script may wish.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let done = match command {
        Command::Lint(args) => return lint::run(&args),
        Command::Controller(args) => return blocking(controller::run(*args)),
        Command::Demo(args) => demo::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Forecast(args) => outlook::run(&args),
        Command::Explain(args) => blocking(explain::run(args)),
        Command::Report(args) => blocking(report::run(args)),
        Command::Policies(args) => blocking(policies::run(args)),
        Command::Stop(args) => blocking(stop::stop(args)),
        Command::Resume(args) => blocking(stop::resume(args)),
        Command::Crds(args) => crds(args),
        Command::Reference(args) => reference::run(&args),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn crds(args: CrdsArgs) -> anyhow::Result<()> {
    let definitions =
        if args.thoras { plimsoll_api::thoras_crds_yaml() } else { plimsoll_api::crds_yaml() };
    output::data(&definitions?)
}

fn blocking<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}
