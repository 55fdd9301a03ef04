//! A Prometheus-compatible server: Prometheus itself, Thanos, Mimir, VictoriaMetrics.
//!
//! It speaks through the HTTP client that the rest of the program uses for the API server, which
//! brings trust, tokens read anew from their file, and free headers; a second one would be a second
//! TLS configuration to keep.

mod answer;
mod error;
mod live;
mod query;
mod request;

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use kube::config::AuthInfo;
use kube::{Client, Config};
use plimsoll_domain::Timestamp;

pub(crate) use answer::Series;
pub use error::PrometheusError;
pub use live::PrometheusSamples;
pub(crate) use query::{Query, namespaces, owners_of_jobs, owners_of_pods};
pub(crate) use query::{owners_of_replica_sets, usage_over_time};

/// How long a connection may take to come about; as for the API server.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);

/// How to reach a server.
#[derive(Clone, Debug, Default)]
pub struct PrometheusOptions {
    /// Its address, with the path its API is below where that is not the root:
    /// `http://prometheus:9090`, `https://mimir/prometheus`.
    pub url: String,
    /// Sent with every request, for example `X-Scope-OrgID`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// A file with a bearer token, read anew as it changes.
    pub token_file: Option<PathBuf>,
    /// Certificates of the authorities to trust, PEM; the system's where absent.
    pub ca_file: Option<PathBuf>,
    /// Labels that every series must have: one cluster's in a store of many.
    pub labels: Vec<(String, String)>,
}

/// A server that can be asked.
#[derive(Clone)]
pub struct Prometheus {
    client: Client,
    /// Matchers that every selector ends with: `,cluster="prod"`.
    matchers: String,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prometheus").field("matchers", &self.matchers).finish_non_exhaustive()
    }
}

impl Prometheus {
    /// A client for a server; makes no call yet. To be made inside a runtime.
    pub fn new(options: &PrometheusOptions) -> Result<Self, PrometheusError> {
        let url: Uri =
            options.url.parse().map_err(|_| PrometheusError::Url(options.url.clone()))?;
        let is_plain = url.scheme_str() == Some("http");
        if !(is_plain || url.scheme_str() == Some("https")) || url.query().is_some() {
            return Err(PrometheusError::Url(options.url.clone()));
        }
        let mut config = Config::new(url);
        config.headers.clone_from(&options.headers);
        config.auth_info = AuthInfo {
            token_file: options.token_file.as_ref().map(|path| path.display().to_string()),
            ..AuthInfo::default()
        };
        config.root_cert_file.clone_from(&options.ca_file);
        // Without TLS nobody is trusted, and an image without certificates is no obstacle.
        config.root_cert = (is_plain || options.ca_file.is_some()).then(Vec::new);
        config.connect_timeout = Some(CONNECT_LIMIT);
        config.read_timeout = Some(query::LIMIT);
        config.write_timeout = Some(query::LIMIT);
        config.reset_reader_on_write = true;
        config.default_retry = false;
        let client =
            Client::try_from(config).map_err(|error| PrometheusError::Client(Box::new(error)))?;
        Ok(Self::with_client(client, &options.labels))
    }

    /// The server behind a client.
    pub fn with_client(client: Client, labels: &[(String, String)]) -> Self {
        let matchers = labels.iter().map(|(name, value)| format!(",{name}={}", query::text(value)));
        Self { client, matchers: matchers.collect() }
    }

    /// What an expression comes to at one moment.
    pub(crate) async fn now(
        &self,
        query: &Query,
        now: Timestamp,
        max_points: usize,
    ) -> Result<Vec<Series>, PrometheusError> {
        let form = [("time", now.seconds().to_string())];
        self.ask("/api/v1/query", query, &form, max_points).await
    }

    /// What an expression comes to at every step from `from` to `to`, both included.
    pub(crate) async fn range(
        &self,
        query: &Query,
        (from, to): (Timestamp, Timestamp),
        step: Duration,
        max_points: usize,
    ) -> Result<Vec<Series>, PrometheusError> {
        let form = [
            ("start", from.seconds().to_string()),
            ("end", to.seconds().to_string()),
            ("step", step.as_secs().to_string()),
        ];
        self.ask("/api/v1/query_range", query, &form, max_points).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
