//! The program as a process: the controller that runs, and commands that end.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::wait::wait_for;
use serde_json::Value;

use super::cluster::{World, free_port};
use super::{OWN_NAMESPACE, SOON};

/// How a controller is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launch<'a> {
    /// Tells its log and its identity apart from other controllers'.
    pub(crate) name: &'a str,
    /// The folder of its history within the world's; none when absent.
    pub(crate) data_dir: Option<&'a str>,
    /// Further flags. Of the intervals, only those given here and not twice.
    pub(crate) flags: &'a [&'a str],
    /// Whether the API server's calls of the webhook reach this one.
    pub(crate) serves_webhook: bool,
    /// Whom the API server takes it for; an administrator when absent.
    pub(crate) user: Option<&'a str>,
}

impl Default for Launch<'_> {
    /// With a history folder `data`, as the one that serves the webhook.
    fn default() -> Self {
        Self {
            name: "controller",
            data_dir: Some("data"),
            flags: &[],
            serves_webhook: true,
            user: None,
        }
    }
}

/// A controller that runs. Dropping it kills it; unless [`Controller::end`] was called first, its
/// log is shown: the test has failed.
#[derive(Debug)]
pub(crate) struct Controller {
    child: Child,
    log: PathBuf,
    metrics_port: u16,
    health_port: u16,
    webhook_port: u16,
    has_ended: bool,
}

/// How a command went.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    /// Its output.
    pub(crate) stdout: String,
    /// Its remarks and errors.
    pub(crate) stderr: String,
}

impl World {
    /// Starts a controller that collects every second and evaluates every two, unless the flags
    /// say otherwise. Does not wait for anything.
    pub(crate) fn spawn_controller(&self, launch: &Launch<'_>) -> Result<Controller> {
        let webhook_port = if launch.serves_webhook { self.webhook_port } else { free_port()? };
        let mut kubeconfig = self.rig.kubeconfig().to_path_buf();
        if let Some(user) = launch.user {
            let posing = format!("user: {{as: {user}, as-groups: [\"system:masters\"], ");
            let text = fs::read_to_string(&kubeconfig)?.replace("user: {", &posing);
            kubeconfig = self.path(&format!("{user}.kubeconfig"));
            fs::write(&kubeconfig, text)?;
        }
        Controller::spawn(&kubeconfig, &self.path(""), webhook_port, launch)
    }

    /// Starts a controller and waits until it is ready.
    pub(crate) async fn controller(&self, launch: &Launch<'_>) -> Result<Controller> {
        let mut controller = self.spawn_controller(launch)?;
        controller.ready().await?;
        Ok(controller)
    }

    /// Runs a command of the program against the cluster and waits for its end.
    pub(crate) async fn plimsoll(&self, args: &[&str]) -> Result<Ran> {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(args)
            .env("KUBECONFIG", self.rig.kubeconfig())
            .env("PLIMSOLL_NAMESPACE", OWN_NAMESPACE)
            .stdin(Stdio::null())
            .output()
            .await?;
        Ok(Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Runs a command that must succeed and returns its output.
    pub(crate) async fn output(&self, args: &[&str]) -> Result<String> {
        let ran = self.plimsoll(args).await?;
        ensure!(ran.code == 0, "{args:?} ended with {}: {}", ran.code, ran.stderr);
        Ok(ran.stdout)
    }
}

impl Controller {
    /// Starts a controller with its log and its history in the folder `files`.
    pub(crate) fn spawn(
        kubeconfig: &Path,
        files: &Path,
        webhook_port: u16,
        launch: &Launch<'_>,
    ) -> Result<Self> {
        let (metrics_port, health_port) = (free_port()?, free_port()?);
        let log = files.join(format!("{}.log", launch.name));
        let output = File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("controller").arg("--kubeconfig").arg(kubeconfig);
        command.args(["--plimsoll-namespace", OWN_NAMESPACE, "--identity", launch.name]);
        for (flag, value) in [("--collect-interval", "1s"), ("--evaluate-interval", "2s")] {
            if !launch.flags.contains(&flag) {
                command.args([flag, value]);
            }
        }
        for (flag, port) in [
            ("--metrics-bind", metrics_port),
            ("--health-bind", health_port),
            ("--webhook-bind", webhook_port),
        ] {
            command.arg(flag).arg(format!("127.0.0.1:{port}"));
        }
        command.args(["--webhook-names", "127.0.0.1", "--log-level", "info"]);
        if let Some(dir) = launch.data_dir {
            command.arg("--data-dir").arg(files.join(dir));
        }
        command.args(launch.flags);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().context("start the controller")?;
        Ok(Self { child, log, metrics_port, health_port, webhook_port, has_ended: false })
    }

    /// Waits until the controller says that it is ready; fails at once when it ends instead.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let port = self.health_port;
        wait_for(SOON, "the controller's readiness", async || {
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none(), "the controller ended: {}", ended.unwrap_or_default());
            Ok(get(port, "/readyz").is_ok_and(|(status, _)| status == 200))
        })
        .await
    }

