//! What runs in the cluster, and what the controller has said of it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use plimsoll_api::ScaledWorkload;
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

/// Ten samples at the default interval take five minutes; a busy machine gets several times that.
const PATIENCE: Duration = Duration::from_mins(30);
/// Objects that are created at the same time.
const AT_ONCE: usize = 16;
const NAMESPACE: &str = "team";
const OWN: &str = "plimsoll";

/// The objects of one cluster.
pub(crate) struct Fleet(Client);

impl Fleet {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Definitions, namespaces, and so many Deployments whose pods run.
    pub(crate) async fn install(&self, workloads: usize) -> Result<()> {
        let definitions: Api<CustomResourceDefinition> = Api::all(self.0.clone());
        for definition in plimsoll_api::crds() {
            definitions.create(&PostParams::default(), &definition).await?;
        }
        for name in [OWN, NAMESPACE] {
            let namespace = serde_json::from_value(json!({"metadata": {"name": name}}))?;
            let namespaces: Api<Namespace> = Api::all(self.0.clone());
            namespaces.create(&PostParams::default(), &namespace).await?;
        }
        let accounts: Api<k8s_openapi::api::core::v1::ServiceAccount> =
            Api::namespaced(self.0.clone(), NAMESPACE);
        wait_for(PATIENCE, "the service account", async || {
            Ok(accounts.get_opt("default").await?.is_some())
        })
        .await?;
        let names = stream::iter(0..workloads).map(|number| format!("service-{number}"));
        let made = names.map(|name| async move { self.deploy(&name).await });
        made.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let running = ListParams::default().fields("status.phase=Running");
        self.until("the pods run", async || {
            Ok(self.pods().list_metadata(&running).await?.items.len() >= workloads)
        })
        .await
    }

    /// A Deployment of one pod whose usage waves around 30 % of what it requests.
    pub(crate) async fn deploy(&self, name: &str) -> Result<()> {
        let configuration = "vertical:\n  optimization: on\n  startup:\n    period: 0s\n";
        let labels = json!({"app": name});
        let deployment = json!({
            "metadata": {
                "name": name,
                "annotations": {"workloads.cast.ai/configuration": configuration},
            },
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {
                        "labels": labels,
                        "annotations": {"testkit.plimsoll.dev/usage": "share: 30%"},
                    },
                    "spec": {"containers": [container()]},
                },
            },
        });
        let deployments: Api<Deployment> = Api::namespaced(self.0.clone(), NAMESPACE);
        let deployment = serde_json::from_value(deployment)?;
        deployments.create(&PostParams::default(), &deployment).await?;
        Ok(())
    }

    /// Pods without an owner that no scheduler takes.
    pub(crate) async fn wait_for_nobody(&self, pods: usize) -> Result<()> {
        let pod = |number: usize| {
            json!({
                "metadata": {"name": format!("waiting-{number}")},
                "spec": {"schedulerName": "nobody", "containers": [container()]},
            })
        };
        let api = self.pods();
        let made = stream::iter(0..pods).map(|number| {
            let (api, pod) = (api.clone(), pod(number));
            async move {
                let pod: Pod = serde_json::from_value(pod)?;
                anyhow::Ok(api.create(&PostParams::default(), &pod).await.map(drop)?)
            }
        });
        made.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await.map(drop)
    }

    /// Waits for the first status of a workload.
    pub(crate) async fn status(&self, name: &str) -> Result<()> {
        let object = format!("{name}-deployment");
        self.until("a status", async || {
            let found = self.scaled().get_opt(&object).await?;
            Ok(found.is_some_and(|found| found.status.is_some()))
        })
        .await
    }

    /// Waits until values for new pods are published for so many workloads.
    pub(crate) async fn published(&self, workloads: usize) -> Result<()> {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        self.until("published values", async || {
            every.tick().await;
            let all = self.scaled().list(&ListParams::default()).await?;
            let published = all.into_iter().filter(|object| {
                object.status.as_ref().is_some_and(|status| status.published.is_some())
            });
            Ok(published.count() >= workloads)
        })
        .await
    }

    /// The authority that the webhook's certificate is of.
    pub(crate) async fn authority(&self) -> Result<Vec<u8>> {
        let secrets: Api<Secret> = Api::namespaced(self.0.clone(), OWN);
        let secret = secrets.get("plimsoll-webhook").await?;
        let data = secret.data.unwrap_or_default();
        Ok(data.get("ca.crt").context("the Secret holds ca.crt")?.0.clone())
    }

    /// A review for a new pod of each workload.
    pub(crate) async fn reviews(&self) -> Result<Vec<Vec<u8>>> {
        let sets: Api<ReplicaSet> = Api::namespaced(self.0.clone(), NAMESPACE);
        let sets = sets.list(&ListParams::default()).await?;
        let sets = sets.iter().filter(|set| set.name_any().starts_with("service-"));
        sets.map(|set| Ok(serde_json::to_vec(&review(set))?)).collect()
    }

    async fn until(&self, what: &str, condition: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        wait_for(PATIENCE, what, condition).await
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.0.clone(), NAMESPACE)
    }

    fn scaled(&self) -> Api<ScaledWorkload> {
        Api::namespaced(self.0.clone(), NAMESPACE)
    }
}

/// With as much around it as a container of a real program has: a pod of about 6 KiB.
fn container() -> Value {
    let env: Vec<Value> = (0..40)
        .map(|i| json!({"name": format!("SETTING_{i}"), "value": "https://example.com/some/value"}))
        .collect();
    json!({
        "name": "app",
        "image": "registry.example.com/team/service:1.2.3",
        "env": env,
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
    })
}

fn review(set: &ReplicaSet) -> Value {
    let name = set.name_any();
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": set.metadata.uid,
            "operation": "CREATE",
            "namespace": NAMESPACE,
            "object": {
                "metadata": {
                    "generateName": format!("{name}-"),
                    "labels": set.spec.as_ref().and_then(|spec| spec.selector.match_labels.as_ref()),
                    "ownerReferences": [{
                        "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                        "name": name, "uid": set.metadata.uid,
                    }],
                },
                "spec": {"containers": [container()]},
            },
        },
    })
}
