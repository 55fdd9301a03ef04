//! A control plane with one real node: containerd and a kubelet in namespaces of their own, whose
//! pods are real processes in real control groups. Needs root and the tools of tier 5.

use crate::rig::{Rig, RigOptions};
use anyhow::{Context as _, Result, bail, ensure};
use k8s_openapi::api::core::v1::Pod;
use std::fs;
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpStream, UnixListener};

/// The only image there is: busybox. Without a command it sleeps.
pub const IMAGE: &str = "test.local/busybox:1";

/// Where, in the node's own network, a server of this machine is reached that was brought in.
pub const OUTSIDE_PORT: u16 = 10444;

/// A control plane (all of [`Rig`]'s methods work on it) with one real node. It has a network of
/// its own, out of which it reaches one server of this machine: the one that is brought in.
#[derive(Debug)]
pub struct RealNode(Rig);

impl RealNode {
    /// Starts the control plane and the node, and waits until the node can take pods.
    pub async fn start(options: RigOptions) -> Result<Self> {
        if let Some(missing) = plimsoll_testbed::missing(5) {
            bail!(missing);
        }
        ensure!(fs::metadata("/proc/self")?.uid() == 0, "a real node has to be started by root");
        Rig::launch("node", options).await.map(Self)
    }

    /// Lets the node's network reach a server of this machine at [`OUTSIDE_PORT`] of its own
    /// loopback, for as long as the future runs.
    pub fn bring_in(&self, server: SocketAddr) -> Result<impl Future<Output = ()> + Send + use<>> {
        let socket = self.0.dir().join("outside.sock");
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("listen on {}", socket.display()))?;
        Ok(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(server).await {
                        copy_bidirectional(&mut near, &mut far).await.ok();
                    }
                });
            }
        })
    }

    /// A running container's control group. Version 1 has one for each controller, `unified` for
    /// the pressure files; version 2 has one for all.
    pub fn cgroup(&self, pod: &Pod, container: &str, controller: &str) -> Result<PathBuf> {
        let uid = pod.metadata.uid.as_deref().context("the pod has no uid")?;
        let status = pod.status.as_ref().context("the pod has no status")?;
        let class = match status.qos_class.as_deref() {
            Some("Burstable") => "burstable",
            Some("BestEffort") => "besteffort",
            _ => "",
        };
        let id = status
            .container_statuses
            .iter()
            .flatten()
            .find(|status| status.name == container)
            .and_then(|status| status.container_id.as_deref()?.strip_prefix("containerd://"))
            .with_context(|| format!("the container {container} has no id"))?;
        let mount = Path::new("/sys/fs/cgroup");
        let tree = if one_tree() { mount.to_path_buf() } else { mount.join(controller) };
        let kubepods = tree.join(self.0.cgroup()).join("kubepods");
        Ok(kubepods.join(class).join(format!("pod{uid}")).join(id))
    }

    /// The CPU limit that the kernel keeps a container to, in cores.
    pub fn cpu_limit(&self, pod: &Pod, container: &str) -> Result<Option<f64>> {
        let group = self.cgroup(pod, container, "cpu")?;
        let text = if one_tree() {
            read(&group, "cpu.max")?
        } else {
            read(&group, "cpu.cfs_quota_us")? + " " + &read(&group, "cpu.cfs_period_us")?
        };
        let (quota, period) = text.split_once(' ').with_context(|| format!("parse {text}"))?;
        if quota == "max" || quota == "-1" {
            return Ok(None);
        }
        Ok(Some(quota.parse::<f64>()? / period.parse::<f64>()?))
    }

    /// The memory limit that the kernel keeps a container to, in bytes.
    pub fn memory_limit(&self, pod: &Pod, container: &str) -> Result<Option<u64>> {
        let group = self.cgroup(pod, container, "memory")?;
        let file = if one_tree() { "memory.max" } else { "memory.limit_in_bytes" };
        let limit = read(&group, file)?;
        if limit == "max" {
            return Ok(None);
        }
        // Version 1 says "none" as the greatest number of whole pages.
        Ok(Some(limit.parse()?).filter(|bytes| *bytes < 1 << 62))
    }
}

impl Deref for RealNode {
    type Target = Rig;

    fn deref(&self) -> &Rig {
        &self.0
    }
}

/// Whether the machine has the one hierarchy of version 2.
fn one_tree() -> bool {
    Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}

fn read(group: &Path, file: &str) -> Result<String> {
    let path = group.join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    Ok(text.trim().to_owned())
}
