//! Flags that say where usage comes from.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration;

/// Where usage comes from.
#[derive(Args, Debug)]
pub(crate) struct SourceArgs {
    /// Where usage is read from: `metrics-api`, `kubelet` (through the API server), `kubelet-direct`
    /// (at the nodes' own addresses) or `prometheus`.
    #[arg(
        long,
        value_enum,
        default_value_t = SamplesFrom::MetricsApi,
        value_name = "SOURCE",
        requires_if("prometheus", "prometheus_url")
    )]
    pub(crate) samples: SamplesFrom,
    /// Certificates of the authorities that kubelets are trusted by (PEM), for
    /// `--samples kubelet-direct`; else the cluster's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubelet_ca_file: Option<PathBuf>,
    /// Trust any kubelet, for `--samples kubelet-direct` where kubelets sign for themselves.
    #[arg(long, conflicts_with = "kubelet_ca_file")]
    pub(crate) kubelet_insecure_tls: bool,
    /// Address of a Prometheus-compatible server. What it knows of the past becomes history at the
    /// start, so that recommendations need no days to be sure; `--samples prometheus` reads it live.
    #[arg(long, value_name = "URL")]
    pub(crate) prometheus_url: Option<String>,
    /// How to ask it.
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
    /// How far back its past is asked for, at the start and where it is not known better; at most
    /// the 30 days that forecasts look back, of which recommendations remember 8. 0s for not at all.
    #[arg(long, value_parser = duration, default_value = "14d", value_name = "TIME")]
    pub(crate) back_fill: Duration,
}

/// How to ask a Prometheus-compatible server.
#[derive(Args, Debug)]
pub(crate) struct PrometheusArgs {
    /// A header of every question to Prometheus, for example `X-Scope-OrgID: team`; repeatable.
    #[arg(long = "prometheus-header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// A label that series of this cluster have in Prometheus, where it knows several clusters, for
    /// example `cluster=prod`; repeatable.
    #[arg(long = "prometheus-label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// A file with a bearer token for Prometheus, read anew as it changes.
    #[arg(long = "prometheus-token-file", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificates of the authorities that Prometheus is trusted by (PEM); else the system's.
    #[arg(long = "prometheus-ca-file", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Where usage is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SamplesFrom {
    /// The metrics API, which metrics-server serves.
    MetricsApi,
    /// The kubelets' `/metrics/resource` through the API server; needs the right to `nodes/proxy`.
    Kubelet,
    /// The kubelets' `/metrics/resource` at their own addresses; needs the right to `nodes/metrics`.
    KubeletDirect,
    /// The server of `--prometheus-url`.
    Prometheus,
}
