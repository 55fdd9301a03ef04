//! Policies: which workloads get them, what an edit changes, and what the commands show.
//!
//! Usage is constant: 100m + 10 % = 110m, 100Mi + 10 % = 110Mi.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{recommended, requests, values};
use crate::harness::{Deploy, World};

const NAMESPACE: &str = "ruled";
const POLICY: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: ScalingPolicy
metadata: {name: eager}
spec:
  order: 10
  assignmentRules:
  - namespaces: {names: [ruled]}
    workloads:
      kinds: [Deployment.apps]
      labels: [{key: tier, operator: Regex, values: ['^web$']}]
  settings:
    vertical:
      mode: Apply
      startup: {period: 0s}
      confidence: {required: false}
      cpu: {target: max}
";

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace(NAMESPACE, &[]).await?;
    world.apply(POLICY).await?;
    for (name, tier) in [("inside", "web"), ("outside", "db")] {
        let mut object = Deploy { name, replicas: 2, ..Deploy::default() }.object();
        object["metadata"]["labels"] = json!({"tier": tier});
        world.create::<Deployment>(NAMESPACE, object).await?;
    }
    a_rule_assigns(world).await.context("a rule")?;
    an_edit_reaches_who_has_it(world).await.context("an edit")?;
    what_is_shown(world).await.context("what is shown")?;
    a_shown_policy_can_be_applied(world).await.context("a policy that ships")
}

async fn a_rule_assigns(world: &World) -> Result<()> {
    let is_resized = |pod: &Value| *requests(pod) == values();
    world.pods_when(NAMESPACE, "inside-", "resized pods", is_resized).await?;
    let has = |name: &'static str| move |object: &Value| object["status"]["policy"]["name"] == name;
    let inside = world.scaled_when(NAMESPACE, "inside-deployment", "eager", has("eager")).await?;
    let why = inside["status"]["policy"]["why"].as_str().unwrap_or_default();
    ensure!(why.contains("rule 1"), "{why}");
    world.scaled_when(NAMESPACE, "outside-deployment", "auto", has("auto")).await?;
    Ok(())
}

async fn an_edit_reaches_who_has_it(world: &World) -> Result<()> {
    world.apply(&POLICY.replace("target: max", "target: max, min: 130m")).await?;
    let is_more = |object: &Value| recommended(object)["cpu"] == "130m";
    world.scaled_when(NAMESPACE, "inside-deployment", "the new bound", is_more).await?;
    let path = "plimsoll.dev/v1alpha1/scalingpolicies/eager";
    let has_one = |policy: &Value| policy["status"]["workloads"] == 1;
    world.at_when(path, "a policy that has one workload", has_one).await?;
    Ok(())
}

async fn what_is_shown(world: &World) -> Result<()> {
    let table = world.output(&["policies"]).await?;
    for part in ["eager", "balanced", "p80 + 10.0 % over 24h", "deployment/inside"] {
        ensure!(table.contains(part), "{part} is not in\n{table}");
    }
    let json: Value = serde_json::from_str(&world.output(&["policies", "-o", "json"]).await?)?;
    let policies = json.as_array().cloned().unwrap_or_default();
    let eager = policies.iter().find(|policy| policy["name"] == "eager");
    let eager = eager.with_context(|| table.clone())?;
    ensure!(eager["workloads"][0]["workload"]["name"] == "inside", "{eager}");
    ensure!(policies.len() >= 8, "{table}");
    Ok(())
}

async fn a_shown_policy_can_be_applied(world: &World) -> Result<()> {
    for name in ["readonly", "balanced", "auto", "eager"] {
        let manifest = world.output(&["policies", "--show", name]).await?;
        let answer = world.offer(&manifest).await?;
        ensure!(answer.is_taken, "{manifest}\nwas refused: {}", answer.refusal());
        ensure!(answer.warnings.is_empty(), "{manifest}\n{:?}", answer.warnings);
        let again = world.output(&["policies", "--show", name]).await?;
        ensure!(again == manifest, "{again}\nwas\n{manifest}");
        if name != "eager" {
            world.remove(&manifest).await?;
        }
    }
    Ok(())
}
