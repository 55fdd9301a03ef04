//! Directories, containers and snapshot files for tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use plimsoll_domain::{ContainerKey, WorkloadId, WorkloadKind};

/// A directory of its own that goes with the value.
#[derive(Debug)]
pub(crate) struct TestDir(PathBuf);

impl TestDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = env::temp_dir().join(format!("plimsoll-store-{}-{number}", process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of all files, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The only snapshot file.
    pub(crate) fn snapshot_file(&self) -> PathBuf {
        let names = self.names();
        let mut snapshots = names.iter().filter(|name| name.ends_with(".snapshot"));
        let name = snapshots.next().unwrap();
        assert_eq!(snapshots.next(), None);
        self.0.join(name)
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub(crate) fn mk_key(name: &str) -> ContainerKey {
    ContainerKey {
        workload: WorkloadId {
            namespace: "shop".to_owned(),
            kind: WorkloadKind::Deployment,
            name: name.to_owned(),
        },
        container: "app".to_owned(),
    }
}
