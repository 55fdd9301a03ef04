//! A fake kubelet: nodes that run any pod, with usage from a model instead of from programs.
//!
//! It registers its nodes, writes the status of the pods bound to them, resizes them in place,
//! kills what exceeds its memory limit, and serves the kubelet's metrics pages and the metrics
//! API. How containers live and die is [`plimsoll_replay::node`]'s part; here it meets the API.

mod exposition;
mod fleet;
pub(crate) mod metrics_api;
mod pod;
pub(crate) mod register;
mod rules;
mod selector;
pub(crate) mod serve;
mod status;
mod tasks;
pub mod usage;

pub use rules::{PodMatcher, ReportedUsage};

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use kube::Client;
use parking_lot::Mutex;
use plimsoll_domain::{Amount, PerResource, Timestamp};
use plimsoll_replay::node::ResizeFault;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use fleet::Fleet;
use register::NodeFacts;
use usage::UsageModel;

/// On a pod: what each of its containers uses, in the words of [`UsageModel`]'s `FromStr`. With
/// `.NAME` appended: what the container of that name uses.
pub const USAGE_ANNOTATION: &str = "testkit.plimsoll.dev/usage";
/// On a pod: how long it runs before it ends well by itself, `5s`.
pub const COMPLETES_AFTER_ANNOTATION: &str = "testkit.plimsoll.dev/completes-after";

/// What a fake kubelet is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many nodes.
    pub nodes: u32,
    /// What their names begin with; a number from 0 follows.
    pub node_prefix: String,
    /// The capacity of each, all of it allocatable.
    pub capacity: PerResource<Amount>,
    /// Labels of each.
    pub node_labels: BTreeMap<String, String>,
    /// How often usage, restarts and waiting resizes are looked at. The node model counts whole
    /// seconds.
    pub tick: Duration,
    /// How long the pods of a Job run, where no annotation says otherwise.
    pub job_duration: Duration,
    /// Whether to register the metrics API.
    pub metrics_api: bool,
    /// An address of this machine at which each node serves its pages as a kubelet does, on a port
    /// of its own. The API server passes requests on to nodes at no address of loopback.
    pub reachable_at: Option<IpAddr>,
}

impl Default for Options {
    /// Three nodes of 16 cores and 64 GiB.
    fn default() -> Self {
        Self {
            nodes: 3,
            node_prefix: "fake".to_owned(),
            capacity: PerResource {
                cpu: Amount::from_millicores(16_000),
                memory: Amount::from_mebibytes(64 * 1024),
            },
            node_labels: BTreeMap::from([("type".to_owned(), "fake".to_owned())]),
            tick: Duration::from_secs(1),
            job_duration: Duration::from_secs(5),
            metrics_api: true,
            reachable_at: None,
        }
    }
}

/// Running nodes. Dropping it ends them without a word, as a power cut would: their pods stay as
/// they were last written.
pub struct FakeKubelet {
    client: Client,
    shared: Arc<Shared>,
    server: serve::Server,
    /// One for each node, where nodes are reachable.
    _nodes: Vec<serve::Server>,
    /// Ended with the handle.
    _tasks: JoinSet<()>,
}

impl fmt::Debug for FakeKubelet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeKubelet").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// What the tasks, the server and the handle share.
#[derive(Debug)]
pub(crate) struct Shared {
    fleet: Mutex<Fleet>,
    /// Statuses may have to be written.
    wake: Notify,
    metrics_available: AtomicBool,
}

