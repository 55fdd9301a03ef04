//! Fake nodes for a control plane, until Ctrl-C: `fake-kubelet --kubeconfig FILE --nodes 3`.
//! What pods use is said by their annotation `testkit.plimsoll.dev/usage`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use plimsoll_api::parse_quantity;
use plimsoll_domain::{Amount, PerResource};
use plimsoll_testkit::kubelet::{FakeKubelet, Options};

#[derive(Debug, Parser)]
#[command(about)]
struct Args {
    /// An administrator's kubeconfig file.
    #[arg(long)]
    kubeconfig: PathBuf,
    /// How many nodes.
    #[arg(long, default_value_t = 3)]
    nodes: u32,
    /// The CPU of each node.
    #[arg(long, default_value = "16", value_parser = parse_quantity)]
    cpu: Amount,
    /// The memory of each node.
    #[arg(long, default_value = "64Gi", value_parser = parse_quantity)]
    memory: Amount,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let args = Args::parse();
    // The first caller in the process wins, and every caller here installs the same.
    rustls::crypto::ring::default_provider().install_default().ok();
    let file = Kubeconfig::read_from(&args.kubeconfig).context("read the kubeconfig")?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    let options = Options {
        nodes: args.nodes,
        capacity: PerResource { cpu: args.cpu, memory: args.memory },
        ..Options::default()
    };
    let kubelet = FakeKubelet::start(Client::try_from(config)?, options).await?;
    tracing::info!(nodes = args.nodes, address = %kubelet.address(), "Fake kubelet started");
    stopped().await
}

/// Until Ctrl-C or a polite kill.
async fn stopped() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("wait for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
