//! One Deployment, seen through each of the sources in turn.

use std::net::TcpListener;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::prometheus::Server;
use crate::harness::{Deploy, Launch, World};

const NAMESPACE: &str = "live";

pub(crate) async fn play(world: &World, prometheus: &Server) -> Result<()> {
    let url = prometheus.url.as_str();
    let trust = "--kubelet-insecure-tls";
    // It takes connections and never says a word: nothing may wait for it.
    let mute = TcpListener::bind("127.0.0.1:0")?;
    let mute = (format!("http://{}", mute.local_addr()?), mute);
    let sources: [(&str, &[&str]); 4] = [
        ("metrics-api", &["--prometheus-url", &mute.0]),
        ("kubelet", &[]),
        ("kubelet-direct", &[trust]),
        ("prometheus", &["--prometheus-url", url, "--back-fill", "0s"]),
    ];
    world.namespace(NAMESPACE, &[]).await?;
    for (source, flags) in sources {
        // Another one for each, so that none shows what the source before it saw.
        let name = format!("by-{source}");
        let configuration = "vertical:\n  optimization: off\n  startup:\n    period: 0s\n";
        let usage = "cpu=250m,memory=410Mi";
        let deploy = Deploy { name: &name, configuration, usage, ..Deploy::default() };
        world.deploy(NAMESPACE, &deploy).await?;
        let flags = [&["--samples", source], flags].concat();
        let launch =
            Launch { name: source, data_dir: Some(source), flags: &flags, ..Launch::default() };
        let controller = world.controller(&launch).await?;
        let values = json!({"cpu": "275m", "memory": "451Mi"});
        let is_recommended =
            |object: &Value| object["status"]["containers"][0]["recommended"]["requests"] == values;
        let object = format!("{name}-deployment");
        world
            .scaled_when(NAMESPACE, &object, "the recommendation", is_recommended)
            .await
            .with_context(|| format!("--samples {source}"))?;
        controller.end().await?;
    }
    Ok(())
}
