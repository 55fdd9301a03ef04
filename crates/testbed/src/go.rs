//! Which Go builds the control plane: its `go.mod` says how new it must be.

use std::fmt;
use std::process::{Command, Stdio};

use crate::rig_binary::SOURCE;

const MODULE: &str = include_str!("../../../testbed/controlplane/go.mod");
/// The first Go that can fetch a newer one by itself.
const FETCHES_ITSELF: Version = Version(1, 21, 0);

/// A version of Go; what comes after its numbers (`rc1`) is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32, u32);

impl Version {
    /// Reads `1.26.0` or `go1.26.8`.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix("go").unwrap_or_else(|| text.trim());
        let mut numbers = text.split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..digits)?.parse().ok()
        });
        let mut next = || numbers.next().flatten();
        Some(Self(next()?, next()?, next().unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The oldest Go that will do.
pub(crate) fn needed() -> Option<Version> {
    MODULE.lines().find_map(|line| Version::read(line.strip_prefix("go ")?))
}

/// The Go of this machine where it is too old, as far as it says. One that may fetch a newer Go by
/// itself has done so by the time it answers here.
pub(crate) fn too_old() -> Option<Version> {
    let mut here = Command::new("go");
    here.current_dir(SOURCE);
    // One that may not, or cannot, refuses the module, and says its own version elsewhere.
    let mut elsewhere = Command::new("go");
    elsewhere.current_dir("/").env("GOTOOLCHAIN", "local");
    let found = version(here).or_else(|| version(elsewhere))?;
    (found < needed()?).then_some(found)
}

fn version(mut go: Command) -> Option<Version> {
    let output = go.args(["env", "GOVERSION"]).stdin(Stdio::null()).output().ok()?;
    Version::read(&String::from_utf8_lossy(&output.stdout))
}

/// The command that makes a new enough Go of one that is too old.
pub(crate) fn renew(found: Version, needed: Version) -> String {
    if found >= FETCHES_ITSELF {
        format!("go env -w GOTOOLCHAIN=go{needed}+auto")
    } else {
        format!(
            "curl -fsSL https://go.dev/dl/go{needed}.linux-$(dpkg --print-architecture).tar.gz \
             | tar -xz -C /usr/local && export PATH=/usr/local/go/bin:$PATH"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(u32, u32, u32)>) {
        let found = Version::read(text).map(|version| (version.0, version.1, version.2));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn versions_are_read_as_go_writes_them() {
        check("go1.26.8\n", Some((1, 26, 8)));
        check("1.26.0", Some((1, 26, 0)));
        check("go1.27rc1", Some((1, 27, 0)));
        check("devel", None);
    }

    #[test]
    fn an_old_go_is_renewed_by_itself_and_an_older_one_by_a_person() {
        let needed = Version(1, 26, 0);
        assert_eq!(renew(Version(1, 24, 4), needed), "go env -w GOTOOLCHAIN=go1.26.0+auto");
        assert!(
            renew(Version(1, 19, 8), needed).starts_with("curl -fsSL https://go.dev/dl/go1.26.0.")
        );
    }

    /// The README says the same as the module.
    #[test]
    fn the_readme_names_the_version() {
        let needed = needed().unwrap();
        let words = format!("Go {}.{} or newer", needed.0, needed.1);
        assert!(include_str!("../../../README.md").contains(&words), "{words}");
    }
}
