//! The command line: commands and flags, with their defaults.

mod forecast;
mod outlook;
mod sources;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use plimsoll_replay::vertical::Peer;

pub(crate) use forecast::{Demand, ForecastArgs};
pub(crate) use outlook::{OutlookArgs, OutlookOutput};
pub(crate) use sources::{PrometheusArgs, SamplesFrom, SourceArgs};

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
    /// Run a recommender over recorded usage, or turn recorded usage into a stored history.
    Replay(Box<ReplayArgs>),
    /// Compare recommenders, a policy of yours among them, on recorded usage.
    Backtest(BacktestArgs),
    /// Forecast what a workload's containers may use in the day to come, from stored usage.
    Forecast(OutlookArgs),
    /// Say stage by stage what was decided for one workload, and why.
    Explain(ExplainArgs),
    /// Show all workloads: what they request, what is recommended, what was decided.
    Report(ReportArgs),
    /// Show the policies, their numbers, and which workloads each of them is for and why.
    Policies(PoliciesArgs),
    /// Check manifests before they are applied: which settings are refused or ignored, and where.
    Lint(LintArgs),
    /// Tell the whole cluster to stand still: nothing is changed until `resume`.
    Stop(StopArgs),
    /// Take a `stop` back.
    Resume(ConnectArgs),
    /// Print the custom resource definitions as YAML.
    Crds(CrdsArgs),
    /// Print a page of the reference, made from the code.
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
    /// Where history is kept; without it, compact checkpoints are kept in the cluster and forecasts
    /// begin anew at every start.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep compact checkpoints of histories in the cluster, as HistoryCheckpoint objects; by default
    /// where there is no --data-dir. For a directory that goes with the pod: true.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) checkpoints: Option<bool>,
    /// How long what containers used is kept there, five minutes by five minutes, to be replayed and
    /// forecast from; whole days of UTC. 0s for not at all.
    #[arg(long, value_parser = duration, default_value = "30d", value_name = "TIME")]
    pub(crate) keep_cells: Duration,
    /// Where usage comes from.
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
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

/// `plimsoll policies`.
#[derive(Args, Debug)]
pub(crate) struct PoliciesArgs {
    /// How to reach the cluster.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// Only the policies that ship with the program; no cluster is asked.
    #[arg(long)]
    pub(crate) built_in: bool,
    /// Print this policy as a manifest that can be edited and applied.
    #[arg(long, value_name = "NAME", conflicts_with = "output")]
    pub(crate) show: Option<String>,
    /// How to print them.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// `plimsoll lint`.
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// A file, a folder with all manifests below it, or `-` for standard input; repeatable.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to print what is found.
    #[arg(long, short, value_enum, default_value_t = LintOutput::Text)]
    pub(crate) output: LintOutput,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintOutput {
    /// A line for each, with file, line and column first.
    Text,
    /// JSON.
    Json,
}

/// `plimsoll crds`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CrdsArgs {
    /// Those of thoras.ai, for a cluster without Thoras, in the place of Plimsoll's own.
    #[arg(long)]
    pub(crate) thoras: bool,
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
    /// Every annotation of the older form.
    OlderAnnotations,
    /// Every setting of a ScalingPolicy, and the policies that ship with the program.
    #[value(name = "scalingpolicy")]
    ScalingPolicy,
    /// Every field of the objects of thoras.ai.
    Thoras,
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

/// `plimsoll replay`: a driver by name, or the flags that write a history.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ReplayArgs {
    /// The driver.
    #[command(subcommand)]
    pub(crate) driver: Option<ReplayDriver>,
    /// Without one, a history is written.
    #[command(flatten)]
    pub(crate) history: Option<WriteHistoryArgs>,
    /// How to ask Prometheus. Not among the flags above: flags in flags would make those absent.
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// What is run over recorded usage.
#[derive(Debug, Subcommand)]
pub(crate) enum ReplayDriver {
    /// Size every recorded container in simulated time and score what would have been applied.
    Vertical(VerticalArgs),
    /// Forecast recorded usage from what was before it and score the forecasts by what came.
    Forecast(ForecastArgs),
}

/// What is replayed, and which of it is scored.
#[derive(Args, Debug)]
pub(crate) struct RecordedArgs {
    /// A folder of recorded usage: `series.csv` and `<metric>/<source>.csv.gz`.
    #[arg(long, value_name = "DIR", required_unless_present = "history")]
    pub(crate) traces: Option<PathBuf>,
    /// What your own containers used: the `--data-dir` of a controller, running or not. It is only
    /// read.
    #[arg(long, value_name = "DIR", conflicts_with = "traces")]
    pub(crate) history: Option<PathBuf>,
    /// What is sized.
    #[arg(long, value_enum)]
    pub(crate) metric: Metric,
    /// Whether memory limit and request are one, or the limit is its own.
    #[arg(long, value_enum, default_value_t = MemoryClass::Guaranteed)]
    pub(crate) memory: MemoryClass,
    /// Sizes as this policy says: the document of an annotation, or a ScalingPolicy, AIScaleTarget
    /// or DaemonSetAutoscaler, taken as turned on.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Nothing is decided so long after a series begins.
    #[arg(long, value_parser = duration, default_value = "24h", value_name = "TIME")]
    pub(crate) warm_up: Duration,
    /// Score series of these sources, which are the namespaces of a history; by default all, or in a
    /// replay of traces those that are long enough to be judged.
    #[arg(long, value_delimiter = ',', value_name = "NAME,..")]
    pub(crate) sources: Vec<String>,
    /// Score series that last at least so many days.
    #[arg(long, value_parser = days, default_value = "3", value_name = "DAYS")]
    pub(crate) min_days: f64,
}

/// `plimsoll replay vertical`.
#[derive(Args, Debug)]
pub(crate) struct VerticalArgs {
    #[command(flatten)]
    pub(crate) recorded: RecordedArgs,
    /// What a change costs: a resize in place or a restarted pod.
    #[arg(long, value_enum, default_value_t = ApplyCost::InPlace, conflicts_with = "policy")]
    pub(crate) apply: ApplyCost,
    /// The price of risk for CPU: higher is safer and asks for more; by default 15 in place, 27
    /// where pods restart.
    #[arg(long, value_name = "N", conflicts_with_all = ["peer", "policy"])]
    pub(crate) price: Option<f64>,
    /// Another recommender instead of `auto`, written anew from the constants it publishes.
    #[arg(
        long = "as",
        value_name = "NAME",
        value_parser = peer_names(),
        conflicts_with = "policy"
    )]
    pub(crate) peer: Option<String>,
    /// Where every change goes that would have been applied: gzipped CSV.
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: PathBuf,
    /// Where the score goes, as JSON; it is printed either way.
    #[arg(long, value_name = "FILE")]
    pub(crate) score: Option<PathBuf>,
    /// Where throughput and memory of the run go, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) timing: Option<PathBuf>,
}

