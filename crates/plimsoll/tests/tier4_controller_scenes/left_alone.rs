//! Workloads that nobody asked to be changed, or that someone asked to be left alone.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{OFF, ON, is_untouched, reason, replaced};
use crate::harness::{Deploy, World};

const IGNORE: &str = "workload-autoscaler.cast.ai/ignore";
/// Namespace, name, and why it is left alone.
const CASES: [(&str, &str, &str); 5] = [
    ("alone", "plain", "RecommendOnly"),
    ("alone", "off", "RecommendOnly"),
    ("alone", "labelled", "OptedOut"),
    ("hands-off", "inside", "OptedOut"),
    ("kube-system", "dns", "OptedOut"),
];

pub(crate) async fn play(world: &World) -> Result<()> {
    world.namespace("alone", &[]).await?;
    world.namespace("hands-off", &[(IGNORE, "true")]).await?;
    for (namespace, name, _) in CASES {
        let configuration = match name {
            "plain" => "",
            "off" => OFF,
            _ => ON,
        };
        let deploy = Deploy { name, configuration, replicas: 2, ..Deploy::default() };
        let mut object = deploy.object();
        if name == "labelled" {
            object["spec"]["template"]["metadata"]["labels"][IGNORE] = "true".into();
        }
        world.create::<Deployment>(namespace, object).await?;
    }
    for (namespace, name, why) in CASES {
        // Recommended for all the same: 100m + 10 % and 100Mi + 10 %. By default what is used in
        // the first two minutes does not count, which is longer than this test waits.
        let is_held = |object: &Value| {
            let recommended = &object["status"]["containers"][0]["recommended"]["requests"];
            let expected = json!({"cpu": "110m", "memory": "110Mi"});
            reason(object) == why && (name == "plain" || *recommended == expected)
        };
        let object = format!("{name}-deployment");
        world.scaled_when(namespace, &object, "a recommendation and a hold", is_held).await?;
    }
    for (namespace, name, _) in CASES {
        let new = replaced(world, namespace, &format!("{name}-")).await?;
        ensure!(is_untouched(&new), "{new}");
        world.pods_when(namespace, &format!("{name}-"), "pods as they were", is_untouched).await?;
    }
    Ok(())
}
