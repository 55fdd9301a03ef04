//! A real Prometheus: with eight days of a past that was written for it, and scraping the fake
//! nodes from now on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::wait::wait_for;

use crate::harness::{SOON, World, free_port, get};

/// How long the past is, in seconds: nine days, more than is remembered.
const PAST: i64 = 9 * 86_400;
/// How often it was scraped.
const EVERY: i64 = 60;

/// Pods that are gone: namespace, name, CPU in cores, memory in MiB. The first five are of
/// Deployments, by name; the last is of a DaemonSet only by kube-state-metrics.
const GONE: [(&str, &str, f64, u32); 4] = [
    ("past", "web-7d4b9c8f6-x2x4z", 0.25, 410),
    ("past", "web-7d4b9c8f6-bbbbb", 0.25, 400),
    ("past", "store-0", 0.1, 100),
    ("past", "odd", 0.3, 50),
];

/// A Prometheus that runs. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it is asked.
    pub(crate) url: String,
}

impl Server {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(world: &World) -> Result<Self> {
        let missing = plimsoll_testbed::missing(4);
        ensure!(missing.is_none(), "{}", missing.unwrap_or_default());
        let dir = world.path("prometheus");
        fs::create_dir_all(&dir)?;
        write_past(&dir)?;
        fs::write(dir.join("prometheus.yml"), scraping(world))?;
        let port = free_port()?;
        let child = Command::new("prometheus")
            .current_dir(&dir)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .args(["--storage.tsdb.retention.time=30d", "--log.level=error"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--web.route-prefix=/below", "--web.external-url=http://localhost/below"])
            .stdin(Stdio::null())
            .spawn()
            .context("start prometheus")?;
        let server = Self { child, url: format!("http://127.0.0.1:{port}/below") };
        wait_for(SOON, "Prometheus", async || {
            Ok(get(port, "/below/-/ready").is_ok_and(|(status, _)| status == 200))
        })
        .await?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Every fake node's page, once a second.
fn scraping(world: &World) -> String {
    let address = world.kubelet.address();
    let jobs = (0..3).map(|node| {
        format!(
            "  - job_name: node-{node}\n    scheme: https\n    tls_config: {{insecure_skip_verify: \
             true}}\n    metrics_path: /nodes/fake-{node}/metrics/resource\n    static_configs: \
             [{{targets: ['{address}']}}]\n"
        )
    });
    let jobs: String = jobs.collect();
    format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}")
}

/// Blocks of a past that ends two hours ago, as `promtool` makes them.
fn write_past(dir: &Path) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let end = i64::try_from(now)? / EVERY * EVERY;
    let moments = || ((end - PAST)..=end).step_by(usize::try_from(EVERY).unwrap_or(1));
    let mut text = String::new();
    for family in ["container_cpu_usage_seconds", "container_memory_working_set_bytes"] {
        let is_cpu = family.contains("cpu");
        let (kind, suffix) = if is_cpu { ("counter", "_total") } else { ("gauge", "") };
        writeln!(text, "# TYPE {family} {kind}")?;
        for (namespace, pod, cpu, memory) in GONE {
            let labels = format!("container=\"app\",namespace=\"{namespace}\",pod=\"{pod}\"");
            for at in moments() {
                let value = if is_cpu {
                    cpu * (at - end + PAST) as f64
                } else {
                    f64::from(memory) * 1_048_576.0
                };
                writeln!(text, "{family}{suffix}{{{labels}}} {value} {at}")?;
            }
        }
    }
    writeln!(text, "# TYPE kube_pod_owner gauge")?;
    for at in moments() {
        let labels = "namespace=\"past\",pod=\"odd\",owner_kind=\"DaemonSet\",owner_name=\"agent\"";
        writeln!(text, "kube_pod_owner{{{labels}}} 1 {at}")?;
    }
    text.push_str("# EOF\n");
    fs::write(dir.join("past.txt"), text)?;
    let made = Command::new("promtool")
        .current_dir(dir)
        .args(["tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"])
        .output()
        .context("run promtool")?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}
