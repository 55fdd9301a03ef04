//! The external tools of each tier: what for, how to see whether they are there, and the Debian
//! package that brings them.

use std::env;
use std::path::Path;

use crate::go;

/// The probe of the one tool whose version matters.
const GO: &str = "go";

/// One external tool that a tier cannot run without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What people call it.
    pub name: &'static str,
    /// The lowest tier that needs it; every higher tier needs it too.
    pub tier: u8,
    /// What the tests do with it.
    pub why: &'static str,
    /// The Debian package that installs it.
    pub package: &'static str,
    /// A command looked for on the path, or an absolute file.
    probe: &'static str,
}

/// Why a tool is of no use on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is not there; its Debian package brings it.
    Absent,
    /// It is there, and too old.
    Old {
        /// What it is, and what is needed.
        message: String,
        /// The command that makes it new enough.
        command: String,
    },
}

impl Tool {
    /// Why the tool is of no use here, if it is of none.
    pub fn lack(&self) -> Option<Lack> {
        if !self.is_present() {
            return Some(Lack::Absent);
        }
        let (found, needed) = (self.probe == GO).then(go::too_old)?.zip(go::needed())?;
        let message = format!("this one is {found}, and {needed} or newer is needed");
        Some(Lack::Old { message, command: go::renew(found, needed) })
    }

    fn is_present(&self) -> bool {
        // An absolute probe replaces the folder it is joined to.
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain([Path::new("/usr/sbin").to_path_buf()])
            .any(|folder| folder.join(self.probe).is_file())
    }
}

/// Every tool, the lowest tier first.
pub fn tools() -> Vec<Tool> {
    let tool = |name, tier, why, package, probe| Tool { name, tier, why, package, probe };
    vec![
        tool("Go", 4, "builds the control plane", "golang-go", GO),
        tool(
            "Prometheus",
            4,
            "is asked for usage, live and of the past",
            "prometheus",
            "prometheus",
        ),
        tool("containerd", 5, "runs the node's containers", "containerd", "containerd"),
        tool("runc", 5, "runs the node's containers", "runc", "runc"),
        tool(
            "the CNI plugins",
            5,
            "give the node's pods an address",
            "containernetworking-plugins",
            "/usr/lib/cni/ptp",
        ),
        tool("ip", 5, "sets up the node's network namespace", "iproute2", "ip"),
        tool("a static busybox", 5, "is the node's only image", "busybox-static", "busybox"),
    ]
}

/// What `tier` lacks on this machine, as one message with the commands that bring it.
pub fn missing(tier: u8) -> Option<String> {
    let tools = tools().into_iter().filter(|tool| tool.tier <= tier);
    let lacking: Vec<(Tool, Lack)> =
        tools.filter_map(|tool| tool.lack().map(|lack| (tool, lack))).collect();
    if lacking.is_empty() {
        return None;
    }
    let (mut lines, mut packages, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for (tool, lack) in lacking {
        match lack {
            Lack::Absent => {
                lines.push(format!("  {} ({})", tool.name, tool.why));
                packages.push(tool.package);
            }
            Lack::Old { message, command } => {
                lines.push(format!("  {} ({}): {message}", tool.name, tool.why));
                commands.push(command);
            }
        }
    }
    if !packages.is_empty() {
        commands.insert(0, format!("apt-get install -y {}", packages.join(" ")));
    }
    Some(format!(
        "tier {tier} needs tools that this machine lacks:\n{}\ninstall them: {}",
        lines.join("\n"),
        commands.join("\n              ")
    ))
}
