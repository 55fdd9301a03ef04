//! Which test programs there are and to which tier they belong. A test target named `tier4_...`
//! or `tier5_...` is of that tier, `helm_...` and `tier4_chart...` need Helm; everything else is
//! of tiers 1 to 3.

use crate::run;
use crate::workspace::Workspace;
use std::path::Path;
use std::process::Command;

/// Tests that need the same tools and run together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: Kind,
    /// Names of test targets, in order and without doubles.
    pub(super) targets: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tiers 1 to 3: libraries, binaries, documentation and test targets that need no tool.
    Cheap,
    /// Tier 3, over what Helm renders.
    Helm,
    /// Tier 4: the chart on a real control plane.
    Chart,
    /// Tier 4: a real control plane.
    ControlPlane,
    /// Tier 5: a real kubelet.
    Kubelet,
}

/// In the order of running; the first whose prefix a name has is its kind.
const KINDS: [Kind; 5] = [Kind::Cheap, Kind::Helm, Kind::Chart, Kind::ControlPlane, Kind::Kubelet];

impl Kind {
    fn of(target: &str) -> Self {
        let starts = |kind: &Self| !kind.prefix().is_empty() && target.starts_with(kind.prefix());
        KINDS.into_iter().find(starts).unwrap_or(Self::Cheap)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Cheap => "",
            Self::Helm => "helm_",
            Self::Chart => "tier4_chart",
            Self::ControlPlane => "tier4_",
            Self::Kubelet => "tier5_",
        }
    }

    /// The most powerful tier whose tools the group needs.
    pub(super) fn tier(self) -> u8 {
        match self {
            Self::Cheap | Self::Helm => 3,
            Self::Chart | Self::ControlPlane => 4,
            Self::Kubelet => 5,
        }
    }
}

impl Group {
    pub(super) fn holds(&self, tier: u8) -> bool {
        self.kind.tier() == tier.max(3)
    }

    pub(super) fn title(&self) -> String {
        let title = match self.kind {
            Kind::Cheap => "tiers 1-3",
            Kind::Helm => "tier 3, the chart",
            Kind::Chart => "tier 4, the chart",
            Kind::ControlPlane => "tier 4, a real API server",
            Kind::Kubelet => "tier 5, a real kubelet",
        };
        title.to_owned()
    }

    /// The commands that run the group. The whole workspace is named each time: naming one
    /// package would change the features of shared dependencies and compile them again.
    pub(super) fn commands(&self, root: &Path) -> Vec<Command> {
        match self.kind {
            Kind::Cheap => {
                let mut doc = cargo_test(root);
                doc.arg("--doc");
                vec![self.command(root), doc]
            }
            // One program at a time: each starts control planes of its own.
            Kind::Helm | Kind::Chart | Kind::ControlPlane | Kind::Kubelet => {
                let one = |name: &String| {
                    let mut command = cargo_test(root);
                    command.args(["--test", name]);
                    command
                };
                self.targets.iter().map(one).collect()
            }
        }
    }

    /// All targets of the group in one command.
    pub(super) fn command(&self, root: &Path) -> Command {
        let mut command = cargo_test(root);
        if self.kind == Kind::Cheap {
            command.args(["--lib", "--bins"]);
        }
        for target in &self.targets {
            command.args(["--test", target]);
        }
        command
    }
}

fn cargo_test(root: &Path) -> Command {
    let mut command = run::cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    command
}

/// All groups, the least powerful first.
pub(super) fn groups(workspace: &Workspace) -> Vec<Group> {
    KINDS.into_iter().map(|kind| group(workspace, kind)).collect()
}

/// Tiers 1 to 3 without the chart.
pub(super) fn cheap(workspace: &Workspace) -> Group {
    group(workspace, Kind::Cheap)
}

fn group(workspace: &Workspace, kind: Kind) -> Group {
    let targets = workspace.packages.iter().flat_map(|package| &package.targets);
    let tests = targets.filter(|target| target.kind == "test");
    let mut names: Vec<String> = tests.map(|target| target.name.clone()).collect();
    names.retain(|name| Kind::of(name) == kind);
    names.sort();
    names.dedup();
    Group { kind, targets: names }
}

#[cfg(test)]
mod tests {
    use super::{Group, Kind};
    use std::path::Path;

    #[test]
    fn a_name_says_the_tier() {
        assert_eq!(Kind::of("tier4_resize"), Kind::ControlPlane);
        assert_eq!(Kind::of("tier5_cgroups"), Kind::Kubelet);
        assert_eq!(Kind::of("helm_chart"), Kind::Helm);
        assert_eq!(Kind::of("tier4_chart"), Kind::Chart);
        assert_eq!(Kind::of("scenarios"), Kind::Cheap);
    }

    #[test]
    fn cheap_tests_are_one_command_and_documentation_another() {
        let group = Group { kind: Kind::Cheap, targets: vec!["a".into(), "b".into()] };
        let commands = group.commands(Path::new("."));
        let args: Vec<_> = commands[0].get_args().collect();
        let expect = [
            "test",
            "--workspace",
            "--no-fail-fast",
            "--lib",
            "--bins",
            "--test",
            "a",
            "--test",
            "b",
        ];
        assert_eq!(args, expect);
        assert_eq!(commands.len(), 2);
    }
}
