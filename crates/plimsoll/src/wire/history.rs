//! Keeps the engine's histories on disk: loaded once at the start, saved after every tick that told
//! anything; and the cells of what was used, when they are over.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use plimsoll_domain::{ContainerKey, Timestamp};
use plimsoll_engine::Engine;
use plimsoll_store::{Store, StoreError};

use super::fill::Fill;
use super::recall::{recall, recall_some};

/// How much is saved after one tick: 64 MiB, about 11,000 containers of 6 KB, take a third of a second
/// to make and write. Larger fleets are saved by turns, the longest unsaved first: 100,000 containers
/// in ten ticks, five minutes.
const SAVED_AT_ONCE: usize = 64 * 1024 * 1024;

/// Damages that are told one by one; a broken disk has thousands.
const DAMAGES_TOLD: usize = 10;

/// The store, if the program was given a place for it.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Option<Store>,
    /// Where it is.
    dir: PathBuf,
    /// How long cells are kept; zero for not at all.
    keep_cells: Duration,
    /// Histories that are stored and could not be read, perhaps by an older version of the program:
    /// they are let be.
    unread: BTreeSet<ContainerKey>,
    /// The last container that was saved.
    last: Option<ContainerKey>,
    /// What went wrong last time, so that it is said once.
    trouble: Option<String>,
    /// Cells of the past that are to be written.
    fill: Fill,
}

/// What came of saving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The size of all snapshots that are kept.
    pub(crate) bytes: u64,
    /// Writes that failed.
    pub(crate) failures: u64,
}

impl Keeper {
    /// Opens the store and gives its histories to the engine. What is damaged is said and left
    /// behind; it never stops the program.
    pub(crate) fn open(
        dir: Option<&Path>,
        keep_cells: Duration,
        engine: &mut Engine,
    ) -> anyhow::Result<Self> {
        let mut keeper = Self {
            store: None,
            dir: dir.map(Path::to_owned).unwrap_or_default(),
            keep_cells,
            unread: BTreeSet::new(),
            last: None,
            trouble: None,
            fill: Fill::default(),
        };
        let Some(dir) = dir else {
            engine.begin_forecasts_anew();
            return Ok(keeper);
        };
        let mut store = Store::open(dir).context("failed to open the history")?;
        let mut restored = 0_u64;
        store
            .restore(&mut |key, bytes| match engine.restore_snapshot(&key, bytes) {
                Ok(()) => restored += 1,
                Err(error) => {
                    tracing::warn!(workload = %key.workload, %error, "History could not be read");
                    keeper.unread.insert(key);
                }
            })
            .context("failed to read the history")?;
        tell_damages(&mut store);
        tracing::info!(containers = restored, "Restored history");
        if keep_cells.is_zero() {
            engine.begin_forecasts_anew();
        } else {
            engine.keep_cells();
            engine.expect_past();
            // All at once, so that a restart changes nothing.
            recall(dir, engine, usize::MAX);
        }
        keeper.store = Some(store);
        Ok(keeper)
    }

    /// Where cells of the past are laid by.
    pub(crate) fn fill(&mut self) -> &mut Fill {
        &mut self.fill
    }

    /// Where no cells are kept, tells forecasts at once of those that were laid by. Each turn, before more
    /// is: what the last one brought to light is forecast from this one on.
    pub(crate) fn tell_unkept(&mut self, engine: &mut Engine) {
        if (self.store.is_none() || self.keep_cells.is_zero()) && self.fill.is_due() {
            self.fill.tell(engine);
        }
    }

    /// Tells the engine of the past of containers that are to be forecast since the last turn.
    pub(crate) fn recall(&self, engine: &mut Engine) {
        if self.store.is_some() {
            recall_some(&self.dir, engine);
        }
    }

    /// Saves what changed: the cells that are over, then as many histories as one turn has time for.
    pub(crate) fn save(&mut self, engine: &mut Engine, now: Timestamp) -> Kept {
        self.save_up_to(engine, now, SAVED_AT_ONCE)
    }

