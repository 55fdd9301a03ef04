//! The external tools of each tier: what for, how to see whether they are there, and the Debian
//! package that brings them.

use std::env;
use std::path::Path;

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

impl Tool {
    /// Whether the tool is on this machine.
    pub fn is_present(&self) -> bool {
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
        tool("Go", 4, "builds the control plane; 1.26 or newer", "golang-go", "go"),
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

/// What `tier` lacks on this machine, as one message with the command that installs it.
pub fn missing(tier: u8) -> Option<String> {
    let lacking: Vec<Tool> =
        tools().into_iter().filter(|tool| tool.tier <= tier && !tool.is_present()).collect();
    if lacking.is_empty() {
        return None;
    }
    let lines: Vec<String> =
        lacking.iter().map(|tool| format!("  {} ({})", tool.name, tool.why)).collect();
    let packages: Vec<&str> = lacking.iter().map(|tool| tool.package).collect();
    Some(format!(
        "tier {tier} needs tools that this machine lacks:\n{}\ninstall them: apt-get install -y {}",
        lines.join("\n"),
        packages.join(" ")
    ))
}
