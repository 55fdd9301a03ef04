//! Tells the engine of the past of containers that are to be forecast, from the cells on disk.

use std::path::Path;
use std::time::Duration;

use plimsoll_domain::{ContainerKey, Timestamp};
use plimsoll_engine::Engine;
use plimsoll_store::{StoreError, StoredCells};

/// How far back forecasts look.
const WINDOW: Duration = Duration::from_hours(30 * 24);

/// Containers told of after one tick: half a megabyte each while it is read. A template may make
/// thousands of targets at once; they wait for their turn.
pub(super) const RECALLED_AT_ONCE: usize = 128;

/// Tells of the past of those that wait for it, as many as one turn has time for. Of what cannot be
/// read the engine is told that there is nothing: it learns from what comes.
pub(super) fn recall(dir: &Path, engine: &mut Engine, at_once: usize) {
    let waiting = engine.without_past();
    let Some(newest) = engine.newest_sample().filter(|_| !waiting.is_empty()) else { return };
    let waiting = &waiting[..waiting.len().min(at_once)];
    if let Err(error) = read(dir, engine, waiting, newest.minus(WINDOW)) {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(
            error,
            "Stored usage could not be read, forecasts begin with what is seen now"
        );
        for key in waiting {
            engine.recall_cells(key, &[]);
        }
    }
}

/// The same with the limit that keeps a tick short.
pub(super) fn recall_some(dir: &Path, engine: &mut Engine) {
    recall(dir, engine, RECALLED_AT_ONCE);
}

fn read(
    dir: &Path,
    engine: &mut Engine,
    waiting: &[ContainerKey],
    since: Timestamp,
) -> Result<(), StoreError> {
    let mut stored = StoredCells::open(dir, since)?;
    for key in waiting {
        let cells = stored.of(key, since)?;
        engine.recall_cells(key, &cells);
    }
    Ok(())
}
