//! All that is remembered of one container as bytes and back: its history, and what `auto` learned.
//! A magic number, a version, then both as blocks; nothing read is trusted.

use std::ops::Bound;

use plimsoll_domain::ContainerKey;
use plimsoll_history::bytes::{Reader, Writer};
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
        let rest = key.map(|_| self.containers.range((Bound::Unbounded, before)));
        let first = self.containers.range((after, Bound::Unbounded));
        let all = first.chain(rest.into_iter().flatten());
        all.map(|(key, container)| (key, container.snapshot()))
    }

    /// Puts back what [`snapshots`](Self::snapshots) gave; what was known under this identity is
    /// replaced. A history alone, as earlier versions wrote it, is taken too.
    pub fn restore_snapshot(
        &mut self,
        key: &ContainerKey,
        bytes: &[u8],
    ) -> Result<(), SnapshotError> {
        let container = Container::restore(bytes)?;
        *self.containers.get_or_new(key) = container;
        Ok(())
    }
}

impl Container {
    /// All of it as bytes: the same bytes for the same memory.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes.extend(MAGIC);
        out.u16(VERSION);
        out.block(&self.history.snapshot());
        out.option(Some(&self.auto), |out, auto| auto.write(out));
        out.option(self.forecast.as_ref(), |out, forecast| forecast.write(out));
        out.bytes
    }

    /// What [`snapshot`](Self::snapshot) was taken of, or a history alone, from which `auto` learns.
    pub(crate) fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(bytes);
        if from.take(MAGIC.len()) != Ok(&MAGIC) {
            return Ok(Self::learned(ContainerHistory::restore(bytes)?));
        }
        let version = from.u16()?;
        if !(HISTORY_ONLY..=VERSION).contains(&version) {
            return Err(SnapshotError::UnknownVersion { found: version });
        }
        let history = ContainerHistory::restore(from.block()?)?;
        if version == HISTORY_ONLY {
            return Ok(Self::learned(history));
        }
        let auto = from.option(ContainerAuto::read)?.unwrap_or_default();
        let forecast =
            if version > WITHOUT_FORECASTS { from.option(ContainerForecast::read)? } else { None };
        if !from.is_at_end() {
            return Err(SnapshotError::TrailingBytes);
        }
        Ok(Self { history, auto, forecast: forecast.map(Box::new) })
    }

    fn learned(history: ContainerHistory) -> Self {
        let mut container = Self { history, ..Self::default() };
        container.relearn();
        container
    }
}
