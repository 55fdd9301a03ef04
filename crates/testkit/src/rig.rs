//! A real Kubernetes control plane for one test: etcd, the API server, the controller manager and
//! the scheduler on free loopback ports, ready in about five seconds and gone with its handle.
//! The program behind it is `testbed/controlplane`.

use anyhow::{Context as _, Result, bail, ensure};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fmt, fs};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// What a test asks of its control plane beyond the usual.
#[derive(Clone, Debug, Default)]
pub struct RigOptions {
    /// Extra upstream flags, each with the part it is for: `("apiserver", "--v=4")`. Of two flags
    /// of one name the last one wins.
    pub flags: Vec<(String, String)>,
}

/// A running control plane. Dropping it ends it and removes all that it wrote; so does the end of
/// this process, whatever the cause.
pub struct Rig {
    supervisor: Child,
    line: Mutex<Line>,
    dir: PathBuf,
    kubeconfig: PathBuf,
    cgroup: String,
    client: Client,
}

/// The supervisor's standard input and output: one line each for a request and its reply. It ends
/// when its input does.
#[derive(Debug)]
struct Line {
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    pids: BTreeMap<String, u32>,
}

/// How a request went and what runs now.
#[derive(Debug, Deserialize)]
struct Reply {
    dir: PathBuf,
    kubeconfig: PathBuf,
    pids: BTreeMap<String, u32>,
    cgroup: String,
    #[serde(default)]
    error: String,
}

impl Rig {
    /// Builds the control plane if need be, starts it and waits until pods can be created.
    pub async fn start(options: RigOptions) -> Result<Self> {
        Self::launch("up", options).await
    }

    /// Starts the supervisor with one of its commands. When that fails, the supervisor sees its
    /// input end and ends as well.
    pub(crate) async fn launch(command: &str, options: RigOptions) -> Result<Self> {
        let binary = spawn_blocking(plimsoll_testbed::rig_binary).await??;
        let mut supervisor = supervise(&binary, command, &options)?;
        let requests = supervisor.stdin.take().context("take standard input")?;
        let replies = supervisor.stdout.take().context("take standard output")?;
        let mut line = Line {
            requests: Some(ChildStdin::from_std(requests)?),
            replies: BufReader::new(ChildStdout::from_std(replies)?),
            pids: BTreeMap::new(),
        };
        let Reply { dir, kubeconfig, cgroup, .. } = line.reply().await?;
        let client = connect(&kubeconfig).await?;
        Ok(Self { supervisor, line: Mutex::new(line), dir, kubeconfig, cgroup, client })
    }

    /// An administrator's client. It does not retry: tests want to see failures.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The administrator's kubeconfig file.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The folder of certificates (`pki`), logs (`log`) and `rig.json`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The control group of the real node, if there is one.
    pub(crate) fn cgroup(&self) -> &str {
        &self.cgroup
    }

    /// The process ids of the parts that run, by name: `etcd`, `apiserver`, `kcm`, `scheduler`.
    /// Those of a real node's parts count in its own namespace.
    pub async fn pids(&self) -> BTreeMap<String, u32> {
        self.line.lock().await.pids.clone()
    }

    /// Ends a part at once, as a crash would.
    pub async fn stop_part(&self, part: &str) -> Result<()> {
        self.ask("stop", part).await
    }

    /// Freezes a part: requests to it hang.
    pub async fn pause_part(&self, part: &str) -> Result<()> {
        self.ask("pause", part).await
    }

    /// Lets a paused part go on.
    pub async fn resume_part(&self, part: &str) -> Result<()> {
        self.ask("resume", part).await
    }

    /// Ends a part if it runs, starts it at the same address and waits until it is ready.
    pub async fn restart_part(&self, part: &str) -> Result<()> {
        self.ask("restart", part).await
    }

    async fn ask(&self, verb: &str, part: &str) -> Result<()> {
        let mut line = self.line.lock().await;
        let request = format!("{verb} {part}\n");
        let requests = line.requests.as_mut().context("the rig is ending")?;
        requests.write_all(request.as_bytes()).await.context("the rig has ended")?;
        line.reply().await.with_context(|| format!("{verb} {part}"))?;
        Ok(())
    }
}

impl Line {
    async fn reply(&mut self) -> Result<Reply> {
        let mut text = String::new();
        let read = self.replies.read_line(&mut text).await.context("read a reply")?;
        ensure!(read > 0, "the rig has ended; it says why on standard error");
        let reply: Reply = serde_json::from_str(&text).context("parse a reply")?;
        if !reply.error.is_empty() {
            bail!("the rig failed: {}", reply.error);
        }
        self.pids.clone_from(&reply.pids);
        Ok(reply)
    }
}

impl fmt::Debug for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.line.get_mut().requests = None;
        // Once it has ended, so have its children, and its folder is gone.
        if let Err(error) = self.supervisor.wait() {
            tracing::warn!(%error, "Control plane was not awaited");
        }
    }
}

/// Folders of control planes are called so, with the id of the process that they are for.
const FOLDER: &str = "plimsoll-rig-";

/// Removes the folders of supervisors that were killed themselves, and could not.
fn sweep(base: &Path) -> Result<()> {
    for entry in fs::read_dir(base)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()?.strip_prefix(FOLDER));
        let id = name.and_then(|name| name.split('-').next());
        if id.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Another process may be sweeping too.
            fs::remove_dir_all(path).ok();
        }
    }
    Ok(())
}

fn supervise(binary: &Path, command: &str, options: &RigOptions) -> Result<Child> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // etcd on a disk would make every write of every test wait for it.
    let shm = PathBuf::from("/dev/shm");
    let base = if shm.is_dir() { shm } else { env::temp_dir() };
    let mut supervisor = Command::new(binary);
    supervisor
        .arg(command)
        .arg("-dir")
        .arg(base.join(format!("{FOLDER}{}-{count}", process::id())));
    for (part, flag) in &options.flags {
        supervisor.args(["-arg", &format!("{part}={flag}")]);
    }
    // For a person who looks into a failure: the folders, with the logs, stay for now.
    if env::var_os("PLIMSOLL_KEEP_RIG").is_some() {
        supervisor.arg("-keep");
    } else {
        sweep(&base).with_context(|| format!("tidy {}", base.display()))?;
    }
    supervisor.stdin(Stdio::piped()).stdout(Stdio::piped());
    supervisor.spawn().with_context(|| format!("start {}", binary.display()))
}

async fn connect(kubeconfig: &Path) -> Result<Client> {
    // The first caller in the process wins, and every caller here installs the same.
    rustls::crypto::ring::default_provider().install_default().ok();
    let file = Kubeconfig::read_from(kubeconfig).context("read the kubeconfig")?;
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Client::try_from(config).context("make a client")
}
