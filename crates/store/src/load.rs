//! Loading all snapshots of a data directory, and putting it in order.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_domain::ContainerKey;

use crate::StoreError;
use crate::directory::TEMPORARY;
use crate::file::{MAX_FILE_BYTES, is_name, name_of, parse};

/// What was found in a data directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Snapshots, ordered by container.
    pub histories: Vec<(ContainerKey, Vec<u8>)>,
    /// Files that hold none, under their old names, and what is the matter with each.
    pub damaged: Vec<(PathBuf, String)>,
}

/// Loads all snapshots; see [`Store::load_all`](crate::Store::load_all).
pub(crate) fn load_all(dir: &Path) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    for name in names(dir)? {
        let path = dir.join(&name);
        if name.strip_suffix(TEMPORARY).is_some_and(is_name) {
            // One that cannot be removed is written over by the next save.
            fs::remove_file(&path).ok();
        } else if is_name(&name) {
            match load(&path, &name) {
                Ok(history) => loaded.histories.push(history),
                Err(what) => loaded.damaged.push(set_aside(path, what)),
            }
        }
    }
    loaded.histories.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(loaded)
}

/// Names that are no text are none of ours.
fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let unreadable = |source| StoreError::Read { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        names.extend(name.into_string());
    }
    names.sort();
    Ok(names)
}

fn load(path: &Path, name: &str) -> Result<(ContainerKey, Vec<u8>), String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_FILE_BYTES {
        return Err(format!("has {length} bytes, more than {MAX_FILE_BYTES}"));
    }
    let (key, payload) = parse(fs::read(path).map_err(unreadable)?)?;
    // Under another name it would be loaded again after it was removed, or twice.
    if name_of(&key) != name {
        return Err(format!("has another file's name, expected {}", name_of(&key)));
    }
    Ok((key, payload))
}

/// Renames a file so that it is not loaded again; a file set aside before under this name goes.
fn set_aside(path: PathBuf, what: String) -> (PathBuf, String) {
    let mut aside = path.clone().into_os_string();
    aside.push(".damaged");
    let what = match fs::rename(&path, &aside) {
        Ok(()) => what,
        Err(error) => format!("{what}; cannot be moved aside: {error}"),
    };
    (path, what)
}
