//! Builds `testbed/controlplane` when its binary is not in the cache yet: minutes the first time,
//! nothing afterwards.

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testbed/controlplane");

/// The components say which version they are from these; without them they claim 0.0.0, which
/// the feature gates refuse. `-trimpath` keeps Go's build cache usable from any folder.
const BUILD: [&str; 4] = [
    "build",
    "-trimpath",
    "-ldflags",
    "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.4 \
     -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36",
];

/// The control plane's binary, built now if its sources, its build line or Go have changed.
/// Processes that ask at the same time build once.
pub fn rig_binary() -> Result<PathBuf> {
    let cache = cache_folder()?;
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let binary = cache.join(format!("rig-{}", key()?));
    // The lock ends with the process that holds it, however that ends.
    let lock = File::create(cache.join("rig.lock")).context("create the build lock")?;
    lock.lock().context("lock the build")?;
    if !binary.is_file() {
        build(&binary)?;
    }
    Ok(binary)
}

fn build(binary: &Path) -> Result<()> {
    // Cut short, a build leaves the temporary name only.
    let partial = binary.with_extension("partial");
    let status = go()
        .args(BUILD)
        .arg("-o")
        .args([&partial, Path::new(".")])
        .status()
        .context("run go build")?;
    ensure!(status.success(), "go build of {SOURCE} failed: {status}");
    fs::rename(&partial, binary).with_context(|| format!("rename to {}", binary.display()))
}

fn go() -> Command {
    let mut go = Command::new("go");
    go.current_dir(SOURCE).env("CGO_ENABLED", "0").stdin(Stdio::null());
    go
}

/// A hash of everything that decides what the build makes.
fn key() -> Result<String> {
    let version = go()
        .args(["env", "GOVERSION", "GOARCH"])
        .output()
        .with_context(|| super::missing(4).unwrap_or_else(|| "run go".to_owned()))?;
    ensure!(
        version.status.success(),
        "go env failed: {}",
        String::from_utf8_lossy(&version.stderr)
    );
    let mut hash = Sha256::new_with_prefix(version.stdout);
    hash.update(BUILD.join("\0"));
    for file in sources()? {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(fs::read(Path::new(SOURCE).join(&file)).context("read a Go source")?);
    }
    let digest = format!("{:x}", hash.finalize());
    Ok(digest.split_at(16).0.to_owned())
}

/// The names of the files that the build reads or embeds, sorted.
fn sources() -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(SOURCE)?.map(|entry| entry.map(|file| file.file_name().into())).collect()
    };
    let mut files = read().with_context(|| format!("list {SOURCE}"))?;
    files.sort();
    Ok(files)
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("PLIMSOLL_CACHE") {
        return Ok(folder.into());
    }
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    Ok(base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("plimsoll"))
}
