//! Which nodes there are, and the way to each one's kubelet.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Uri;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client, Config, ResourceExt};
use plimsoll_domain::Timestamp;

use super::KubeletError;

/// How long a list of nodes is good for: a new node's pods take about as long to be ready.
const LISTED_FOR: Duration = Duration::from_mins(1);

/// How long one page of that list may take; the limit of any single call.
const LIST_LIMIT: Duration = Duration::from_secs(5);

/// Nodes on a page: 500 of 15 KB each are 8 MB.
const PAGE: u32 = 500;

/// The port that kubelets serve on where their nodes do not say.
const KUBELET_PORT: i32 = 10_250;

/// How kubelets are reached.
#[derive(Clone, Debug)]
pub enum KubeletReach {
    /// Through the API server.
    Proxy,
    /// At their own addresses: with the credentials and the trust of this configuration, whose
    /// address is not used.
    Direct(Box<Config>),
}

/// The nodes of a cluster.
pub(super) struct Nodes {
    client: Client,
    reach: KubeletReach,
    listed_at: Option<Timestamp>,
    targets: BTreeMap<String, Known>,
}

/// A way to one kubelet's page.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) node: String,
    pub(super) client: Client,
    pub(super) path: String,
}

#[derive(Clone)]
struct Known {
    /// Host and port; empty through the API server.
    authority: String,
    target: Target,
}

impl std::fmt::Debug for Nodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nodes").field("nodes", &self.targets.len()).finish_non_exhaustive()
    }
}

impl Nodes {
    pub(super) fn new(client: Client, reach: KubeletReach) -> Self {
        Self { client, reach, listed_at: None, targets: BTreeMap::new() }
    }

    /// The way to every kubelet, by node. While the nodes cannot be listed anew, the last list
    /// holds.
    pub(super) async fn targets(&mut self, now: Timestamp) -> Result<Vec<Target>, KubeletError> {
        let is_fresh = self.listed_at.is_some_and(|at| now.since(at) < LISTED_FOR);
        if !is_fresh {
            match self.list().await {
                Ok(nodes) => {
                    self.targets = self.ways(nodes)?;
                    self.listed_at = Some(now);
                }
                Err(error) if self.targets.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        if self.targets.is_empty() {
            return Err(KubeletError::NoNodes);
        }
        Ok(self.targets.values().map(|known| known.target.clone()).collect())
    }

    /// Names, and the addresses where they are needed: names alone are a fiftieth of the bytes.
    async fn list(&self) -> Result<Vec<(String, Option<String>)>, KubeletError> {
        let api: Api<Node> = Api::all(self.client.clone());
        let mut params = ListParams::default().limit(PAGE);
        let mut nodes = Vec::new();
        loop {
            let next = match self.reach {
                KubeletReach::Proxy => {
                    let page = within(api.list_metadata(&params)).await?;
                    nodes.extend(page.items.iter().map(|node| (node.name_any(), None)));
                    page.metadata.continue_
                }
                KubeletReach::Direct(_) => {
                    let page = within(api.list(&params)).await?;
                    nodes.extend(page.items.iter().map(|node| (node.name_any(), address(node))));
                    page.metadata.continue_
                }
            };
            match next.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(nodes),
            }
        }
    }

    /// Clients are kept for as long as a node keeps its address: each holds connections.
    fn ways(
        &self,
        nodes: Vec<(String, Option<String>)>,
    ) -> Result<BTreeMap<String, Known>, KubeletError> {
        let mut ways = BTreeMap::new();
        for (node, address) in nodes {
            let authority = match (&self.reach, address) {
                (KubeletReach::Proxy, _) => String::new(),
                (KubeletReach::Direct(_), Some(address)) => address,
                // Not up yet: it has no pods either.
                (KubeletReach::Direct(_), None) => continue,
            };
            let known = self.targets.get(&node).filter(|known| known.authority == authority);
            let known = match known {
                Some(known) => known.clone(),
                None => Known { target: self.way(&node, &authority)?, authority },
            };
            ways.insert(node, known);
        }
        Ok(ways)
    }

    fn way(&self, node: &str, authority: &str) -> Result<Target, KubeletError> {
        let (client, path) = match &self.reach {
            KubeletReach::Proxy => {
                let path = format!("/api/v1/nodes/{node}/proxy/metrics/resource");
                (self.client.clone(), path)
            }
            KubeletReach::Direct(config) => {
                let mut config = (**config).clone();
                let url = format!("https://{authority}/");
                config.cluster_url = url.parse::<Uri>().map_err(|error| {
                    KubeletError::Client(Box::new(kube::Error::HttpError(error.into())))
                })?;
                let client = Client::try_from(config);
                let client = client.map_err(|error| KubeletError::Client(Box::new(error)))?;
                (client, "/metrics/resource".to_owned())
            }
        };
        Ok(Target { node: node.to_owned(), client, path })
    }
}

async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, KubeletError> {
    let failed = |error| KubeletError::Nodes(Box::new(error));
    match tokio::time::timeout(LIST_LIMIT, call).await {
        Ok(answer) => answer.map_err(failed),
        Err(elapsed) => Err(failed(kube::Error::Service(Box::new(elapsed)))),
    }
}

/// Where the node's kubelet serves: its internal address, else its host name.
fn address(node: &Node) -> Option<String> {
    let status = node.status.as_ref()?;
    let of_kind = |kind: &str| {
        let mut all = status.addresses.iter().flatten();
        all.find(|address| address.type_ == kind).map(|address| address.address.clone())
    };
    let host = of_kind("InternalIP").or_else(|| of_kind("Hostname"))?;
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let endpoints = status.daemon_endpoints.as_ref();
    let port = endpoints.and_then(|all| all.kubelet_endpoint.as_ref()).map(|one| one.port);
    Some(format!("{host}:{}", port.filter(|port| *port > 0).unwrap_or(KUBELET_PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node's status; expects where its kubelet is.
    fn check(status: &str, expect: Option<&str>) {
        let node = format!(r#"{{"metadata": {{"name": "a"}}, "status": {status}}}"#);
        let node: Node = serde_json::from_str(&node).unwrap();
        assert_eq!(address(&node).as_deref(), expect);
    }

    #[test]
    fn the_internal_address_and_the_port_it_names() {
        check(
            r#"{"addresses": [{"type": "Hostname", "address": "a"},
                {"type": "InternalIP", "address": "10.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10255}}}"#,
            Some("10.0.0.1:10255"),
        );
        check(
            r#"{"addresses": [{"type": "InternalIP", "address": "fd00::1"}]}"#,
            Some("[fd00::1]:10250"),
        );
        check(r#"{"addresses": [{"type": "Hostname", "address": "a"}]}"#, Some("a:10250"));
        check("{}", None);
    }
}
