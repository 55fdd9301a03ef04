//! One file for each subcommand.

mod controller;
mod demo;
mod explain;
mod reference;
mod replay;
mod report;
mod stop;

use std::future::Future;

use crate::args::Command;
use crate::output;

/// Runs a subcommand.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Controller(args) => blocking(controller::run(*args)),
        Command::Demo(args) => demo::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Explain(args) => blocking(explain::run(args)),
        Command::Report(args) => blocking(report::run(args)),
        Command::Stop(args) => blocking(stop::stop(args)),
        Command::Resume(args) => blocking(stop::resume(args)),
        Command::Crds => output::data(&plimsoll_api::crds_yaml()?),
        Command::Reference(args) => reference::run(&args),
    }
}

fn blocking(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}
