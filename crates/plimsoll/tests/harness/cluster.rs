//! A cluster for tests: control plane, fake nodes, definitions, webhook configuration, workloads.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Resource};
use plimsoll_api::ScaledWorkload;
use plimsoll_testkit::kubelet::{FakeKubelet, Options, PodMatcher};
use plimsoll_testkit::rig::{Rig, RigOptions};
use plimsoll_testkit::wait::wait_for;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{OWN_NAMESPACE, SOON};

/// A cluster that Plimsoll could be started in. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct World {
    /// The control plane.
    pub(crate) rig: Rig,
    /// The nodes.
    pub(crate) kubelet: FakeKubelet,
    /// Where the cluster's webhook configuration points to.
    pub(crate) webhook_port: u16,
    dir: PathBuf,
}

impl World {
    /// Starts everything but Plimsoll; `name` tells the folders of test programs apart.
    pub(crate) async fn start(name: &str) -> Result<Self> {
        Self::start_with(name, RigOptions::default()).await
    }

    /// The same with more asked of the control plane.
    pub(crate) async fn start_with(name: &str, options: RigOptions) -> Result<Self> {
        Self::start_on(name, options, Options::default()).await
    }

    /// The same with nodes of another kind.
    pub(crate) async fn start_on(name: &str, options: RigOptions, nodes: Options) -> Result<Self> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", process::id()));
        fs::create_dir_all(&dir).context("make a folder")?;
        let rig = Rig::start(options).await?;
        let kubelet = FakeKubelet::start(rig.client(), nodes).await?;
        let world = Self { rig, kubelet, webhook_port: free_port()?, dir };
        world.install().await?;
        Ok(world)
    }

    /// An administrator's client.
    pub(crate) fn client(&self) -> Client {
        self.rig.client()
    }

    /// A folder or file of this name that goes with the cluster.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    async fn install(&self) -> Result<()> {
        self.define(plimsoll_api::crds()).await?;
        self.namespace(OWN_NAMESPACE, &[]).await?;
        let webhooks: Api<MutatingWebhookConfiguration> = Api::all(self.client());
        let configuration = serde_json::from_value(webhook_configuration(self.webhook_port))?;
        webhooks.create(&PostParams::default(), &configuration).await?;
        let judges: Api<ValidatingWebhookConfiguration> = Api::all(self.client());
        let configuration = serde_json::from_value(judge_configuration(self.webhook_port))?;
        judges.create(&PostParams::default(), &configuration).await?;
        let objects: Api<ScaledWorkload> = Api::all(self.client());
        wait_for(SOON, "the definitions in effect", async || {
            Ok(objects.list(&ListParams::default()).await.is_ok())
        })
        .await
    }

    /// Creates definitions of custom resources.
    pub(crate) async fn define(&self, kinds: Vec<CustomResourceDefinition>) -> Result<()> {
        let definitions: Api<CustomResourceDefinition> = Api::all(self.client());
        for definition in kinds {
            definitions.create(&PostParams::default(), &definition).await?;
        }
        Ok(())
    }

    /// Makes a namespace and waits until pods can be made in it.
    pub(crate) async fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<()> {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some(labels.collect()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let namespaces: Api<Namespace> = Api::all(self.client());
        namespaces.create(&PostParams::default(), &namespace).await?;
        let accounts: Api<k8s_openapi::api::core::v1::ServiceAccount> =
            Api::namespaced(self.client(), name);
        wait_for(SOON, "the namespace's service account", async || {
            Ok(accounts.get_opt("default").await?.is_some())
        })
        .await
    }

    /// The objects of a kind in a namespace.
    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client(), namespace)
    }

    /// Creates an object from JSON.
    pub(crate) async fn create<K>(&self, namespace: &str, object: Value) -> Result<K>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + Serialize
            + DeserializeOwned,
        K::DynamicType: Default,
    {
        let object: K = serde_json::from_value(object)?;
        Ok(self.api::<K>(namespace).create(&PostParams::default(), &object).await?)
    }

    /// Creates a Deployment of one container `app` and waits until its pods run.
    pub(crate) async fn deploy(&self, namespace: &str, deployment: &Deploy<'_>) -> Result<()> {
        self.create::<Deployment>(namespace, deployment.object()).await?;
        self.ready(namespace, deployment.name, deployment.replicas).await
    }

    /// Waits until so many pods of a Deployment are ready.
    pub(crate) async fn ready(&self, namespace: &str, name: &str, replicas: u32) -> Result<()> {
        let deployments: Api<Deployment> = self.api(namespace);
        wait_for(SOON, &format!("the readiness of {namespace}/{name}"), async || {
            let status = deployments.get(name).await?.status.unwrap_or_default();
            Ok(status.ready_replicas == i32::try_from(replicas).ok())
        })
        .await
    }

    /// The pods of a namespace whose names begin with `prefix` and that are not being deleted, as
    /// JSON, the oldest first.
    pub(crate) async fn pods(&self, namespace: &str, prefix: &str) -> Result<Vec<Value>> {
        let mut pods = self.api::<Pod>(namespace).list(&ListParams::default()).await?.items;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        pods.retain(|pod| pod.metadata.name.as_ref().is_some_and(|name| name.starts_with(prefix)));
        pods.sort_by_key(|pod| {
            (pod.metadata.creation_timestamp.clone(), pod.metadata.name.clone())
        });
        pods.iter().map(|pod| Ok(serde_json::to_value(pod)?)).collect()
    }

    /// Deletes a pod by name.
    pub(crate) async fn delete_pod(&self, namespace: &str, name: &str) -> Result<()> {
        self.api::<Pod>(namespace).delete(name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Changes an object by a merge patch.
    pub(crate) async fn merge<K>(&self, namespace: &str, name: &str, patch: Value) -> Result<()>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
        K::DynamicType: Default,
    {
        let api = self.api::<K>(namespace);
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Lets the pods whose names begin with `prefix` use this from now on; the words are those of
    /// the fake kubelet's usage annotation.
    pub(crate) fn usage(&self, namespace: &str, prefix: &str, usage: &str) -> Result<()> {
        self.kubelet.set_usage(PodMatcher::pods(namespace, prefix), usage.parse()?);
        Ok(())
    }

    /// A workload's ScaledWorkload as JSON; null where there is none. `name` is the object's:
    /// `web-deployment`.
    pub(crate) async fn scaled(&self, namespace: &str, name: &str) -> Result<Value> {
        let object = self.api::<ScaledWorkload>(namespace).get_opt(name).await?;
        Ok(serde_json::to_value(object)?)
    }

    /// Waits until a ScaledWorkload is as wished and returns it. In vain, the error holds what it
    /// was last.
    pub(crate) async fn scaled_when(
        &self,
        namespace: &str,
        name: &str,
        what: &str,
        wish: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let mut last = Value::Null;
        let waited = wait_for(SOON, what, async || {
            last = self.scaled(namespace, name).await?;
            Ok(wish(&last))
        })
        .await;
        waited.with_context(|| format!("{namespace}/{name} is {}", without_fields(&last)))?;
        Ok(last)
    }

    /// Waits until all pods of a prefix are as wished and returns them. There must be some.
    pub(crate) async fn pods_when(
        &self,
        namespace: &str,
        prefix: &str,
        what: &str,
        wish: impl Fn(&Value) -> bool,
    ) -> Result<Vec<Value>> {
        let mut last = Vec::new();
        let waited = wait_for(SOON, what, async || {
            last = self.pods(namespace, prefix).await?;
            Ok(!last.is_empty() && last.iter().all(&wish))
        })
        .await;
        waited.with_context(|| {
            let pods: Vec<String> = last.iter().map(without_fields).collect();
            format!("pods {namespace}/{prefix}* are {}", pods.join("\n"))
        })?;
        Ok(last)
    }

    /// Replaces a controller's pods until a new one is as wished by what it was given when it was made,
    /// not by a resize: values reach the webhook a moment after they are written, and an API server in
    /// a hurry goes on without it.
    pub(crate) async fn admitted_when(
        &self,
        namespace: &str,
        prefix: &str,
        what: &str,
        wish: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let uid = |pod: &Value| pod["metadata"]["uid"].to_string();
        let before: Vec<String> = self.pods(namespace, prefix).await?.iter().map(uid).collect();
        wait_for(SOON, what, async || {
            let pods = self.pods(namespace, prefix).await?;
            let is_new = |pod: &&Value| !before.contains(&uid(pod));
            let is_wished = |pod: &Value| pod["metadata"]["generation"] == 1 && wish(pod);
            if pods.iter().filter(is_new).any(is_wished) {
                return Ok(true);
            }
            for pod in &pods {
                let name = pod["metadata"]["name"].as_str().context("a pod without a name")?;
                self.delete_pod(namespace, name).await?;
            }
            Ok(false)
        })
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.dir).ok();
    }
}

/// A Deployment of one container `app`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deploy<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Of how many pods.
    pub(crate) replicas: u32,
    /// The annotation `workloads.cast.ai/configuration`; none when empty.
    pub(crate) configuration: &'a str,
    /// What its pods use, in the words of the fake kubelet's usage annotation.
    pub(crate) usage: &'a str,
    /// The container's requests: CPU and memory.
    pub(crate) requests: (&'a str, &'a str),
    /// The container's limits: CPU and memory; none where empty.
    pub(crate) limits: (&'a str, &'a str),
}

