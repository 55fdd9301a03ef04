//! The flags of `plimsoll replay forecast`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration;

/// `plimsoll replay forecast`.
#[derive(Args, Debug)]
pub(crate) struct ForecastArgs {
    /// A folder of recorded usage: `series.csv` and `<metric>/<source>.csv.gz`. Series of nine days
    /// or more with steps of five minutes or less are forecast.
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: PathBuf,
    /// Only what was recorded of this; by default everything.
    #[arg(long, value_enum)]
    pub(crate) metric: Option<Demand>,
    /// What a forecast may use before its origin, to see how it begins; by default 30 days.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) history: Option<Duration>,
    /// What `cargo xtask train` wrote, in the place of the constants that ship with the program. Of
    /// several, each series is forecast with the first that was not trained on its group.
    #[arg(long, value_name = "FILE")]
    pub(crate) constants: Vec<PathBuf>,
    /// Where the forecasts go: gzipped CSV.
    #[arg(long, value_name = "FILE")]
    pub(crate) forecasts: PathBuf,
    /// Where the score goes, as JSON; it is printed either way.
    #[arg(long, value_name = "FILE")]
    pub(crate) score: Option<PathBuf>,
    /// Where throughput and memory of the run go, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) timing: Option<PathBuf>,
}

/// What is forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Demand {
    /// CPU.
    Cpu,
    /// Memory.
    Mem,
    /// Requests.
    Rps,
    /// Demand in another unit.
    Load,
}
