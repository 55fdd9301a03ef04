//! Processes left running in the background: recorded when started, and ended by their id only
//! after `/proc` has shown that the id still belongs to what was started.

use crate::run;
use anyhow::{Context, Result, bail};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const POLL_EVERY: Duration = Duration::from_millis(100);
/// The control plane stops in 1.5 s; after this it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// The list of what was started, in the folder that every one of them names in its arguments.
pub(super) struct Record {
    dir: PathBuf,
}

/// One process of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) name: String,
    pub(super) pid: u32,
    dir: PathBuf,
}

impl Record {
    pub(super) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("testbed.pids")
    }

    pub(super) fn exists(&self) -> bool {
        self.path().is_file()
    }

    /// What was started and still runs, in the order of starting.
    pub(super) fn running(&self) -> Result<Vec<Started>> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(self.path()).context("read the list of processes")?;
        let started = text.lines().filter_map(|line| {
            let (pid, name) = line.split_once(' ')?;
            let pid = pid.parse().ok()?;
            Some(Started { name: name.to_owned(), pid, dir: self.dir.clone() })
        });
        Ok(started.filter(Started::is_running).collect())
    }

    /// An input that never ends: a pipe of which the program that reads it is a writer too. The
    /// control plane takes the end of its input for the end of whoever started it.
    fn endless_input(&self) -> Result<File> {
        let path = self.dir.join("input");
        if !path.exists() {
            run::output(Command::new("mkfifo").arg(&path))?;
        }
        let file = OpenOptions::new().read(true).write(true).open(&path);
        file.context("open the pipe that keeps programs running")
    }

    /// Starts a program that outlives this one: in a process group of its own, so that Ctrl-C at
    /// the terminal does not reach it, and with its output in a log beside the list.
    pub(super) fn start(&self, name: &str, mut command: Command) -> Result<Started> {
        let log = File::create(self.dir.join(format!("{name}.log"))).context("create a log")?;
        command.stdin(self.endless_input()?).stdout(log.try_clone()?).stderr(log).process_group(0);
        let mut child = command.spawn().with_context(|| format!("start {name}"))?;
        let mut list = OpenOptions::new().create(true).append(true).open(self.path())?;
        writeln!(list, "{} {name}", child.id())?;
        let started = Started { name: name.to_owned(), pid: child.id(), dir: self.dir.clone() };
        // The kernel shows the arguments a moment after the program has begun.
        while !started.is_running() && child.try_wait()?.is_none() {
            thread::yield_now();
        }
        Ok(started)
    }
}

impl Started {
    /// Ids are used again: it is ours only while its arguments name our folder. A process that
    /// ended and was not yet collected by its parent has no arguments.
    fn is_running(&self) -> bool {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.split('\0').any(|word| Path::new(word).starts_with(&self.dir))
    }

    /// Waits for a condition; gives up when the process ends or the time is over.
    pub(super) fn wait_until(
        &self,
        within: Duration,
        what: &str,
        mut holds: impl FnMut() -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        while !holds() {
            if !self.is_running() {
                bail!("{} ended before {what}", self.name);
            }
            if Instant::now() > deadline {
                bail!("{what}: not within {} s", within.as_secs());
            }
            thread::sleep(POLL_EVERY);
        }
        Ok(())
    }

    /// Ends it: asked first, forced when it does not listen.
    pub(super) fn end(&self) -> Result<()> {
        for signal in ["-TERM", "-KILL"] {
            if !self.is_running() {
                return Ok(());
            }
            run::output(Command::new("kill").args([signal, &self.pid.to_string()]))?;
            let deadline = Instant::now() + STOP_WITHIN;
            while self.is_running() && Instant::now() < deadline {
                thread::sleep(POLL_EVERY);
            }
        }
        if self.is_running() {
            bail!("{} (process {}) does not end", self.name, self.pid);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, Started};
    use std::fs;
    use std::process::Command;

    #[test]
    fn ends_what_it_started_and_leaves_others_alone() {
        let dir = std::env::temp_dir().join(format!("xtask-process-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let record = Record::of(&dir);
        // Ends at once if its input ends.
        let mut command = Command::new("tee");
        command.arg(dir.join("copy"));
        let started = record.start("tee", command).unwrap();
        assert_eq!(record.running().unwrap(), std::slice::from_ref(&started));
        // This very process does not name the folder, so it is never taken for ours.
        let other = Started { pid: std::process::id(), ..started.clone() };
        other.end().unwrap();
        started.end().unwrap();
        assert_eq!(record.running().unwrap(), []);
        fs::remove_dir_all(&dir).unwrap();
    }
}