    /// Saves all that changed.
    pub(crate) fn save_all(&mut self, engine: &mut Engine, now: Timestamp) -> Kept {
        self.fill.end();
        self.save_up_to(engine, now, usize::MAX)
    }

    fn save_up_to(&mut self, engine: &mut Engine, now: Timestamp, bytes_max: usize) -> Kept {
        let Some(mut store) = self.store.take() else { return Kept::default() };
        // The cells first: what a history says was over is written by then.
        let results = [
            self.save_cells(&mut store, engine, now),
            self.save_past(&mut store, engine, now),
            self.save_histories(&mut store, engine, bytes_max),
            // What the engine has forgotten is forgotten here too.
            store.retain(|key| engine.knows(key) || self.unread.contains(key)),
        ];
        tell_damages(&mut store);
        let kept = Kept {
            bytes: store.snapshot_bytes(),
            failures: results.iter().filter(|result| result.is_err()).count() as u64,
        };
        self.store = Some(store);
        self.tell(results.iter().find_map(|result| result.as_ref().err()));
        kept
    }

    fn save_cells(
        &self,
        store: &mut Store,
        engine: &mut Engine,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut cells = engine.take_cells();
        let since = now.minus(self.keep_cells);
        // After a pause, cells may be over that would be removed again; a clock may have been ahead.
        cells.retain(|(_, cell)| since <= cell.start && cell.start <= now);
        if cells.is_empty() {
            return Ok(());
        }
        store.append_cells(cells)?;
        store.forget_cells(since)
    }

    /// Writes cells of the past, if it is time; forecasts are told of them by [`recall`](Self::recall).
    fn save_past(
        &mut self,
        store: &mut Store,
        engine: &mut Engine,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.keep_cells.is_zero() || !self.fill.is_due() {
            return Ok(());
        }
        let span = (now.minus(self.keep_cells), now);
        let (keys, count) = self.fill.store(store, &self.dir, span)?;
        tracing::debug!(containers = keys.len(), cells = count, "Wrote cells of the past");
        for key in &keys {
            engine.expect_past_of(key);
        }
        Ok(())
    }

    fn save_histories(
        &mut self,
        store: &mut Store,
        engine: &Engine,
        bytes_max: usize,
    ) -> Result<(), StoreError> {
        let mut bytes = 0;
        let mut last = None;
        let snapshots = engine.snapshots_after(self.last.as_ref());
        let turn = snapshots.take_while(|(key, snapshot)| {
            let has_time = bytes < bytes_max;
            bytes += snapshot.len();
            if has_time {
                last = Some((*key).clone());
            }
            has_time
        });
        let saved = store.save(turn);
        // Where it failed the same are tried again: the disk may have room for them by then.
        if saved.is_ok() && last.is_some() {
            self.last = last;
        }
        saved.map(drop)
    }

    /// Says what is new: that something fails, or another thing, or nothing any longer.
    fn tell(&mut self, error: Option<&StoreError>) {
        let trouble = error.map(ToString::to_string);
        if trouble == self.trouble {
            return;
        }
        if let Some(error) = error {
            let error: &dyn Error = error;
            tracing::error!(error, "History cannot be saved, trying again at every tick");
        } else {
            tracing::info!("History is saved again");
        }
        self.trouble = trouble;
    }
}

fn tell_damages(store: &mut Store) {
    let damages = store.take_damages();
    for damage in damages.iter().take(DAMAGES_TOLD) {
        tracing::warn!(path = %damage.path.display(), what = damage.what, "Damaged history");
    }
    if let Some(more) = damages.len().checked_sub(DAMAGES_TOLD).filter(|more| *more > 0) {
        tracing::warn!(more, "More of the history is damaged");
    }
}

#[cfg(test)]
mod tests;