    /// Where its metrics are read, and where its webhook answers.
    pub(crate) fn ports(&self) -> (u16, u16) {
        (self.metrics_port, self.webhook_port)
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it logged so far, and those before it of the same name.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// The status codes of `/healthz` and `/readyz`.
    pub(crate) fn health(&self) -> Result<(u16, u16)> {
        Ok((get(self.health_port, "/healthz")?.0, get(self.health_port, "/readyz")?.0))
    }

    /// The page of metrics.
    pub(crate) fn metrics(&self) -> Result<String> {
        let (status, page) = get(self.metrics_port, "/metrics")?;
        ensure!(status == 200, "/metrics said {status}");
        Ok(page)
    }

    /// The sum of all series of a metric whose labels, as they are printed, hold all of `labels`:
    /// `metric("plimsoll_api_calls_total", &[r#"verb="patch""#])`. Zero where there is none.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        Ok(self.series(name)?.iter().filter(|(of, _)| holds(of, labels)).map(|(_, it)| it).sum())
    }

    /// All series of a metric: labels as they are printed, and the value.
    pub(crate) fn series(&self, name: &str) -> Result<Vec<(String, f64)>> {
        let page = self.metrics()?;
        let series = page.lines().filter_map(|line| {
            let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            let is_it = labels.is_empty() || labels.starts_with('{');
            is_it.then(|| Some((labels.to_owned(), value.parse().ok()?)))?
        });
        Ok(series.collect())
    }

    /// Waits until so many more evaluations ended than had when this was called.
    pub(crate) async fn ticks(&self, more: u32) -> Result<()> {
        let count = || self.metric("plimsoll_tick_duration_seconds_count", &[]);
        let goal = count()? + f64::from(more);
        wait_for(SOON, "further ticks", async || Ok(count()? >= goal)).await
    }

    /// Sends it a signal, for example `TERM` or `KILL`.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status()?;
        ensure!(sent.success(), "kill -{signal} {id}: {sent}");
        Ok(())
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        let mut ended = None;
        wait_for(SOON, "the controller's end", async || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        })
        .await?;
        ended.context("it ended")
    }

    /// Ends it as Kubernetes does and sees that it ends cleanly.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.signal("TERM")?;
        let status = self.ended().await?;
        ensure!(status.success(), "the controller ended with {status}");
        self.logged_json_only()?;
        self.has_ended = true;
        Ok(())
    }

    /// Kills it without a word.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.signal("KILL")?;
        self.ended().await?;
        self.logged_json_only()?;
        self.has_ended = true;
        Ok(())
    }

    /// Its end has been seen by other means, and its log is not to be shown.
    pub(crate) fn forget(mut self) -> Result<()> {
        self.logged_json_only()?;
        self.has_ended = true;
        Ok(())
    }

    /// Whatever happened to it, each line on standard error is an object with a level.
    fn logged_json_only(&self) -> Result<()> {
        for line in self.log()?.lines() {
            let parsed: Value = serde_json::from_str(line)
                .with_context(|| format!("a line of the log is no JSON: {line}"))?;
            ensure!(parsed["level"].is_string(), "a line of the log has no level: {line}");
        }
        Ok(())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // Whoever wants to see it end well calls `end`; here the test has failed.
        self.child.kill().ok();
        self.child.wait().ok();
        if !self.has_ended {
            let log = self.log().unwrap_or_default();
            writeln!(io::stderr(), "-- {}\n{}\n--", self.log.display(), tail(&log)).ok();
        }
    }
}

/// The last lines, as many as a person would read.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n")
}

fn holds(labels: &str, wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| labels.contains(wanted))
}

/// One request over a connection of its own: the status code and the body.
pub(crate) fn get(port: u16, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.context("no status code")?, body.to_owned()))
}
