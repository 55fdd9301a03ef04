//! The command line: commands and flags, with their defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The load line for Kubernetes workloads: says what containers should request, says why, and
/// applies it safely.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a cluster, recommend, and apply where workloads ask for it.
    Controller(Box<ControllerArgs>),
    /// Show what Plimsoll does on a simulated cluster with recorded usage. Needs nothing.
    Demo(DemoArgs),
    /// Turn recorded usage into a stored history.
    Replay(ReplayArgs),
    /// Say stage by stage what was decided for one workload, and why.
    Explain(ExplainArgs),
    /// Show all workloads: what they request, what is recommended, what was decided.
    Report(ReportArgs),
    /// Tell the whole cluster to stand still: nothing is changed until `resume`.
    Stop(StopArgs),
    /// Take a `stop` back.
    Resume(ConnectArgs),
    /// Print the custom resource definitions as YAML.
    Crds,
    /// Print a page of the reference: `reasons`, `annotation` or `flags`.
    Reference(ReferenceArgs),
}

/// How to reach the cluster from a command.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConnectArgs {
    /// Kubeconfig file; else $KUBECONFIG, ~/.kube/config, or the pod's service account.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The namespace Plimsoll runs in.
    #[arg(long, env = "PLIMSOLL_NAMESPACE", default_value = "plimsoll", value_name = "NAME")]
    pub(crate) plimsoll_namespace: String,
}

/// `plimsoll controller`.
#[derive(Args, Debug)]
pub(crate) struct ControllerArgs {
    /// How to reach the cluster.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// Where history is kept; without it, history starts anew at every start.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How often usage is collected.
    #[arg(long, value_parser = interval, default_value = "30s", value_name = "TIME")]
    pub(crate) collect_interval: Duration,
    /// How often workloads are evaluated.
    #[arg(long, value_parser = interval, default_value = "60s", value_name = "TIME")]
    pub(crate) evaluate_interval: Duration,
    /// How long after a change of a workload's running pods the next one may follow.
    #[arg(long, value_parser = duration, default_value = "30m", value_name = "TIME")]
    pub(crate) cooldown: Duration,
    /// How many pods may be changed in any minute, in the whole cluster.
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) max_changed_pods_per_minute: u32,
    /// Decide and say so, but change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Require confidence also where a workload's annotation does not say.
    #[arg(long)]
    pub(crate) confidence_required: bool,
    /// Address of the Prometheus metrics.
    #[arg(long, default_value = "0.0.0.0:8080", value_name = "ADDR")]
    pub(crate) metrics_bind: SocketAddr,
    /// Address of /healthz and /readyz.
    #[arg(long, default_value = "0.0.0.0:8081", value_name = "ADDR")]
    pub(crate) health_bind: SocketAddr,
    /// Address of the admission webhook.
    #[arg(long, default_value = "0.0.0.0:9443", value_name = "ADDR")]
    pub(crate) webhook_bind: SocketAddr,
    /// DNS names and addresses the webhook's certificate is for; by default those of the service
    /// `plimsoll-webhook` in the program's namespace.
    #[arg(long, value_delimiter = ',', value_name = "NAME,..")]
    pub(crate) webhook_names: Vec<String>,
    /// Who this replica is in the leader election; by default the host's name.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub(crate) identity: Option<String>,
    /// How logs are written.
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    pub(crate) log_format: LogFormat,
    /// The least severe log line that is written.
    #[arg(long, default_value = "info", value_name = "LEVEL")]
    pub(crate) log_level: tracing::Level,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table, or text.
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// A Markdown table.
    Markdown,
}

/// `plimsoll explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// How to reach the cluster.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// The workload, for example `deployment/web`.
    #[arg(value_name = "KIND/NAME")]
    pub(crate) workload: String,
    /// Its namespace.
    #[arg(long, short, default_value = "default", value_name = "NAME")]
    pub(crate) namespace: String,
    /// How to print it.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// `plimsoll report`.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// How to reach the cluster.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// Only this namespace.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// How to print it.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// `plimsoll stop`.
#[derive(Args, Debug)]
pub(crate) struct StopArgs {
    /// How to reach the cluster.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// Why; shown as the reason for every hold.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub(crate) note: String,
}

/// `plimsoll reference`.
#[derive(Args, Debug)]
pub(crate) struct ReferenceArgs {
    /// The page.
    #[arg(value_enum)]
    pub(crate) page: ReferencePage,
}

/// A page of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferencePage {
    /// Every reason for which something is not done.
    Reasons,
    /// Every field of the configuration annotation.
    Annotation,
    /// Every flag of the program.
    Flags,
}

/// `plimsoll demo`.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Simulated time that passes in one second on a terminal, for example 6h.
    #[arg(long, value_parser = duration, default_value = "3h", value_name = "TIME")]
    pub(crate) speed: Duration,
    /// Which recorded usage drives which workload.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Simulated time the demo lasts.
    #[arg(long = "for", value_parser = duration, default_value = "3d", value_name = "TIME")]
    pub(crate) length: Duration,
}

/// `plimsoll replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A folder of recorded usage: `series.csv` and `<metric>/<source>.csv.gz`.
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: PathBuf,
    /// Whose usage becomes whose history, as `ENTITY=NAMESPACE/KIND/NAME/CONTAINER`; repeatable.
    #[arg(long = "as", required = true, value_name = "MAPPING")]
    pub(crate) mappings: Vec<String>,
    /// Where the history is written: the `--data-dir` of a controller that is not running.
    #[arg(long, value_name = "DIR")]
    pub(crate) write_history: PathBuf,
    /// When the recorded usage ends: `now`, or seconds since the Unix epoch.
    #[arg(long, default_value = "now", value_name = "TIME")]
    pub(crate) ending: String,
    /// Multiplies recorded CPU, to turn fractions of a machine into cores.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub(crate) cpu_scale: f64,
    /// Multiplies recorded memory, to turn fractions of a machine into bytes.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub(crate) memory_scale: f64,
}

/// Reads `90s`, `5m`, `1h30m`, `3d`.
fn duration(text: &str) -> Result<Duration, String> {
    plimsoll_api::parse_duration(text).map_err(|error| error.to_string())
}

/// A duration of at least a second: more often would be a hot loop.
fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        interval if interval >= Duration::from_secs(1) => Ok(interval),
        short => Err(format!("expected 1s or more, found {short:?}")),
    }
}
