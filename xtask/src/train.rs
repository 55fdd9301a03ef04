//! `train`: the constants of forecasts anew, from recorded usage.

use crate::run;
use crate::workspace::Workspace;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Where the constants lie that ship with the program.
const SHIPPED: &str = "crates/forecast/constants.txt";

/// What is trained on, and where the constants go.
#[derive(Args, Debug)]
pub(crate) struct TrainArgs {
    /// A folder of recorded usage: `series.csv` and `<metric>/<source>.csv.gz`.
    #[arg(long, value_name = "DIR")]
    traces: PathBuf,
    /// Only this half of the groups, so that the other half can judge what was learned.
    #[arg(long, value_name = "A|B", value_parser = ["A", "B"])]
    fold: Option<String>,
    /// Where they go; by default those that ship are replaced, or with a fold
    /// `target/forecast-<fold>.txt` is written.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Trains and says where the constants are.
pub(crate) fn train(args: &TrainArgs) -> Result<()> {
    let workspace = Workspace::load()?;
    let standard = || match &args.fold {
        Some(fold) => workspace.root.join(format!("target/forecast-{fold}.txt")),
        None => workspace.root.join(SHIPPED),
    };
    let out = args.out.as_ref().map_or_else(|| Ok(standard()), std::path::absolute)?;
    let mut command = run::cargo(&workspace.root);
    command.args(["run", "--quiet", "--release", "-p", "plimsoll-replay", "--bin", "train", "--"]);
    command.arg(std::path::absolute(&args.traces)?).arg(&out).args(&args.fold);
    run::run(&mut command)?;
    println!("{} written", out.display());
    Ok(())
}
