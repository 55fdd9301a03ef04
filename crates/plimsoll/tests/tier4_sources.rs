//! Every source of samples on a real control plane, and the past from a real Prometheus: they all
//! come to the numbers computed by hand.

mod harness;
mod tier4_sources_scenes;

use std::net::{IpAddr, UdpSocket};

use anyhow::{Context as _, Result, ensure};
use harness::World;
use plimsoll_testkit::kubelet::Options;
use plimsoll_testkit::rig::RigOptions;
use tier4_sources_scenes::prometheus::Server;
use tier4_sources_scenes::{live, past};

#[tokio::test(flavor = "multi_thread")]
async fn all_sources_come_to_the_same() -> Result<()> {
    // Fake kubelets sign for themselves; the last flag of a name wins.
    let trusting = ("apiserver".to_owned(), "--kubelet-certificate-authority=".to_owned());
    let options = RigOptions { flags: vec![trusting] };
    let nodes = Options { reachable_at: Some(own_address()?), ..Options::default() };
    let world = World::start_on("sources", options, nodes).await?;
    let prometheus = Server::start(&world).await.context("Prometheus")?;
    past::a_replay_writes_what_prometheus_knows(&world, &prometheus)
        .await
        .context("a replay of Prometheus")?;
    past::day_zero_is_as_good_as_any(&world, &prometheus).await.context("back-fill")?;
    live::play(&world, &prometheus).await.context("live usage")
}

/// The address that this machine is seen at from outside: not loopback, to which the API server
/// passes nothing on. Connecting a datagram socket sends nothing.
fn own_address() -> Result<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect("192.0.2.1:9").context("this machine needs a route to outside")?;
    let address = socket.local_addr()?.ip();
    ensure!(!address.is_loopback(), "this machine has only loopback");
    Ok(address)
}
