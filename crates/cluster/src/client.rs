//! The clients of the API server: none retries by itself, none waits for ever.
//!
//! kube's own retry answers 429, which is how a PodDisruptionBudget says no, with up to 15
//! attempts over minutes; the line asks again at its next tick instead.

use std::time::Duration;

use kube::client::ClientBuilder;
use kube::{Client, Config};
use tower::util::MapRequestLayer;

use crate::call::call;
use crate::{ApiCalls, ClusterError};

/// How long a connection may take to come about: three SYN retransmissions (1 + 2 + 4 s) and a
/// TLS handshake would take 8 s; two and a handshake fit.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);

/// How long an ordinary connection may stay silent; above the limit of a single call (5 s), which
/// therefore is what a caller sees, and which this only backs up.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// How long the API server holds a watch open. Short, since a connection that died in silence is
/// noticed only after it: rows are never more than about two minutes behind unnoticed.
pub(crate) const WATCH_SECONDS: u32 = 110;

/// How long a watch connection may stay silent: longer than the API server holds a watch.
const WATCH_READ_LIMIT: Duration = Duration::from_mins(2);

/// The longest silence of a Lease connection. Below half of the renew deadline (10 s), so that one
/// dead connection leaves time for another attempt.
const LEASE_READ_LIMIT: Duration = Duration::from_secs(4);

/// The first and the longest pause between two questions whether the API server is up.
const WAIT_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// One client for each use, since each needs other limits. Clones share the connections.
#[derive(Clone)]
pub struct Clients {
    /// Reads and writes that a tick waits for.
    pub calls: Client,
    /// Watches.
    pub watches: Client,
    /// Lease renewals alone: they must not queue behind anything.
    pub leases: Client,
    /// What was called so far, by all of them.
    pub counts: ApiCalls,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Clients {
    /// Clients for the cluster that the environment names: `KUBECONFIG`, `~/.kube/config`, or the
    /// service account of the pod this runs in.
    pub async fn infer() -> Result<Self, ClusterError> {
        let config = Config::infer().await.map_err(|source| {
            let source = Box::new(kube::Error::InferConfig(source));
            ClusterError::BuildClient { source }
        })?;
        Self::from_config(&config)
    }

    /// Clients for a known cluster.
    pub fn from_config(config: &Config) -> Result<Self, ClusterError> {
        let counts = ApiCalls::default();
        Ok(Self {
            calls: build(config, READ_LIMIT, &counts)?,
            watches: build(config, WATCH_READ_LIMIT, &counts)?,
            leases: build(config, LEASE_READ_LIMIT, &counts)?,
            counts,
        })
    }

    /// One client for every use, as it is; for tests against a mocked API server.
    pub fn from_client(client: Client) -> Self {
        Self {
            calls: client.clone(),
            watches: client.clone(),
            leases: client,
            counts: ApiCalls::default(),
        }
    }
}

fn build(config: &Config, read: Duration, counts: &ApiCalls) -> Result<Client, ClusterError> {
    let mut config = config.clone();
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.read_timeout = Some(read);
    config.write_timeout = Some(read);
    // Without this the time a pooled connection sat idle counts against the next answer.
    config.reset_reader_on_write = true;
    let counts = counts.clone();
    let count = MapRequestLayer::new(move |request: http::Request<kube::client::Body>| {
        counts.note(request.method(), request.uri().path(), request.uri().query());
        request
    });
    let builder = ClientBuilder::try_from(config).map_err(|source| {
        let source = Box::new(source);
        ClusterError::BuildClient { source }
    })?;
    Ok(builder.with_layer(&count).build())
}

/// Waits until the API server answers. Says once that it waits, and once that it goes on.
pub async fn wait_for_api(client: &Client) {
    let (mut pause, longest) = WAIT_PAUSES;
    let mut waited = false;
    while let Err(error) =
        call("ask for the API server's version", client.apiserver_version()).await
    {
        // A refusal is an answer: the API server is up, and who may do what is another matter.
        if error.code().is_some_and(|code| code < 500) {
            break;
        }
        if !waited {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "API server did not answer, waiting for it");
            waited = true;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
    if waited {
        tracing::info!("API server answered, going on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Answer, Mock};
    use serde_json::json;

    async fn check(answers: Vec<Answer>, asked: usize) {
        let mock = Mock::new(answers);
        wait_for_api(&mock.client()).await;
        assert_eq!(mock.requests().len(), asked);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_until_the_server_answers_whatever_it_says() {
        let version = json!({
            "major": "1", "minor": "36", "gitVersion": "", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        });
        let down = || Answer::Status(503, json!({}));
        check(vec![Answer::Json(200, version.clone())], 1).await;
        check(vec![down(), Answer::Never, down(), Answer::Json(200, version)], 4).await;
        check(vec![down(), Answer::Status(403, json!({}))], 2).await;
    }
}
