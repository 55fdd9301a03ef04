//! Keeps the engine's histories on disk: loaded once at the start, saved after evaluations.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;

use plimsoll_domain::ContainerKey;
use plimsoll_engine::Engine;
use plimsoll_history::ContainerHistory;
use plimsoll_store::Store;

/// The store, if the program was given a place for it.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Option<Store>,
    /// Histories that are stored and could not be read, perhaps by an older version of the program:
    /// they are let be.
    unread: BTreeSet<ContainerKey>,
}

impl Keeper {
    /// Opens the store and gives its histories to the engine. What is damaged is said and left
    /// behind; it never stops the program.
    pub(crate) fn open(dir: Option<&Path>, engine: &mut Engine) -> anyhow::Result<Self> {
        let Some(dir) = dir else {
            tracing::warn!("No --data-dir given, history starts anew at every start");
            return Ok(Self { store: None, unread: BTreeSet::new() });
        };
        let mut store = Store::open(dir).context("failed to open the history")?;
        let loaded = store.load_all().context("failed to read the history")?;
        let mut unread = BTreeSet::new();
        let mut restored = 0_u64;
        for (key, bytes) in loaded.histories {
            match ContainerHistory::restore(&bytes) {
                Ok(history) => {
                    engine.restore(key, history);
                    restored += 1;
                }
                Err(error) => {
                    tracing::warn!(workload = %key.workload, %error, "History could not be read");
                    unread.insert(key);
                }
            }
        }
        for (path, why) in loaded.damaged {
            tracing::warn!(path = %path.display(), why, "Damaged history was moved aside");
        }
        tracing::info!(containers = restored, "Restored history");
        Ok(Self { store: Some(store), unread })
    }

    /// Saves what changed; returns the size of everything kept, in bytes. A history that cannot be
    /// saved is said once a round and tried again at the next.
    pub(crate) fn save(&mut self, engine: &Engine) -> usize {
        let Some(store) = &mut self.store else { return 0 };
        let mut bytes = 0;
        let mut failures = 0_u64;
        let mut last = None;
        let mut kept = BTreeSet::new();
        for (key, history) in engine.histories() {
            let snapshot = history.snapshot();
            bytes += snapshot.len();
            kept.insert(key);
            if let Err(error) = store.save(key, &snapshot) {
                failures += 1;
                last = Some(error);
            }
        }
        // What the engine has forgotten is forgotten here too.
        if let Err(error) = store.retain(|key| kept.contains(key) || self.unread.contains(key)) {
            failures += 1;
            last = Some(error);
        }
        if let Some(error) = last {
            let error: &dyn std::error::Error = &error;
            tracing::error!(failures, error, "History could not be saved");
        }
        bytes
    }
}
