//! Clients for the API server.

use anyhow::Context;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use plimsoll_cluster::Clients;

use crate::args::ConnectArgs;

/// Clients for every use, with their limits.
pub(crate) async fn clients(args: &ConnectArgs) -> anyhow::Result<Clients> {
    Ok(Clients::from_config(&config(args).await?)?)
}

/// One client for a command that makes a few calls.
pub(crate) async fn connect(args: &ConnectArgs) -> anyhow::Result<Client> {
    Ok(clients(args).await?.calls)
}

/// The cluster that the arguments name.
pub(crate) async fn config(args: &ConnectArgs) -> anyhow::Result<Config> {
    one_tls_provider();
    let Some(path) = &args.kubeconfig else {
        return Config::infer().await.context(
            "failed to find a cluster\nhint: set KUBECONFIG, or run inside a cluster with a \
             service account",
        );
    };
    let file = Kubeconfig::read_from(path)
        .with_context(|| format!("failed to read the kubeconfig {}", path.display()))?;
    Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("failed to use the kubeconfig {}", path.display()))
}

/// One TLS provider for the whole process; it is there already when two clients are made.
pub(crate) fn one_tls_provider() {
    rustls::crypto::ring::default_provider().install_default().ok();
}
