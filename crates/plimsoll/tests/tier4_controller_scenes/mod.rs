//! Scenes on one cluster, each in namespaces of its own.

pub(crate) mod full_node;
pub(crate) mod guaranteed;
pub(crate) mod kills;
pub(crate) mod left_alone;
pub(crate) mod nonsense;
pub(crate) mod owners;
pub(crate) mod quiet;
pub(crate) mod rationed;
pub(crate) mod recorded;
pub(crate) mod silence;
pub(crate) mod stopped;
pub(crate) mod worked_example;

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use plimsoll_testkit::wait::wait_for;
use serde_json::{Value, json};

use crate::harness::{SOON, World};

/// Applied as soon as ten samples are there.
pub(crate) const ON: &str = "vertical:\n  optimization: on\n  startup:\n    period: 0s\n";

/// Recommended as soon as ten samples are there, and not applied.
pub(crate) const OFF: &str = "vertical:\n  optimization: off\n  startup:\n    period: 0s\n";

/// What a pod's first container asks for.
pub(crate) fn requests(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["resources"]["requests"]
}

/// What the kubelet gave a pod's first container.
pub(crate) fn given(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]["resources"]
}

/// How often a pod's first container was started anew.
pub(crate) fn restarts(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]["restartCount"]
}

/// The word for what was decided about a workload.
pub(crate) fn reason(object: &Value) -> &str {
    object["status"]["decision"]["reason"].as_str().unwrap_or_default()
}

/// A pod that the webhook did not touch and nobody resized: 1 CPU, 1 GiB.
pub(crate) fn is_untouched(pod: &Value) -> bool {
    *requests(pod) == json!({"cpu": "1", "memory": "1Gi"})
        && pod["metadata"]["generation"] == 1
        && pod["metadata"]["annotations"]["plimsoll.dev/published"].is_null()
}

/// Deletes the oldest pod of a prefix and returns the one that takes its place.
pub(crate) async fn replaced(world: &World, namespace: &str, prefix: &str) -> Result<Value> {
    let before = world.pods(namespace, prefix).await?;
    let name = before.first().and_then(|pod| pod["metadata"]["name"].as_str());
    world.delete_pod(namespace, name.context("there is a pod")?).await?;
    let mut new = None;
    wait_for(SOON, "the new pod", async || {
        let pods = world.pods(namespace, prefix).await?;
        let was_there = |pod: &Value| before.iter().any(|old| is_same(old, pod));
        new = pods.into_iter().find(|pod| !was_there(pod));
        Ok(new.is_some())
    })
    .await?;
    new.context("it was there")
}

/// Shows a figure that is measured and not tested.
pub(crate) fn measured(figure: &str) {
    writeln!(io::stdout(), "{figure}").ok();
}

fn is_same(one: &Value, other: &Value) -> bool {
    one["metadata"]["uid"] == other["metadata"]["uid"]
}
