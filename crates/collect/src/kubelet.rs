//! Reads every kubelet's `/metrics/resource` once a collection, through the API server or directly.
//!
//! Through the API server it costs that server one request a node and collection; the right to it
//! (`nodes/proxy`) is a strong one, since it opens all that a kubelet serves. Directly it costs the
//! API server nothing and needs `nodes/metrics` alone.

mod nodes;
mod page;
mod rates;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use kube::Client;
use plimsoll_domain::Timestamp;
use plimsoll_pipeline::{Collected, PortError, SampleSource};

pub use nodes::KubeletReach;

use crate::body::{HttpError, get};
use nodes::Nodes;
use page::Page;
use rates::Rates;

/// How long all nodes together may take: a third of the interval they are asked at (30 s), as with
/// the metrics API.
const LIMIT: Duration = Duration::from_secs(10);

/// How long one node may take: two of its kind still leave the others most of [`LIMIT`].
const NODE_LIMIT: Duration = Duration::from_secs(4);

/// Nodes asked at a time: 5,000 nodes, the most Kubernetes supports, at 50 ms each take 8 s.
const AT_A_TIME: usize = 32;

/// The longest page: 1,000 containers on a node, three lines of 300 bytes each and as much again
/// for their pods, are below 2 MiB.
const PAGE_MAX: usize = 8 * 1024 * 1024;

/// Why no kubelet's usage could be read; every text reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum KubeletError {
    /// Which nodes there are is not known.
    #[error(
        "list the nodes: the program's role needs `list` of `nodes` (`samples.source` in the chart)"
    )]
    Nodes(#[source] Box<kube::Error>),
    /// There is none.
    #[error("find a node: the cluster has none")]
    NoNodes,
    /// A client for direct reading cannot be made.
    #[error("make a client for kubelets: see the certificate given for them")]
    Client(#[source] Box<kube::Error>),
    /// No node gave its page; this is what the first of them said.
    #[error("read the usage of any of {nodes} nodes, first of {node}")]
    All {
        /// How many were asked.
        nodes: usize,
        /// The first.
        node: String,
        /// Why that one failed.
        source: NodeError,
    },
}

/// Why one kubelet's page could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It cannot be had, or not as it should be.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It took too long.
    #[error("get an answer within {}s", NODE_LIMIT.as_secs())]
    Unanswered,
}

/// The kubelets of a cluster as a source of samples.
#[derive(Debug)]
pub struct Kubelet {
    nodes: Nodes,
    rates: BTreeMap<String, Rates>,
    /// How many nodes did not answer last time.
    silent: usize,
}

impl Kubelet {
    /// Lists nodes through this client, which must not retry by itself, and reaches kubelets so.
    pub fn new(client: Client, reach: KubeletReach) -> Self {
        Self { nodes: Nodes::new(client, reach), rates: BTreeMap::new(), silent: 0 }
    }

    async fn read(&mut self, now: Timestamp) -> Result<Collected, KubeletError> {
        let now_ms = now.seconds().saturating_mul(1000);
        let targets = self.nodes.targets(now).await?;
        let count = targets.len();
        let names: Vec<String> = targets.iter().map(|target| target.node.clone()).collect();
        let asked = stream::iter(targets).map(async |target| {
            let read =
                tokio::time::timeout(NODE_LIMIT, get(&target.client, &target.path, PAGE_MAX));
            let read = match read.await {
                Ok(read) => read.map_err(NodeError::Http),
                Err(_) => Err(NodeError::Unanswered),
            };
            (target.node, read)
        });
        let mut answers = std::pin::pin!(asked.buffer_unordered(AT_A_TIME).take_until(deadline()));
        let mut collected = Collected::default();
        let (mut answered, mut first_error) = (0, None);
        while let Some((node, answer)) = answers.next().await {
            match answer {
                Ok(bytes) => {
                    let page = Page::read(&String::from_utf8_lossy(&bytes), now_ms);
                    self.rates.entry(node).or_default().next(page, &mut collected);
                    answered += 1;
                }
                Err(error) => {
                    first_error.get_or_insert((node, error));
                }
            }
        }
        self.rates.retain(|node, _| names.contains(node));
        self.say_silent(count - answered, count, first_error.as_ref());
        match first_error {
            Some((node, source)) if answered == 0 => {
                Err(KubeletError::All { nodes: count, node, source })
            }
            _ => Ok(collected),
        }
    }

    /// Says when nodes begin to be silent, and when all answer again. That none does is an error,
    /// and said as one.
    fn say_silent(&mut self, silent: usize, nodes: usize, first: Option<&(String, NodeError)>) {
        if silent > 0 && self.silent == 0 && silent < nodes {
            let (node, error) = first
                .map_or(("", String::new()), |(node, error)| (node.as_str(), error.to_string()));
            tracing::warn!(silent, nodes, node, error, "Kubelets did not answer");
        } else if silent == 0 && self.silent > 0 {
            tracing::info!(nodes, "All kubelets answer again");
        }
        self.silent = silent;
    }
}

async fn deadline() {
    tokio::time::sleep(LIMIT).await;
}

impl SampleSource for Kubelet {
    async fn collect(&mut self, now: Timestamp) -> Result<Collected, PortError> {
        self.read(now).await.map_err(|error| PortError::new("collect usage", error))
    }
}

#[cfg(test)]
mod tests;
