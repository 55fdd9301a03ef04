//! The controller as a process: with the flags it has by default, but for addresses.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use kube::{Client, Config};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// What `/proc` counts CPU time in; on Linux always this.
const JIFFIES_PER_SECOND: f64 = 100.0;

/// A controller that runs until this is dropped.
pub(crate) struct Program {
    child: Child,
    metrics: u16,
    webhook: u16,
}

impl Program {
    pub(crate) fn start(program: &Path, kubeconfig: &Path) -> Result<Self> {
        let (metrics, webhook) = (free_port()?, free_port()?);
        let mut command = Command::new(program);
        command.arg("controller").arg("--kubeconfig").arg(kubeconfig);
        command.args(["--webhook-names", "127.0.0.1"]);
        for (flag, port) in [
            ("--metrics-bind", metrics),
            ("--webhook-bind", webhook),
            ("--health-bind", free_port()?),
        ] {
            command.arg(flag).arg(format!("127.0.0.1:{port}"));
        }
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("start {}", program.display()))?;
        Ok(Self { child, metrics, webhook })
    }

    /// Resident memory, now and at most.
    pub(crate) fn resident_mebibytes(&self) -> Result<(f64, f64)> {
        let status = self.proc("status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            kibibytes.map(|kibibytes: f64| kibibytes / 1024.0)
        };
        field("VmRSS:").zip(field("VmHWM:")).context("the process has memory")
    }

    /// Seconds of CPU since its start, of the program and of the system for it.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The name, which may hold anything, ends with the last bracket; then comes field 3.
        let (_, fields) = stat.rsplit_once(')').context("the process has a name")?;
        let fields = fields.split_whitespace().skip(14 - 3).take(2);
        let jiffies: f64 = fields.filter_map(|field| field.parse::<f64>().ok()).sum();
        Ok(jiffies / JIFFIES_PER_SECOND)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).with_context(|| format!("read {path}"))
    }

    /// How many ticks there were: evaluations, collections, or both at once.
    pub(crate) fn ticks(&self) -> Result<f64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let counted = page.lines().find_map(|line| {
            line.strip_prefix("plimsoll_tick_duration_seconds_count ")?.parse().ok()
        });
        counted.context("the metrics count ticks")
    }

    /// A client of its webhook that trusts this authority alone.
    pub(crate) fn webhook(&self, authority: &[u8]) -> Result<Client> {
        let mut config = Config::new(format!("https://127.0.0.1:{}", self.webhook).parse()?);
        config.root_cert = Some(vec![CertificateDer::from_pem_slice(authority)?.to_vec()]);
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> Result<u16> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    ensure!(port > 0, "no port is free");
    Ok(port)
}
