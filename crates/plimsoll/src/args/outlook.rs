//! The flags of `plimsoll forecast`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `plimsoll forecast`.
#[derive(Args, Debug)]
pub(crate) struct OutlookArgs {
    /// The workload: KIND/NAME, for example deployment/web.
    #[arg(value_name = "KIND/NAME")]
    pub(crate) workload: String,
    /// Its namespace.
    #[arg(short, long, default_value = "default", value_name = "NAME")]
    pub(crate) namespace: String,
    /// The container; all of them without it.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// Where a controller keeps its history (its --data-dir); it may be running.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// The format.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: OutlookOutput,
}

/// The formats of `plimsoll forecast`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutlookOutput {
    /// A table and a plot for each container and resource.
    Table,
    /// Everything, cell by cell.
    Json,
}
