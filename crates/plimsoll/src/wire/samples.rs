//! The source of samples that the arguments name.

use std::time::Duration;

use anyhow::{Context, bail};
use kube::Config;

use plimsoll_cluster::Clients;
use plimsoll_collect::{
    Kubelet, KubeletReach, MetricsApi, Prometheus, PrometheusOptions, PrometheusSamples,
};
use plimsoll_domain::Timestamp;
use plimsoll_pipeline::{Collected, PortError, SampleSource};

use super::client;
use crate::args::{ControllerArgs, PrometheusArgs, SamplesFrom, SourceArgs};

/// How long a kubelet may stay silent; above the limit of one page (4 s), which therefore is what
/// counts, and which this only backs up.
const KUBELET_SILENCE: Duration = Duration::from_secs(5);

/// One of the sources there are.
#[derive(Debug)]
pub(crate) enum Samples {
    MetricsApi(MetricsApi),
    Kubelet(Box<Kubelet>),
    Prometheus(PrometheusSamples),
}

impl SampleSource for Samples {
    async fn collect(&mut self, now: Timestamp) -> Result<Collected, PortError> {
        match self {
            Self::MetricsApi(source) => source.collect(now).await,
            Self::Kubelet(source) => source.collect(now).await,
            Self::Prometheus(source) => source.collect(now).await,
        }
    }
}

/// The source that the arguments name. Makes no call yet.
pub(crate) async fn samples(args: &ControllerArgs, clients: &Clients) -> anyhow::Result<Samples> {
    let calls = clients.calls.clone();
    Ok(match args.sources.samples {
        SamplesFrom::MetricsApi => Samples::MetricsApi(MetricsApi::new(calls)),
        SamplesFrom::Kubelet => {
            Samples::Kubelet(Box::new(Kubelet::new(calls, KubeletReach::Proxy)))
        }
        SamplesFrom::KubeletDirect => {
            let config = direct(client::config(&args.connect).await?, &args.sources);
            let reach = KubeletReach::Direct(Box::new(config));
            Samples::Kubelet(Box::new(Kubelet::new(calls, reach)))
        }
        SamplesFrom::Prometheus => match &args.sources.prometheus_url {
            Some(url) => Samples::Prometheus(PrometheusSamples::new(prometheus(
                url,
                &args.sources.prometheus,
            )?)),
            None => bail!("--samples prometheus needs --prometheus-url"),
        },
    })
}

/// Kubelets are asked with the credentials for the API server.
fn direct(mut config: Config, args: &SourceArgs) -> Config {
    if let Some(file) = &args.kubelet_ca_file {
        config.root_cert = Some(Vec::new());
        config.root_cert_file = Some(file.clone());
    }
    config.accept_invalid_certs |= args.kubelet_insecure_tls;
    config.tls_server_name = None;
    config.default_retry = false;
    config.read_timeout = Some(KUBELET_SILENCE);
    config.write_timeout = Some(KUBELET_SILENCE);
    config.connect_timeout = Some(KUBELET_SILENCE);
    config.reset_reader_on_write = true;
    config
}

/// The Prometheus-compatible server at an address.
pub(crate) fn prometheus(url: &str, args: &PrometheusArgs) -> anyhow::Result<Prometheus> {
    client::one_tls_provider();
    let headers = args.headers.iter().map(|text| {
        let parts = text.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let parts = parts.and_then(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        parts
            .with_context(|| format!("--prometheus-header: expected `NAME: VALUE`, found {text:?}"))
    });
    let labels = args.labels.iter().map(|text| {
        let parts = text.split_once('=').filter(|(name, _)| is_label(name));
        let parts = parts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        parts.with_context(|| format!("--prometheus-label: expected `NAME=VALUE`, found {text:?}"))
    });
    let options = PrometheusOptions {
        url: url.to_owned(),
        headers: headers.collect::<anyhow::Result<_>>()?,
        token_file: args.token_file.clone(),
        ca_file: args.ca_file.clone(),
        labels: labels.collect::<anyhow::Result<_>>()?,
    };
    Prometheus::new(&options).context("failed to use Prometheus")
}

fn is_label(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}
