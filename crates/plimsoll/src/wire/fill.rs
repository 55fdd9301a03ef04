//! Cells of the past on their way from Prometheus: many are written at once, since a file of cells
//! holds those of one five minutes together, and none of which one is stored already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_collect::{CELLS_WAITING, PastCells};
use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};
use plimsoll_engine::Engine;
use plimsoll_store::{Store, StoreError, StoredCells};

use super::recall::RECALLED_AT_ONCE;

/// Cells that are enough for a turn: half of what may wait, so that meanwhile more comes in. Two
/// weeks of 130 containers: what else a frame of so many has is a hundredth of it.
const ENOUGH: usize = CELLS_WAITING as usize / 2;

/// The seconds of a day, which has a file.
const DAY: i64 = 86_400;

/// Cells that came in and were not passed on yet.
#[derive(Debug, Default)]
pub(crate) struct Fill {
    waiting: Vec<PastCells>,
    /// No more will come.
    is_over: bool,
}

/// Cells by container, each one's in order of time.
type ByContainer = BTreeMap<ContainerKey, Vec<UsageCell>>;

impl Fill {
    /// More came in.
    pub(crate) fn add(&mut self, cells: PastCells) {
        self.waiting.push(cells);
    }

    /// No more will come: what there is need not wait for more.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether it is time to pass them on.
    pub(crate) fn is_due(&self) -> bool {
        let count: usize = self.waiting.iter().map(PastCells::count).sum();
        count >= ENOUGH || (self.is_over && count > 0)
    }

    /// All that waits; there is room for more from then on.
    fn take(&mut self) -> ByContainer {
        let mut all = ByContainer::new();
        for message in self.waiting.drain(..) {
            for (key, cells) in message.cells {
                all.entry(key).or_default().extend(cells);
            }
        }
        all
    }

    /// Tells forecasts of them: where nothing is stored, only those that there are by now.
    pub(crate) fn tell(&mut self, engine: &mut Engine) {
        for (key, cells) in self.take() {
            engine.recall_cells(&key, &cells);
        }
    }

    /// Writes those from `since` to `until` that are not stored; whose those are and how many. What
    /// cannot be written is lost.
    pub(crate) fn store(
        &mut self,
        store: &mut Store,
        dir: &Path,
        (since, until): (Timestamp, Timestamp),
    ) -> Result<(BTreeSet<ContainerKey>, usize), StoreError> {
        let mut cells = self.take();
        for cells in cells.values_mut() {
            cells.retain(|cell| since <= cell.start && cell.start <= until);
        }
        leave_out_stored(dir, &mut cells)?;
        cells.retain(|_, cells| !cells.is_empty());
        let count = cells.values().map(Vec::len).sum();
        let keys = cells.keys().cloned().collect();
        // A day at a time: here every cell has a name of its own, four times as large as itself.
        let mut days: BTreeSet<i64> = BTreeSet::new();
        for cell in cells.values().flatten() {
            days.insert(day(cell));
        }
        for number in days {
            let mut of_day = Vec::new();
            for (key, cells) in &cells {
                let cells = cells.iter().filter(|cell| day(cell) == number);
                of_day.extend(cells.map(|cell| (key.clone(), *cell)));
            }
            store.append_cells(of_day)?;
        }
        Ok((keys, count))
    }
}

fn day(cell: &UsageCell) -> i64 {
    cell.start.seconds().div_euclid(DAY)
}

/// Leaves out the cells of moments of which there is one: it saw every pod, and counts anyway.
fn leave_out_stored(dir: &Path, cells: &mut ByContainer) -> Result<(), StoreError> {
    let Some(since) = cells.values().flatten().map(|cell| cell.start).min() else {
        return Ok(());
    };
    let mut stored = StoredCells::open(dir, since)?;
    let places = |key| stored.keys().binary_search(key).ok();
    let places: Vec<usize> = cells.keys().filter_map(places).collect();
    let keys = stored.keys().to_vec();
    for neighbours in places.chunk_by(|one, next| one + 1 == *next) {
        for some in neighbours.chunks(RECALLED_AT_ONCE) {
            let (Some(first), Some(last)) = (some.first(), some.last()) else { continue };
            let known = stored.read(*first..last + 1, since)?;
            for (place, known) in some.iter().zip(known) {
                let known: BTreeSet<Timestamp> = known.iter().map(|cell| cell.start).collect();
                if let Some(cells) = keys.get(*place).and_then(|key| cells.get_mut(key)) {
                    cells.retain(|cell| !known.contains(&cell.start));
                }
            }
        }
    }
    Ok(())
}
