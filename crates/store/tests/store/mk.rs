//! Directories, containers, cells and loaded stores for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use plimsoll_domain::{Amount, ContainerKey, Timestamp, UsageCell, WorkloadId, WorkloadKind};
use plimsoll_store::{Damage, Store, StoreError, StoredCells};

/// 2026-01-05, midnight UTC.
pub(crate) const BEGIN: i64 = 1_767_571_200;

/// A directory of its own that goes with the value.
#[derive(Debug)]
pub(crate) struct TestDir(PathBuf);

impl TestDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Thousands of directories are written and waited for: in memory, where there is such a disk.
        let shm = Path::new("/dev/shm");
        let parent = if shm.is_dir() { shm.to_owned() } else { env::temp_dir() };
        let dir = parent.join(format!("plimsoll-store-{}-{number}", process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of all files below it, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names
    }

    /// Every file and what it holds.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let names = self.names().into_iter();
        names.map(|name| (name.clone(), fs::read(self.0.join(name)).unwrap())).collect()
    }

    /// A directory with these files alone.
    pub(crate) fn with(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let dir = Self::new();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        dir
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
            namespace: "shop".into(),
            kind: WorkloadKind::Deployment,
            name: name.into(),
        },
        container: "app".into(),
    }
}

/// The cell of this number since [`BEGIN`], of amounts that are kept exactly.
pub(crate) fn mk_cell(number: u32, millicores: u32) -> UsageCell {
    let start = Timestamp::from_seconds(BEGIN + 300 * i64::from(number));
    let cpu = Amount::new(f64::from(millicores) / 1024.0);
    let memory_max = Some(Amount::from_mebibytes(512));
    UsageCell { start, cpu_mean: cpu, cpu_max: cpu, memory_max, pods: 1 }
}

/// What snapshots a directory has, by the name of the workload, as the next process finds them.
pub(crate) type Found = BTreeMap<String, Vec<u8>>;

/// Opens a directory and restores all; also what was damaged.
pub(crate) fn restore(dir: &Path) -> Result<(Found, Vec<Damage>), StoreError> {
    let mut store = Store::open(dir)?;
    let mut found = Found::new();
    store.restore(&mut |key, bytes| {
        let before = found.insert(key.workload.name.to_string(), bytes.to_vec());
        assert_eq!(before, None, "each container is given once");
    })?;
    Ok((found, store.take_damages()))
}

/// All cells of a directory, by the name of the workload.
pub(crate) fn cells(dir: &Path) -> Result<BTreeMap<String, Vec<UsageCell>>, StoreError> {
    let mut stored = StoredCells::open(dir, Timestamp::from_seconds(0))?;
    let names: Vec<String> =
        stored.keys().iter().map(|key| key.workload.name.to_string()).collect();
    let all = stored.read(0..names.len(), Timestamp::from_seconds(0))?;
    Ok(names.into_iter().zip(all).collect())
}
