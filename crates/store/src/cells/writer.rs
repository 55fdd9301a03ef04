//! Adds cells to the files of their days.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};

use super::block::{BLOCK, first_of, place_of, read_names, write_cells, write_names};
use super::day::{day_named, day_of, name_of, second_of_day, start_of};
use super::{CELL_SECONDS, block_of, tag};
use crate::append::Appender;
use crate::frame::{self, Kind};
use crate::scan::{Item, Scan};
use crate::{Damage, StoreError};

/// Days kept open for writing: around midnight cells of two days end at the same time.
const OPEN_MAX: usize = 2;

/// How much is gathered before it is written, so that a hundred thousand containers need no more
/// memory than a thousand.
const GATHERED: usize = 256 * 1024;

/// The segments of a data directory, as its only writer sees them.
#[derive(Debug)]
pub(crate) struct Segments {
    folder: PathBuf,
    /// The last written last.
    open: Vec<Day>,
}

/// One open file. Its names take about 200 bytes for each container of the day.
#[derive(Debug)]
struct Day {
    number: i64,
    path: PathBuf,
    file: Appender,
    indices: BTreeMap<ContainerKey, u32>,
    next: u32,
}

impl Segments {
    /// Segments in a folder that is made when it is needed.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Vec::new() }
    }

    /// Adds cells, in any order, and waits until they are safe. What is found damaged in a file that
    /// is opened for it is told in `damages`.
    pub(crate) fn append(
        &mut self,
        cells: Vec<(ContainerKey, UsageCell)>,
        damages: &mut Vec<Damage>,
    ) -> Result<(), StoreError> {
        let mut by_start: BTreeMap<Timestamp, Vec<(ContainerKey, UsageCell)>> = BTreeMap::new();
        for (key, cell) in cells {
            by_start.entry(cell.start).or_default().push((key, cell));
        }
        let mut last = None;
        for (start, cells) in by_start {
            let day = day_of(start);
            if last.replace(day).is_some_and(|last| last != day) {
                self.sync()?;
            }
            let Some(day) = self.day(day, damages)? else { continue };
            if let Err(source) = day.append(start, cells) {
                let path = day.path.clone();
                // Opened again before the next write: the disk may be another by then.
                self.open.pop();
                return Err(StoreError::Write { path, source });
            }
        }
        self.sync()
    }

    /// Removes the files of days that ended before this moment or at it.
    pub(crate) fn forget(&mut self, before: Timestamp) -> Result<(), StoreError> {
        for (day, path) in files(&self.folder)? {
            if start_of(day.saturating_add(1)) <= before {
                self.open.retain(|open| open.number != day);
                fs::remove_file(&path).map_err(|source| StoreError::Remove { path, source })?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        let Some(day) = self.open.last() else { return Ok(()) };
        let unsaved = |source| StoreError::Write { path: day.path.clone(), source };
        day.file.sync().map_err(unsaved)
    }

    /// The file of a day, opened; `None` for days that can have none.
    fn day(
        &mut self,
        number: i64,
        damages: &mut Vec<Damage>,
    ) -> Result<Option<&mut Day>, StoreError> {
        let Some(name) = name_of(number) else { return Ok(None) };
        if let Some(at) = self.open.iter().position(|day| day.number == number) {
            let day = self.open.remove(at);
            self.open.push(day);
        } else {
            let path = self.folder.join(name);
            let opened = fs::create_dir_all(&self.folder)
                .and_then(|()| Day::open(number, path.clone(), damages));
            self.open.push(opened.map_err(|source| StoreError::Write { path, source })?);
            let surplus = self.open.len().saturating_sub(OPEN_MAX);
            self.open.drain(..surplus);
        }
        Ok(self.open.last_mut())
    }
}

impl Day {
    /// Reads which identities a file knows and where its last whole frame ends; the rest goes.
    fn open(number: i64, path: PathBuf, damages: &mut Vec<Damage>) -> io::Result<Self> {
        let mut names = Names::default();
        let mut end = 0;
        if path.try_exists()? {
            let mut scan = Scan::open(&path)?;
            while let Some(item) = scan.next(|_, _| true)? {
                match item {
                    Item::Frame { at, head } => {
                        end = at + head.size();
                        if head.is(Kind::Names) {
                            names.add(head.tag, read_names(scan.payload()));
                        } else if head.is(Kind::Cells) {
                            names.skip_to(first_of(block_of(head.tag)));
                        }
                    }
                    Item::Damaged { from, to } => {
                        names.is_whole = false;
                        damages.push(Damage::skipped(&path, from..to));
                    }
                    Item::Torn { from } => {
                        names.is_whole = false;
                        damages.push(Damage::torn(&path, from));
                    }
                }
            }
        }
        let file = Appender::open(&path, end)?;
        let next = names.next();
        Ok(Self { number, path, file, indices: names.indices, next })
    }

    fn append(
        &mut self,
        start: Timestamp,
        cells: Vec<(ContainerKey, UsageCell)>,
    ) -> io::Result<()> {
        self.name(&cells)?;
        let indexed = cells.into_iter();
        let mut cells: Vec<(u32, UsageCell)> =
            indexed.filter_map(|(key, cell)| Some((*self.indices.get(&key)?, cell))).collect();
        cells.sort_by_key(|(index, _)| *index);
        cells.dedup_by_key(|(index, _)| *index);
        let slot = u32::try_from(second_of_day(start) / CELL_SECONDS).unwrap_or_default();
        let mut gathered = Vec::new();
        for block in cells.chunk_by(|one, other| place_of(one.0).0 == place_of(other.0).0) {
            let number = block.first().map_or(0, |(index, _)| place_of(*index).0);
            let placed: Vec<(u16, UsageCell)> =
                block.iter().map(|(index, cell)| (place_of(*index).1, *cell)).collect();
            let payload = write_cells(start, &placed)?;
            frame::write(&mut gathered, Kind::Cells, tag(slot, number), &payload);
            if gathered.len() >= GATHERED {
                self.file.append(&gathered)?;
                gathered.clear();
            }
        }
        self.file.append(&gathered)
    }

    /// Gives those a number that have none yet.
    fn name(&mut self, cells: &[(ContainerKey, UsageCell)]) -> io::Result<()> {
        let keys = cells.iter().map(|(key, _)| key);
        let mut new: Vec<&ContainerKey> =
            keys.filter(|key| !self.indices.contains_key(*key)).collect();
        new.sort();
        new.dedup();
        for names in new.chunks(usize::from(BLOCK)) {
            let mut bytes = Vec::new();
            frame::write(&mut bytes, Kind::Names, self.next, &write_names(names)?);
            self.file.append(&bytes)?;
            for (key, index) in names.iter().zip(self.next..) {
                self.indices.insert((*key).clone(), index);
            }
            self.next += u32::try_from(names.len()).unwrap_or_default();
        }
        Ok(())
    }
}

/// What is found of a file's identities.
#[derive(Debug)]
struct Names {
    indices: BTreeMap<ContainerKey, u32>,
    /// The first number that is certainly free.
    free: u32,
    is_whole: bool,
}

impl Default for Names {
    fn default() -> Self {
        Self { indices: BTreeMap::new(), free: 0, is_whole: true }
    }
}

impl Names {
    fn add(&mut self, first: u32, read: Result<Vec<ContainerKey>, String>) {
        let Ok(names) = read else {
            self.is_whole = false;
            return self.skip_to(first);
        };
        for (key, index) in names.into_iter().zip(first..) {
            self.indices.insert(key, index);
            self.free = self.free.max(index.saturating_add(1));
        }
    }

    fn skip_to(&mut self, index: u32) {
        self.free = self.free.max(index);
    }

    /// The number of the next identity: where names were lost, none that they may have had.
    fn next(&self) -> u32 {
        if self.is_whole {
            return self.free;
        }
        first_of(place_of(self.free).0.saturating_add(1))
    }
}

/// The segments of a folder with their days, in order; none where there is no folder.
pub(super) fn files(folder: &Path) -> Result<Vec<(i64, PathBuf)>, StoreError> {
    let unreadable = |source| StoreError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        files.extend(name.to_str().and_then(|name| Some((day_named(name)?, folder.join(name)))));
    }
    files.sort();
    Ok(files)
}
