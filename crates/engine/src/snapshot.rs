//! All that is remembered of one container as bytes and back: its history, and what `auto` learned.
//! A magic number, a version, then both as blocks; nothing read is trusted.

use std::ops::Bound;

use plimsoll_domain::ContainerKey;
use plimsoll_history::bytes::{ReadError, Reader, Writer};
use plimsoll_history::{ContainerHistory, SnapshotError};

use crate::Engine;
use crate::auto::ContainerAuto;
use crate::container::Container;
use crate::foresee::ContainerForecast;

const MAGIC: [u8; 8] = *b"plimcont";

/// Goes up with every change of what follows.
const VERSION: u16 = 3;

/// What `auto` had learned in this version is not read: it learns from the history instead.
const HISTORY_ONLY: u16 = 1;
/// Without forecasts.
const WITHOUT_FORECASTS: u16 = 2;

impl Engine {
    /// All that is remembered of each container, as bytes: the same bytes for the same memory.
    pub fn snapshots(&self) -> impl Iterator<Item = (&ContainerKey, Vec<u8>)> {
        self.snapshots_after(None)
    }

    /// The same in another order: first those that come after `key`, in the end `key` itself. Each
    /// is made when it is asked for, so that whoever stops early has little work.
    pub fn snapshots_after(
        &self,
        key: Option<&ContainerKey>,
    ) -> impl Iterator<Item = (&ContainerKey, Vec<u8>)> {
        let (after, before) = match key {
            Some(key) => (Bound::Excluded(key), Bound::Included(key)),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let rest =
            key.map(|_| self.containers.range::<ContainerKey, _>((Bound::Unbounded, before)));
        let first = self.containers.range::<ContainerKey, _>((after, Bound::Unbounded));
        first.chain(rest.into_iter().flatten()).map(|(key, container)| {
            let mut out = Writer::default();
            out.bytes.extend(MAGIC);
            out.u16(VERSION);
            out.block(&container.history.snapshot());
            out.option(Some(&container.auto), |out, auto| auto.write(out));
            out.option(container.forecast.as_ref(), |out, forecast| forecast.write(out));
            (key, out.bytes)
        })
    }

    /// Puts back what [`snapshots`](Self::snapshots) gave; what was known under this identity is
    /// replaced. A history alone, as earlier versions wrote it, is taken too.
    pub fn restore_snapshot(
        &mut self,
        key: ContainerKey,
        bytes: &[u8],
    ) -> Result<(), SnapshotError> {
        let mut from = Reader::new(bytes);
        if from.take(MAGIC.len()) != Ok(&MAGIC) {
            self.restore_history(key, ContainerHistory::restore(bytes)?);
            return Ok(());
        }
        let version = from.u16()?;
        if !(HISTORY_ONLY..=VERSION).contains(&version) {
            return Err(SnapshotError::UnknownVersion { found: version });
        }
        let history = ContainerHistory::restore(from.block()?)?;
        if version == HISTORY_ONLY {
            self.restore_history(key, history);
            return Ok(());
        }
        let auto = read_auto(&mut from)?;
        let forecast =
            if version > WITHOUT_FORECASTS { from.option(ContainerForecast::read)? } else { None };
        if !from.is_at_end() {
            return Err(SnapshotError::TrailingBytes);
        }
        let auto = auto.unwrap_or_default();
        let forecast = forecast.map(Box::new);
        self.containers.insert(key, Box::new(Container { history, auto, forecast }));
        Ok(())
    }

    /// Puts back a history alone, from which `auto` learns.
    fn restore_history(&mut self, key: ContainerKey, history: ContainerHistory) {
        let mut container = Container { history, ..Container::default() };
        container.relearn();
        self.containers.insert(key, Box::new(container));
    }
}

fn read_auto(from: &mut Reader<'_>) -> Result<Option<ContainerAuto>, ReadError> {
    from.option(ContainerAuto::read)
}
