//! Reads cells back: of any containers, over any days. Needs no lock and writes nothing, so that it
//! works beside a running controller and on a disk that is read-only.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};

use super::block::{place_of, read_cells, read_names};
use super::day::day_of;
use super::writer::files;
use super::{FOLDER, block_of};
use crate::directory::check_format;
use crate::frame::{HEAD, Head, Kind};
use crate::scan::{Item, Scan};
use crate::{Damage, StoreError};

/// The cells of a data directory as they were when it was opened.
#[derive(Debug)]
pub struct StoredCells {
    /// Every identity that has a cell, once; a file's lists point into it.
    keys: Vec<ContainerKey>,
    days: Vec<DayFile>,
    damages: Vec<Damage>,
}

/// One file: what is where. About 30 bytes for each 1,024 containers and five minutes, and 8 for
/// each container.
#[derive(Debug)]
struct DayFile {
    path: PathBuf,
    /// Held, so that a day that is removed meanwhile can still be read.
    file: File,
    /// Numbers of the file's identities, and their places in the list of all; in order of the latter.
    numbers: Vec<(u32, u32)>,
    /// Frames of cells, in the order in which they were written.
    frames: Vec<(u64, u32)>,
}

impl StoredCells {
    /// Looks through a data directory, from the day of `since` on. A controller may be writing to it:
    /// what it has not finished is not seen.
    pub fn open(dir: &Path, since: Timestamp) -> Result<Self, StoreError> {
        check_format(dir)?;
        let mut keys = BTreeMap::new();
        let mut found = Self { keys: Vec::new(), days: Vec::new(), damages: Vec::new() };
        let first = day_of(since);
        for (_, path) in files(&dir.join(FOLDER))?.into_iter().filter(|(day, _)| *day >= first) {
            let unreadable = |source| StoreError::Read { path: path.clone(), source };
            match DayFile::open(&path, &mut keys, &mut found.damages) {
                Ok(day) => found.days.push(day),
                // Its day was over long enough.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        // From the order of their finding to the order of identities.
        let mut places = vec![0; keys.len()];
        for (place, (key, found_at)) in (0..).zip(keys) {
            if let Some(slot) = usize::try_from(found_at).ok().and_then(|at| places.get_mut(at)) {
                *slot = place;
            }
            found.keys.push(key);
        }
        for day in &mut found.days {
            for (_, place) in &mut day.numbers {
                let found_at = usize::try_from(*place).unwrap_or(usize::MAX);
                *place = places.get(found_at).copied().unwrap_or(u32::MAX);
            }
            day.numbers.sort_by_key(|(_, place)| *place);
        }
        Ok(found)
    }

    /// Every container of which there is a cell, in order.
    pub fn keys(&self) -> &[ContainerKey] {
        &self.keys
    }

    /// What was found damaged since this was last asked.
    pub fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    /// The cells of one container that began at `since` or after it, in order of time.
    pub fn of(
        &mut self,
        key: &ContainerKey,
        since: Timestamp,
    ) -> Result<Vec<UsageCell>, StoreError> {
        let Ok(place) = self.keys.binary_search(key) else { return Ok(Vec::new()) };
        let mut cells = self.read(place..place + 1, since)?;
        Ok(cells.pop().unwrap_or_default())
    }

    /// The cells of the containers at these places of [`keys`](Self::keys) that began at `since` or
    /// after it, each in order of time. Neighbours are mostly stored together: a hundred cost little
    /// more than one. Memory: 64 bytes a cell, half a megabyte for 30 days of a container.
    pub fn read(
        &mut self,
        places: std::ops::Range<usize>,
        since: Timestamp,
    ) -> Result<Vec<Vec<UsageCell>>, StoreError> {
        let mut cells = vec![BTreeMap::new(); places.len()];
        for day in &self.days {
            day.read(&places, &mut self.damages, |place, cell| {
                if let Some(cells) = cells.get_mut(place).filter(|_| cell.start >= since) {
                    cells.entry(cell.start).or_insert(cell);
                }
            })?;
        }
        Ok(cells.into_iter().map(|cells| cells.into_values().collect()).collect())
    }
}

impl DayFile {
    /// Finds out what is where. Places are those of the order in which identities are found.
    fn open(
        path: &Path,
        keys: &mut BTreeMap<ContainerKey, u32>,
        damages: &mut Vec<Damage>,
    ) -> io::Result<Self> {
        let mut day = Self {
            path: path.to_owned(),
            file: File::open(path)?,
            numbers: Vec::new(),
            frames: Vec::new(),
        };
        let mut scan = Scan::open(path)?;
        while let Some(item) = scan.next(|_, head| head.is(Kind::Names))? {
            match item {
                Item::Frame { at, head } if head.is(Kind::Names) => {
                    match read_names(scan.payload()) {
                        Ok(names) => {
                            for (key, number) in names.into_iter().zip(head.tag..) {
                                let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
                                let place = *keys.entry(key).or_insert(next);
                                day.numbers.push((number, place));
                            }
                        }
                        Err(why) => damages.push(Damage::odd(path, at, &why)),
                    }
                }
                Item::Frame { at, head } if head.is(Kind::Cells) => day.frames.push((at, head.tag)),
                Item::Frame { at, .. } => {
                    damages.push(Damage::odd(path, at, "is of a later version"));
                }
                Item::Damaged { from, to } => damages.push(Damage::skipped(path, from..to)),
                // What a controller is writing, or will cut when it starts.
                Item::Torn { .. } => {}
            }
        }
        Ok(day)
    }

    /// Gives the cells of these places, each with its distance from the first place.
    fn read(
        &self,
        places: &std::ops::Range<usize>,
        damages: &mut Vec<Damage>,
        mut each: impl FnMut(usize, UsageCell),
    ) -> Result<(), StoreError> {
        let wanted = self.wanted(places);
        let mut payload = Vec::new();
        for (at, tag) in &self.frames {
            let Some(block) = wanted.get(&block_of(*tag)) else { continue };
            let read = self.payload(*at, &mut payload);
            let whole = read
                .map_err(|source| StoreError::Read { path: self.path.clone(), source })?
                .then(|| read_cells(&payload));
            match whole {
                None => damages.push(Damage::odd(&self.path, *at, "is damaged")),
                Some(Err(why)) => damages.push(Damage::odd(&self.path, *at, &why)),
                Some(Ok(cells)) => {
                    for (number, cell) in cells {
                        if let Some(place) = block.get(&number) {
                            each(*place, cell);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// By block: the places within it that are wanted, and their distance from the first.
    fn wanted(&self, places: &std::ops::Range<usize>) -> BTreeMap<u32, BTreeMap<u16, usize>> {
        let from = self.numbers.partition_point(|(_, place)| (*place as usize) < places.start);
        let mut wanted: BTreeMap<u32, BTreeMap<u16, usize>> = BTreeMap::new();
        for (number, place) in self.numbers.iter().skip(from) {
            let place = *place as usize;
            if place >= places.end {
                break;
            }
            let (block, within) = place_of(*number);
            wanted.entry(block).or_default().insert(within, place - places.start);
        }
        wanted
    }

    /// Reads a frame's payload; whether it is whole.
    fn payload(&self, at: u64, payload: &mut Vec<u8>) -> io::Result<bool> {
        let mut head = [0; HEAD];
        self.file.read_exact_at(&mut head, at)?;
        let Some(head) = Head::parse(&head) else { return Ok(false) };
        payload.resize(head.length as usize, 0);
        self.file.read_exact_at(payload, at + HEAD as u64)?;
        Ok(head.fits(payload))
    }
}
