//! `plimsoll stop` and `plimsoll resume`: one object that tells the whole cluster to stand still.

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;

use plimsoll_cluster::stop as order;
use plimsoll_pipeline::Clock;

use super::controller::LEASE;
use crate::args::{ConnectArgs, StopArgs};
use crate::output;
use crate::wire::client;
use crate::wire::clock::SystemClock;

/// Writes the object. Every replica sees it in its watch.
pub(crate) async fn stop(args: StopArgs) -> anyhow::Result<()> {
    let client = client::connect(&args.connect).await?;
    let namespace = &args.connect.plimsoll_namespace;
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    if matches!(leases.get_opt(LEASE).await, Ok(None)) {
        output::remark(&format!(
            "warning: no Plimsoll has run in namespace {namespace}\n\
             hint: if it runs in another one, say so by --plimsoll-namespace"
        ));
    }
    order::stop(&client, namespace, &args.note, SystemClock.now()).await?;
    output::remark("stopped: no pod is changed until `plimsoll resume`");
    Ok(())
}

/// Deletes the object.
pub(crate) async fn resume(args: ConnectArgs) -> anyhow::Result<()> {
    let client = client::connect(&args).await?;
    let was_stopped = order::resume(&client, &args.plimsoll_namespace).await?;
    output::remark(if was_stopped { "resumed" } else { "nothing was stopped" });
    Ok(())
}
