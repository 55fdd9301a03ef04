//! Finds the last snapshot of every container, from the newest file back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_domain::ContainerKey;

use super::live::{Live, LogFile};
use super::{Fingerprint, record};
use crate::frame::Kind;
use crate::scan::{Item, Scan};
use crate::{Damage, StoreError};

const EXTENSION: &str = ".log";

/// The name of the file of this number.
pub(super) fn name_of(number: u64) -> String {
    format!("{number:08}{EXTENSION}")
}

/// Gives every snapshot that counts, and says where they are.
pub(super) fn load(
    folder: &Path,
    damages: &mut Vec<Damage>,
    each: &mut dyn FnMut(ContainerKey, &[u8]),
) -> Result<Live, StoreError> {
    let mut live = Live::default();
    let mut gone = BTreeSet::new();
    for (number, path) in files(folder)?.into_iter().rev() {
        let unreadable = |source| StoreError::Read { path: path.clone(), source };
        let mut outline = Outline::read(&path, damages).map_err(unreadable)?;
        live.found(LogFile::new(number, path.clone(), outline.end));
        outline.last.retain(|key, _| live.fingerprint(key).is_none() && !gone.contains(key));
        let here: BTreeSet<u64> = outline.last.values().filter_map(|at| *at).collect();
        gone.extend(outline.last.into_iter().filter(|(_, at)| at.is_none()).map(|(key, _)| key));
        let mut scan = Scan::open(&path).map_err(unreadable)?;
        for at in here {
            let Some(head) = scan.read_at(at).map_err(unreadable)? else { continue };
            if let Ok((key, bytes)) = record::read(scan.payload()) {
                live.set_in(number, key.clone(), Fingerprint::of(bytes), head.size());
                each(key, bytes);
            }
        }
    }
    Ok(live)
}

/// What a file says last of each container.
struct Outline {
    /// Where its snapshot begins; `None` where it is taken back.
    last: BTreeMap<ContainerKey, Option<u64>>,
    /// Where the last whole frame ends.
    end: u64,
}

impl Outline {
    fn read(path: &Path, damages: &mut Vec<Damage>) -> io::Result<Self> {
        let mut outline = Self { last: BTreeMap::new(), end: 0 };
        let mut scan = Scan::open(path)?;
        while let Some(item) = scan.next(|_, _| true)? {
            let (at, head) = match item {
                Item::Frame { at, head } => (at, head),
                Item::Damaged { from, to } => {
                    damages.push(Damage::skipped(path, from..to));
                    continue;
                }
                Item::Torn { from } => {
                    damages.push(Damage::torn(path, from));
                    continue;
                }
            };
            outline.end = at + head.size();
            match record::read(scan.payload()) {
                Ok((key, _)) if head.is(Kind::Snapshot) => {
                    outline.last.insert(key, Some(at));
                }
                Ok((key, _)) if head.is(Kind::Removed) => {
                    outline.last.insert(key, None);
                }
                Ok(_) => damages.push(Damage::odd(path, at, "is of a later version")),
                Err(why) => damages.push(Damage::odd(path, at, &why)),
            }
        }
        Ok(outline)
    }
}

/// The files of a folder by number; none where there is no folder.
fn files(folder: &Path) -> Result<BTreeMap<u64, PathBuf>, StoreError> {
    let unreadable = |source| StoreError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_str().unwrap_or_default();
        let number = name.strip_suffix(EXTENSION).and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|number| name_of(*number) == name) {
            files.insert(number, folder.join(name));
        }
    }
    Ok(files)
}
