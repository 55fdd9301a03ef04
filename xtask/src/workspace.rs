//! What cargo knows of the workspace: its packages, their targets and their dependencies.

use crate::run;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The workspace as `cargo metadata` describes it.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target_dir: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// One line of a `[dependencies]` table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) dev: bool,
}

/// One thing cargo compiles: a library, a binary, a test, a build script.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) source: PathBuf,
}

impl Workspace {
    /// Asks cargo; needs no network, since dependencies are not resolved.
    pub(crate) fn load() -> Result<Self> {
        let here = std::env::current_dir().context("find the current folder")?;
        let text = run::output(run::cargo(&here).args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]))?;
        Self::from_json(&serde_json::from_str(&text).context("read cargo's metadata")?)
    }

    fn from_json(json: &Value) -> Result<Self> {
        let root = PathBuf::from(text(json, "workspace_root")?);
        let packages = items(json, "packages").map(Package::from_json).collect::<Result<_>>()?;
        Ok(Self { root, target_dir: PathBuf::from(text(json, "target_directory")?), packages })
    }

    /// Whether a dependency is a member of the workspace.
    pub(crate) fn is_member(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }

    /// A path as seen from the root, for messages and lists.
    pub(crate) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

impl Package {
    fn from_json(json: &Value) -> Result<Self> {
        let manifest = PathBuf::from(text(json, "manifest_path")?);
        let dir = manifest.parent().context("a manifest lies in a folder")?.to_path_buf();
        let dependencies =
            items(json, "dependencies").map(Dependency::from_json).collect::<Result<_>>()?;
        let targets = items(json, "targets").map(Target::from_json).collect::<Result<_>>()?;
        Ok(Self { name: text(json, "name")?, dir, dependencies, targets })
    }
}

impl Dependency {
    fn from_json(json: &Value) -> Result<Self> {
        Ok(Self { name: text(json, "name")?, dev: json["kind"].as_str() == Some("dev") })
    }
}

impl Target {
    fn from_json(json: &Value) -> Result<Self> {
        let kind = items(json, "kind").find_map(Value::as_str).unwrap_or_default();
        Ok(Self {
            name: text(json, "name")?,
            kind: kind.to_owned(),
            source: PathBuf::from(text(json, "src_path")?),
        })
    }
}

fn text(json: &Value, key: &str) -> Result<String> {
    json[key].as_str().map(str::to_owned).with_context(|| format!("cargo's metadata lacks {key}"))
}

fn items<'a>(json: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    json[key].as_array().into_iter().flatten()
}