/// `plimsoll backtest`.
#[derive(Args, Debug)]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) recorded: RecordedArgs,
    /// How it is printed.
    #[arg(long, short, value_enum, default_value_t = DataFormat::Table)]
    pub(crate) output: DataFormat,
}

/// How figures are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What is sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// CPU.
    Cpu,
    /// Memory.
    Mem,
}

/// What a change costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApplyCost {
    /// A resize of the running pod.
    InPlace,
    /// A restarted pod.
    Restart,
}

/// How memory limit and request relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MemoryClass {
    /// They are one.
    Guaranteed,
    /// The limit is its own, above the request.
    Burstable,
}

/// `plimsoll replay --write-history`.
#[derive(Args, Debug)]
pub(crate) struct WriteHistoryArgs {
    /// A folder of recorded usage: `series.csv` and `<metric>/<source>.csv.gz`.
    #[arg(long, value_name = "DIR", required_unless_present = "prometheus", requires = "mappings")]
    pub(crate) traces: Option<PathBuf>,
    /// Whose usage becomes whose history, as `ENTITY=NAMESPACE/KIND/NAME/CONTAINER`; repeatable.
    #[arg(long = "as", value_name = "MAPPING", conflicts_with = "prometheus")]
    pub(crate) mappings: Vec<String>,
    /// Address of a Prometheus-compatible server whose record becomes the history, in the place of
    /// a folder; all workloads that it tells of, by the names of their pods and by
    /// kube-state-metrics.
    #[arg(long, value_name = "URL", conflicts_with = "traces")]
    pub(crate) prometheus: Option<String>,
    /// How far back it is asked: cells of five minutes of 30 days at most, of which the history
    /// remembers 8.
    #[arg(long, value_parser = duration, default_value = "14d", value_name = "TIME")]
    pub(crate) since: Duration,
    /// Where the history is written: the `--data-dir` of a controller that is not running.
    #[arg(long, value_name = "DIR")]
    pub(crate) write_history: PathBuf,
    /// When the recorded usage ends: `now`, or seconds since the Unix epoch.
    #[arg(long, default_value = "now", value_name = "TIME")]
    pub(crate) ending: String,
    /// Multiplies recorded CPU, to turn fractions of a machine into cores.
    #[arg(long, default_value_t = 1.0, value_name = "N", conflicts_with = "prometheus")]
    pub(crate) cpu_scale: f64,
    /// Multiplies recorded memory, to turn fractions of a machine into bytes.
    #[arg(long, default_value_t = 1.0, value_name = "N", conflicts_with = "prometheus")]
    pub(crate) memory_scale: f64,
}

fn peer_names() -> clap::builder::PossibleValuesParser {
    Peer::ALL.map(|(name, _)| name).into()
}

/// A number of days, 0 or more.
fn days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days.is_finite() && days >= 0.0 => Ok(days),
        _ => Err(format!("expected a number of days, 0 or more, found {text:?}")),
    }
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
