//! From what a person names to the texts of files: files, folders with all below them, standard
//! input.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::FILE_BYTES_MAX;

/// The most files of one run: the largest repositories of manifests have some thousands.
const FILES_MAX: usize = 20_000;
/// The most entries of folders that are looked at, so that a run on `/` ends. At a path of 200 bytes
/// for those that wait they take 200 MiB at most.
const ENTRIES_MAX: usize = 1_000_000;
/// What manifests are called.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// What stands for standard input, and what it is called in findings.
const STDIN: (&str, &str) = ("-", "<stdin>");

/// A text and what it is called.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) text: String,
}

/// Reads one after the other and hands them over; what cannot be read is returned.
pub(super) fn walk(paths: &[PathBuf], mut take: impl FnMut(&Input)) -> Vec<String> {
    let mut walk = Walk { files: 0, entries: 0, seen: BTreeSet::new(), failed: Vec::new() };
    for path in paths {
        walk.named(path, &mut take);
    }
    walk.failed
}

struct Walk {
    files: usize,
    entries: usize,
    /// Folders by what they really are: a link may lead back up.
    seen: BTreeSet<PathBuf>,
    failed: Vec<String>,
}

impl Walk {
    fn named(&mut self, path: &Path, take: &mut impl FnMut(&Input)) {
        if path == Path::new(STDIN.0) {
            let input = text(io::stdin().lock()).context("failed to read standard input");
            return self.hand_over(STDIN.1.to_owned(), input, take);
        }
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            if self.files >= FILES_MAX || self.entries >= ENTRIES_MAX {
                let what = format!(
                    "failed to read all: there are more than {FILES_MAX} files, or {ENTRIES_MAX} \
                     entries of folders; name fewer at a time"
                );
                return self.failed.push(what);
            }
            if path.is_dir() {
                match self.folder(&path) {
                    Ok(inside) => waiting.extend(inside.into_iter().rev()),
                    Err(error) => self.failed.push(format!("{error:#}")),
                }
            } else {
                self.files += 1;
                let input = File::open(&path).map_err(Into::into).and_then(text);
                let input = input.with_context(|| format!("failed to read {}", path.display()));
                self.hand_over(path.display().to_string(), input, take);
            }
        }
    }

    fn hand_over(
        &mut self,
        name: String,
        text: anyhow::Result<String>,
        take: &mut impl FnMut(&Input),
    ) {
        match text {
            Ok(text) => take(&Input { name, text }),
            Err(error) => self.failed.push(format!("{error:#}")),
        }
    }

    /// What there is to read in a folder, in the order of names. Hidden entries are a tool's own.
    fn folder(&mut self, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let reading = || format!("failed to read the folder {}", path.display());
        if !self.seen.insert(path.canonicalize().with_context(reading)?) {
            return Ok(Vec::new());
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).with_context(reading)? {
            self.entries += 1;
            let entry = entry.with_context(reading)?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            // Follows links. A pipe or a device would never end.
            let Ok(kind) = fs::metadata(entry.path()) else { continue };
            if !is_hidden && (kind.is_dir() || (kind.is_file() && is_manifest(&entry.path()))) {
                inside.push(entry.path());
            }
            if self.entries >= ENTRIES_MAX {
                break;
            }
        }
        inside.sort();
        Ok(inside)
    }
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|is| EXTENSIONS.iter().any(|one| one.eq_ignore_ascii_case(is)))
}

fn text(from: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX)?;
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() > FILE_BYTES_MAX {
        bail!("it has more than {} MiB; split it", FILE_BYTES_MAX / 1024 / 1024);
    }
    String::from_utf8(bytes).context("it is no text in UTF-8")
}
