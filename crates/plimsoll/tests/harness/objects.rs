//! Objects of any kind as a person writes them: YAML, applied server-side and validated strictly.

use anyhow::{Context as _, Result, ensure};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use kube::client::Body;
use plimsoll_testkit::wait::wait_for;
use serde_json::Value;

use super::SOON;
use super::cluster::World;

/// What the API server answered to a manifest.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Whether it took it.
    pub(crate) is_taken: bool,
    /// The object as it is now, or the Status that refuses it.
    pub(crate) body: Value,
    /// The warnings that a person sees beside it.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// Why it was refused; empty where it was not.
    pub(crate) fn refusal(&self) -> &str {
        if self.is_taken { "" } else { self.body["message"].as_str().unwrap_or_default() }
    }
}

/// A printed table: the names of its columns and its rows.
#[derive(Debug)]
pub(crate) struct Printed {
    /// In the order of `kubectl get`, without those of `-o wide`.
    pub(crate) columns: Vec<String>,
    /// The cells of those columns.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl World {
    /// Makes the `thoras.ai` kinds known and waits until they are.
    pub(crate) async fn install_thoras(&self) -> Result<()> {
        self.define(plimsoll_api::thoras_crds()).await?;
        for plural in ["aiscaletargets", "clusteraiscaletemplates", "daemonsetautoscalers"] {
            let path = format!("/apis/thoras.ai/v1/{plural}");
            wait_for(SOON, &format!("{plural} in effect"), async || {
                Ok(self.send(Method::GET, &path, "", "").await?.is_taken)
            })
            .await?;
        }
        Ok(())
    }

    /// What the API server answers to one manifest, applied as `kubectl apply --server-side
    /// --validate=strict` does.
    pub(crate) async fn offer(&self, manifest: &str) -> Result<Answer> {
        let object: Value =
            serde_saphyr::from_str(manifest).with_context(|| manifest.to_owned())?;
        let query = "?fieldManager=person&fieldValidation=Strict&force=true";
        self.send(Method::PATCH, &(path(&object)? + query), APPLY, &object.to_string()).await
    }

    /// Applies every manifest of a stream; each must be taken.
    pub(crate) async fn apply(&self, manifests: &str) -> Result<()> {
        for manifest in manifests.split("\n---\n") {
            let answer = self.offer(manifest).await?;
            ensure!(answer.is_taken, "{manifest}\nwas refused: {}", answer.refusal());
        }
        Ok(())
    }

    /// Deletes what a manifest names.
    pub(crate) async fn remove(&self, manifest: &str) -> Result<()> {
        let object: Value = serde_saphyr::from_str(manifest)?;
        let answer = self.send(Method::DELETE, &path(&object)?, "", "").await?;
        ensure!(answer.is_taken, "{}", answer.refusal());
        Ok(())
    }

    /// The object at a path below `/apis` as it is now; null where there is none.
    pub(crate) async fn at(&self, path: &str) -> Result<Value> {
        let answer = self.send(Method::GET, &format!("/apis/{path}"), "", "").await?;
        Ok(if answer.is_taken { answer.body } else { Value::Null })
    }

    /// Waits until the object at a path is as wished and returns it. In vain, the error holds what it
    /// was last.
    pub(crate) async fn at_when(
        &self,
        path: &str,
        what: &str,
        wish: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let mut last = Value::Null;
        let waited = wait_for(SOON, what, async || {
            last = self.at(path).await?;
            Ok(wish(&last))
        })
        .await;
        waited.with_context(|| format!("{path} is {last}"))?;
        Ok(last)
    }

    /// What `kubectl get` prints of the objects at a path below `/apis`.
    pub(crate) async fn printed(&self, path: &str) -> Result<Printed> {
        let path = format!("/apis/{path}");
        let answer = self.send(Method::GET, &path, TABLE, "").await?;
        ensure!(answer.is_taken, "{}", answer.refusal());
        let table = &answer.body;
        let columns: Vec<&Value> =
            table["columnDefinitions"].as_array().into_iter().flatten().collect();
        let shown: Vec<bool> = columns.iter().map(|column| column["priority"] == 0).collect();
        let keep = |cells: Vec<Value>| -> Vec<Value> {
            cells
                .into_iter()
                .zip(&shown)
                .filter(|(_, shown)| **shown)
                .map(|(cell, _)| cell)
                .collect()
        };
        let names = keep(columns.iter().map(|column| column["name"].clone()).collect());
        let rows = table["rows"].as_array().into_iter().flatten();
        Ok(Printed {
            columns: names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            rows: rows
                .map(|row| keep(row["cells"].as_array().cloned().unwrap_or_default()))
                .collect(),
        })
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: &str) -> Result<Answer> {
        let accept = if kind == TABLE { TABLE } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Accept", accept)
            .header("Content-Type", APPLY)
            .body(Body::from(body.as_bytes().to_vec()))?;
        let response = self.client().send(request).await?;
        let is_taken = response.status().is_success();
        let warnings = response.headers().get_all("Warning");
        let warnings =
            warnings.iter().map(|one| String::from_utf8_lossy(one.as_bytes()).into_owned());
        let warnings = warnings.collect();
        let bytes = response.into_body().collect().await?.to_bytes();
        // Of a path that it does not know at all the API server says so in plain text.
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = match serde_json::from_slice(&bytes) {
            Err(_) if !is_taken => text(),
            parsed => parsed?,
        };
        Ok(Answer { is_taken, body, warnings })
    }
}

const APPLY: &str = "application/apply-patch+yaml";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
/// Kinds that are in no namespace.
const CLUSTER_WIDE: [&str; 3] = ["ScalingPolicy", "ClusterAIScaleTemplate", "Namespace"];

/// Where the API server has the object that a manifest describes.
fn path(object: &Value) -> Result<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let version = text("/apiVersion").context("apiVersion")?;
    let kind = text("/kind").context("kind")?;
    let name = text("/metadata/name").context("name")?;
    let root = if version.contains('/') { "/apis" } else { "/api" };
    let lower = kind.to_ascii_lowercase();
    let plural =
        lower.strip_suffix('y').map_or_else(|| format!("{lower}s"), |stem| format!("{stem}ies"));
    if CLUSTER_WIDE.contains(&kind) {
        return Ok(format!("{root}/{version}/{plural}/{name}"));
    }
    let namespace = text("/metadata/namespace").unwrap_or("default");
    Ok(format!("{root}/{version}/namespaces/{namespace}/{plural}/{name}"))
}
