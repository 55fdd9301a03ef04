//! What the fake kubelet makes known to the cluster: its nodes, their leases, and the metrics API.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client, Resource};
use plimsoll_api::format_quantity;
use plimsoll_domain::{Amount, PerResource, Resource as Sized, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{now, status};

const FIELD_MANAGER: &str = "fake-kubelet";
/// The kubelet's default: a node whose lease is older counts as lost.
const LEASE_SECONDS: u32 = 40;
/// No test puts more pods than this on one node.
const PODS_PER_NODE: u32 = 1000;
const METRICS_SERVICE: &str = "fake-kubelet-metrics";
const METRICS_API: &str = "v1beta1.metrics.k8s.io";

/// What a node says of itself.
#[derive(Clone, Debug)]
pub(super) struct NodeFacts {
    pub allocatable: PerResource<Amount>,
    pub labels: BTreeMap<String, String>,
    /// Where its kubelet serves; a node that has none says loopback, and no port.
    pub endpoint: Option<SocketAddr>,
}

/// Creates the node, or brings it up to date, and makes it ready.
pub(super) async fn node(client: &Client, name: &str, facts: &NodeFacts) -> Result<()> {
    lease(client, name).await?;
    let nodes: Api<Node> = Api::all(client.clone());
    let mut labels = facts.labels.clone();
    for (key, value) in [("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux")] {
        labels.insert(key.to_owned(), value.to_owned());
    }
    let body = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels},
    });
    apply(&nodes, name, &body).await?;
    let status = json!({"status": node_status(facts, now())});
    nodes
        .patch_status(name, &PatchParams::default(), &Patch::Strategic(&status))
        .await
        .with_context(|| format!("write the status of node {name}"))?;
    // The API server taints a new node as not ready; the node controller would lift that later.
    let untainted = json!({"spec": {"taints": null}});
    nodes
        .patch(name, &PatchParams::default(), &Patch::Merge(&untainted))
        .await
        .with_context(|| format!("remove the taints of node {name}"))?;
    Ok(())
}

/// Creates or renews a node's lease.
pub(super) async fn lease(client: &Client, name: &str) -> Result<()> {
    let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-node-lease");
    let renewed = jiff::Timestamp::now();
    let body = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": format!("{renewed:.6}"),
        },
    });
    apply(&leases, name, &body).await
}

/// Tells the API server that the metrics API is to be had at this port of its own host.
pub(crate) async fn metrics_api(client: &Client, port: u16) -> Result<()> {
    let services: Api<Service> = Api::namespaced(client.clone(), "kube-system");
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": METRICS_SERVICE},
        "spec": {
            "type": "ExternalName",
            "externalName": "localhost",
            "ports": [{"port": port}],
        },
    });
    apply(&services, METRICS_SERVICE, &service).await?;
    let api = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": METRICS_API},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": true,
            "service": {"namespace": "kube-system", "name": METRICS_SERVICE, "port": port},
        },
    });
    apply(&Api::<APIService>::all(client.clone()), METRICS_API, &api).await
}

/// Takes the metrics API away, as if no metrics server were installed.
pub(super) async fn no_metrics_api(client: &Client) -> Result<()> {
    let services: Api<APIService> = Api::all(client.clone());
    match services.delete(METRICS_API, &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        deleted => deleted.map(drop).context("remove the metrics API"),
    }
}

async fn apply<K>(api: &Api<K>, name: &str, body: &Value) -> Result<()>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let applied = api.patch(name, &params, &Patch::Apply(body)).await;
    applied.map(drop).with_context(|| format!("apply {} {name}", body["kind"]))
}

fn node_status(facts: &NodeFacts, at: Timestamp) -> Value {
    let at = status::time(at);
    let endpoint = facts.endpoint.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let (address, port) = (endpoint.ip().to_string(), endpoint.port());
    let amount = |resource| format_quantity(resource, *facts.allocatable.get(resource));
    let resources = json!({
        "cpu": amount(Sized::Cpu),
        "memory": amount(Sized::Memory),
        "pods": PODS_PER_NODE.to_string(),
    });
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason,
            "lastHeartbeatTime": at, "lastTransitionTime": at,
        })
    };
    json!({
        "capacity": resources,
        "allocatable": resources,
        "conditions": [
            condition("Ready", "True", "KubeletReady"),
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
        ],
        "addresses": [{"type": "InternalIP", "address": address}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "osImage": "fake",
            "kernelVersion": "fake", "containerRuntimeVersion": "fake://1",
            "kubeletVersion": "v1.36.4", "kubeProxyVersion": "",
            "bootID": "", "machineID": "", "systemUUID": "",
        },
    })
}