impl FakeKubelet {
    /// Registers the nodes and starts to run what is bound to them. Returns once the nodes are
    /// ready; the API server takes a few seconds more to find the metrics API.
    pub async fn start(client: Client, options: Options) -> Result<Self> {
        let names: Vec<String> =
            (0..options.nodes).map(|i| format!("{}-{i}", options.node_prefix)).collect();
        let shared = Arc::new(Shared {
            fleet: Mutex::new(Fleet::new(names.clone(), options.capacity)),
            wake: Notify::new(),
            metrics_available: AtomicBool::new(true),
        });
        let (server, serve) = serve::bind(Arc::clone(&shared))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve);
        let (mut servers, mut nodes) = (Vec::new(), Vec::new());
        for name in &names {
            let mut facts = NodeFacts {
                allocatable: options.capacity,
                labels: options.node_labels.clone(),
                endpoint: None,
            };
            if let Some(address) = options.reachable_at {
                let (server, serve) = serve::bind_node(&shared, name, address)?;
                facts.endpoint = Some(server.address);
                tasks.spawn(serve);
                servers.push(server);
            }
            let client = client.clone();
            nodes.push(async move { register::node(&client, name, &facts).await });
        }
        tasks::all(nodes).await?;
        let (it, api) = (Arc::clone(&shared), client.clone());
        tasks.spawn(async move { tasks::watch_pods(&it, api, options.job_duration).await });
        let it = Arc::clone(&shared);
        tasks.spawn(async move { tasks::run_pods(&it, options.tick).await });
        let (it, api) = (Arc::clone(&shared), client.clone());
        tasks.spawn(async move { tasks::write_pods(&it, api).await });
        tasks.spawn(tasks::renew_leases(client.clone(), names));
        let kubelet = Self { client, shared, server, _nodes: servers, _tasks: tasks };
        if options.metrics_api {
            kubelet.register_metrics_api().await?;
        }
        Ok(kubelet)
    }

    /// Gives the matching containers a usage model from now on; its script begins now. It beats
    /// annotations, and earlier calls for the same containers.
    pub fn set_usage(&self, matcher: PodMatcher, usage: UsageModel) {
        self.shared.fleet.lock().rules.usage.set(matcher, (usage, now()));
    }

    /// Lets the metrics API give these quantities for the matching containers instead of the
    /// true ones; the default value gives the true ones again.
    pub fn report_instead(&self, matcher: PodMatcher, reported: ReportedUsage) {
        self.shared.fleet.lock().rules.reported.set(matcher, reported);
    }

    /// Whether the metrics API answers; while it does not, it says 503.
    pub fn metrics_available(&self, available: bool) {
        self.shared.metrics_available.store(available, Ordering::Relaxed);
    }

    /// Makes the metrics API known to the API server.
    pub async fn register_metrics_api(&self) -> Result<()> {
        register::metrics_api(&self.client, self.server.address.port()).await
    }

    /// Takes the metrics API away from the API server, as if none had been installed.
    pub async fn unregister_metrics_api(&self) -> Result<()> {
        register::no_metrics_api(&self.client).await
    }

    /// Lets the resizes of the matching pods, present and to come, fail or stall; `None` lets them
    /// work again.
    pub fn fail_resizes(&self, matcher: PodMatcher, fault: Option<ResizeFault>) {
        self.shared.fleet.lock().set_resize_fault(matcher, fault);
    }

    /// Kills the matching containers as the kernel kills for memory; how many ran.
    pub fn kill_out_of_memory(&self, matcher: &PodMatcher) -> usize {
        let killed = self.shared.fleet.lock().kill_out_of_memory(matcher, now());
        self.shared.wake.notify_one();
        killed
    }

    /// Ends the matching pods well; how many ran.
    pub fn complete(&self, matcher: &PodMatcher) -> usize {
        let ended = self.shared.fleet.lock().complete(matcher, now());
        self.shared.wake.notify_one();
        ended
    }

    /// Where `/nodes/NAME/metrics/resource`, `/nodes/NAME/metrics/cadvisor` and
    /// `/apis/metrics.k8s.io/v1beta1` are served over HTTPS.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The server's self-signed certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.server.certificate
    }

    /// How many pods run.
    pub fn pods_running(&self) -> usize {
        self.shared.fleet.lock().running(None).count()
    }
}

fn now() -> Timestamp {
    Timestamp::from_seconds(jiff::Timestamp::now().as_second())
}