impl Default for Deploy<'_> {
    /// Three pods that request 1 CPU and 1 GiB and use 100 millicores and 100 MiB.
    fn default() -> Self {
        Self {
            name: "web",
            replicas: 3,
            configuration: "",
            usage: "cpu=100m,memory=100Mi",
            requests: ("1", "1Gi"),
            limits: ("", ""),
        }
    }
}

impl Deploy<'_> {
    /// The object, for what the fields do not cover.
    pub(crate) fn object(&self) -> Value {
        let mut annotations = json!({});
        if !self.configuration.is_empty() {
            annotations["workloads.cast.ai/configuration"] = self.configuration.into();
        }
        let labels = json!({"app": self.name});
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.name, "annotations": annotations},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": labels},
                "template": pod_template(self, &labels),
            },
        })
    }
}

/// A pod template of one container `app`, for workloads of any kind.
pub(crate) fn pod_template(deploy: &Deploy<'_>, labels: &Value) -> Value {
    json!({
        "metadata": {
            "labels": labels,
            "annotations": {"testkit.plimsoll.dev/usage": deploy.usage},
        },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "app",
                "image": "app",
                "resources": {
                    "requests": amounts(deploy.requests),
                    "limits": amounts(deploy.limits),
                },
            }],
        },
    })
}

