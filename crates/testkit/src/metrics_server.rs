//! A smallest metrics server: what the kubelet of a real node says its containers use, as the
//! metrics API.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::Request;
use axum::response::Json;
use axum::routing::get;
use kube::Client;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::kubelet::{metrics_api, register, serve};
use crate::real_node::{OUTSIDE_PORT, RealNode};

/// The kubelet's page, through the API server.
const PAGE: &str = "/api/v1/nodes/node-a/proxy/metrics/resource";
const CPU: &str = "container_cpu_usage_seconds_total";
const MEMORY: &str = "container_memory_working_set_bytes";
/// The kubelet looks at its containers no oftener.
const READ_EVERY: Duration = Duration::from_secs(1);

/// A running metrics server, until it is dropped.
pub struct MetricsServer {
    _server: serve::Server,
    _tasks: JoinSet<()>,
}

impl fmt::Debug for MetricsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsServer").finish_non_exhaustive()
    }
}

impl MetricsServer {
    /// Serves the usage of a node's containers and registers the metrics API. The API server takes
    /// a few seconds more to find it.
    pub async fn start(node: &RealNode) -> Result<Self> {
        let usages = Arc::new(Mutex::new(Usages::default()));
        let pages = Router::new()
            .route("/apis/metrics.k8s.io", get(|| async { Json(metrics_api::group()) }))
            .route("/apis/metrics.k8s.io/v1beta1", get(|| async { Json(metrics_api::resources()) }))
            .route("/apis/metrics.k8s.io/v1beta1/pods", get(list))
            .with_state(Arc::clone(&usages));
        let (server, serving) = serve::listen(pages)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serving);
        tasks.spawn(node.bring_in(server.address)?);
        tasks.spawn(read(node.client(), usages));
        register::metrics_api(&node.client(), OUTSIDE_PORT).await?;
        Ok(Self { _server: server, _tasks: tasks })
    }
}

/// A container: namespace, pod, name.
type Name = (String, String, String);

/// What was read last, and what follows from it.
#[derive(Debug, Default)]
struct Usages {
    /// CPU seconds used so far, and when, in seconds.
    cpu: BTreeMap<Name, (f64, f64)>,
    /// Cores used lately, and until when.
    cores: BTreeMap<Name, (f64, f64)>,
    /// Bytes in use.
    memory: BTreeMap<Name, f64>,
}

async fn read(client: Client, usages: Arc<Mutex<Usages>>) {
    let mut ticks = interval(READ_EVERY);
    loop {
        ticks.tick().await;
        match page(&client).await {
            Ok(text) => usages.lock().take_in(&text),
            Err(error) => tracing::debug!(%error, "Kubelet's metrics were not read"),
        }
    }
}

async fn page(client: &Client) -> Result<String> {
    let request = Request::get(PAGE).body(Vec::new())?;
    client.request_text(request).await.context("read the kubelet's metrics")
}

async fn list(State(usages): State<Arc<Mutex<Usages>>>) -> Json<Value> {
    Json(usages.lock().list())
}

impl Usages {
    fn take_in(&mut self, page: &str) {
        self.memory.clear();
        let mut seen = BTreeMap::new();
        for (metric, name, value, at) in page.lines().filter_map(line) {
            if metric == MEMORY {
                self.memory.insert(name, value);
                continue;
            }
            match self.cpu.get(&name) {
                Some(&(before, since)) if at > since && value >= before => {
                    self.cores.insert(name.clone(), ((value - before) / (at - since), at));
                }
                // Restarted: what it used before says nothing.
                Some(&(before, _)) if value < before => drop(self.cores.remove(&name)),
                _ => {}
            }
            seen.insert(name, (value, at));
        }
        self.cores.retain(|name, _| seen.contains_key(name));
        self.cpu = seen;
    }

    fn list(&self) -> Value {
        let items = self.cores.iter().filter_map(|(name, (cores, at))| {
            let (namespace, pod, container) = name;
            let memory = self.memory.get(name)?;
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
            let at = jiff::Timestamp::from_millisecond((at * 1e3) as i64).ok()?;
            Some(json!({
                "metadata": {"name": pod, "namespace": namespace},
                "timestamp": at.to_string(), "window": "10s",
                "containers": [{"name": container, "usage": {
                    "cpu": format!("{:.0}n", cores * 1e9), "memory": format!("{memory:.0}"),
                }}],
            }))
        });
        let items: Vec<Value> = items.collect();
        json!({"kind": "PodMetricsList", "apiVersion": metrics_api::VERSION, "items": items})
    }
}

/// A line about a container: metric, container, value, and when in seconds.
fn line(text: &str) -> Option<(&str, Name, f64, f64)> {
    let (metric, rest) = text.split_once('{')?;
    let (labels, rest) = rest.split_once("} ")?;
    let (value, at) = rest.split_once(' ')?;
    let label = |name: &str| {
        let mut labels = labels.split(',').filter_map(|label| label.split_once('='));
        let (_, value) = labels.find(|(key, _)| *key == name)?;
        Some(value.trim_matches('"').to_owned())
    };
    let name = (label("namespace")?, label("pod")?, label("container")?);
    let at = at.trim().parse::<f64>().ok()? / 1e3;
    [CPU, MEMORY].contains(&metric).then_some((metric, name, value.parse().ok()?, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_takes_two_readings_and_no_restart() {
        let page = |seconds: f64, at: u64| {
            format!(
                "# HELP\n{CPU}{{container=\"main\",namespace=\"a\",pod=\"b\"}} {seconds} {at}\n\
                 {MEMORY}{{container=\"main\",namespace=\"a\",pod=\"b\"}} 1e6 {at}\n\
                 pod_cpu_usage_seconds_total{{namespace=\"a\",pod=\"b\"}} 9 {at}\n"
            )
        };
        let mut usages = Usages::default();
        let cpu = |usages: &Usages| usages.list()["items"][0]["containers"][0]["usage"].clone();
        usages.take_in(&page(1.0, 1000));
        assert_eq!(cpu(&usages), Value::Null);
        usages.take_in(&page(1.5, 2000));
        assert_eq!(cpu(&usages), json!({"cpu": "500000000n", "memory": "1000000"}));
        usages.take_in(&page(1.5, 2000));
        assert_eq!(cpu(&usages)["cpu"], "500000000n");
        usages.take_in(&page(0.1, 3000));
        assert_eq!(cpu(&usages), Value::Null);
    }
}
