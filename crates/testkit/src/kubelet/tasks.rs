//! The fake kubelet's endless tasks: watching pods, running them, writing what became of them, and
//! renewing the nodes' leases. Each goes on after any failure of the API.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, ResourceExt as _};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::fleet::Write;
use super::pod::PodFacts;
use super::{Shared, now, register};

/// Writes under way at a time: the API server answers in a few milliseconds, and more would only
/// queue inside it.
const WRITES_AT_ONCE: usize = 16;
/// Pods taken for writing at a time, so that one that changed meanwhile waits for about as long as
/// it takes to write these: half a second.
const WRITES_IN_ROW: usize = 200;
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const WRITE_RETRY: Duration = Duration::from_millis(500);
/// The kubelet's own interval; its leases last 40 s.
const LEASE_RENEWAL: Duration = Duration::from_secs(10);

/// Takes in every change of every pod that is bound to a node.
pub(super) async fn watch_pods(shared: &Shared, client: Client, job_duration: Duration) {
    let bound = watcher::Config::default().fields("spec.nodeName!=");
    let mut events = watcher::watcher(Api::<Pod>::all(client), bound).default_backoff().boxed();
    let mut listed = BTreeSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => take_in(shared, event, &mut listed, job_duration),
            Err(error) => tracing::warn!(%error, "Pods could not be watched"),
        }
    }
}

fn take_in(
    shared: &Shared,
    event: Event<Pod>,
    listed: &mut BTreeSet<String>,
    job_duration: Duration,
) {
    let mut fleet = shared.fleet.lock();
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(pod) => {
            listed.extend(pod.uid());
            if let Some(facts) = PodFacts::from_pod(&pod, job_duration) {
                fleet.observe(facts, now());
            }
        }
        Event::InitDone => fleet.retain(listed),
        Event::Apply(pod) => {
            if let Some(facts) = PodFacts::from_pod(&pod, job_duration) {
                fleet.observe(facts, now());
            }
        }
        Event::Delete(pod) => {
            if let Some(uid) = pod.uid() {
                fleet.forget(&uid);
            }
        }
    }
    shared.wake.notify_one();
}

/// Runs the nodes, a step each `tick`.
pub(super) async fn run_pods(shared: &Shared, tick: Duration) {
    let mut ticks = interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        shared.fleet.lock().step(now());
        shared.wake.notify_one();
    }
}

/// Writes the statuses that changed and deletes what is to go.
pub(super) async fn write_pods(shared: &Shared, client: Client) {
    loop {
        let due = shared.fleet.lock().take_due(WRITES_IN_ROW);
        if due.is_empty() {
            shared.wake.notified().await;
            continue;
        }
        let failed: Vec<String> = stream::iter(due)
            .map(|uid| write_pod(shared, &client, uid))
            .buffer_unordered(WRITES_AT_ONCE)
            .filter_map(async |failed| failed)
            .collect()
            .await;
        if !failed.is_empty() {
            sleep(WRITE_RETRY).await;
            shared.fleet.lock().mark_due(failed);
        }
    }
}

/// The uid again when the write failed and is worth another try.
async fn write_pod(shared: &Shared, client: &Client, uid: String) -> Option<String> {
    let write = shared.fleet.lock().write(&uid)?;
    match timeout(WRITE_TIMEOUT, send(client, &uid, &write)).await {
        Ok(Ok(())) => {
            if let Write::Status { patch, .. } = write {
                shared.fleet.lock().written(&uid, patch);
            }
            None
        }
        // Gone, or another pod of the same name: the watch says so too.
        Ok(Err(kube::Error::Api(status))) if status.code == 404 || status.code == 409 => None,
        Ok(Err(error)) => {
            tracing::warn!(uid, %error, "Pod status could not be written");
            Some(uid)
        }
        Err(_) => {
            tracing::warn!(uid, "Pod status could not be written in time");
            Some(uid)
        }
    }
}

async fn send(client: &Client, uid: &str, write: &Write) -> Result<(), kube::Error> {
    match write {
        Write::Status { namespace, name, patch } => {
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            pods.patch_status(name, &PatchParams::default(), &Patch::Strategic(patch)).await?;
        }
        Write::Delete { namespace, name } => {
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            let mut at_once = DeleteParams::default().grace_period(0);
            at_once.preconditions =
                Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None });
            pods.delete(name, &at_once).await?;
        }
    }
    Ok(())
}

/// Keeps the nodes' leases fresh, so that the node controller finds them alive.
pub(super) async fn renew_leases(client: Client, nodes: Vec<String>) {
    let mut renewals = interval(LEASE_RENEWAL);
    renewals.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        renewals.tick().await;
        let leases = nodes.iter().map(|node| register::lease(&client, node)).collect();
        if let Err(error) = all(leases).await {
            tracing::warn!(%error, "Node leases could not be renewed");
        }
    }
}

/// Waits for all of them, several at a time; the first error ends it.
pub(super) async fn all<F>(writes: Vec<F>) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await
}