fn amounts((cpu, memory): (&str, &str)) -> Value {
    let mut amounts = json!({});
    for (name, amount) in [("cpu", cpu), ("memory", memory)] {
        if !amount.is_empty() {
            amounts[name] = amount.into();
        }
    }
    amounts
}

/// An object as text without the fields that only the API server reads.
fn without_fields(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object.to_string()
}

/// As the chart renders it, but for the address.
fn webhook_configuration(port: u16) -> Value {
    let ignored = json!({
        "key": "workload-autoscaler.cast.ai/ignore", "operator": "NotIn", "values": ["true"],
    });
    json!({
        "metadata": {"name": "plimsoll"},
        "webhooks": [{
            "name": "pods.plimsoll.dev",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore",
            "timeoutSeconds": 3,
            "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded",
            "clientConfig": {"url": format!("https://127.0.0.1:{port}/mutate")},
            "namespaceSelector": {"matchExpressions": [
                {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "NotIn",
                    "values": ["kube-system", OWN_NAMESPACE],
                },
                ignored,
            ]},
            "objectSelector": {"matchExpressions": [ignored]},
            "rules": [{
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
                "scope": "Namespaced",
            }],
        }],
    })
}

/// The same for the webhook that judges settings.
fn judge_configuration(port: u16) -> Value {
    let rule = |group: &str, resources: &[&str]| {
        json!({
            "apiGroups": [group],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": resources,
            "scope": "*",
        })
    };
    json!({
        "metadata": {"name": "plimsoll"},
        "webhooks": [{
            "name": "settings.plimsoll.dev",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore",
            "timeoutSeconds": 3,
            "sideEffects": "None",
            "clientConfig": {"url": format!("https://127.0.0.1:{port}/validate")},
            "rules": [
                rule("plimsoll.dev", &["scaledworkloads", "scalingpolicies"]),
                rule(
                    "thoras.ai",
                    &["aiscaletargets", "clusteraiscaletemplates", "daemonsetautoscalers"],
                ),
            ],
        }],
    })
}

/// A port of the loopback address that is free now. Below 32768, where no outgoing connection is
/// given a port in the meantime.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(process::id() % 1000).unwrap_or(0) * 12;
    for _ in 0..1000 {
        let port = 20_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("1,000 ports in a row are taken")
}
