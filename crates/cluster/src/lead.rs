//! The leader's own clock on its writes: a process that was frozen for longer than its lease lasts
//! may wake up in the middle of a tick, before anything has told it that another leads.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Until when this replica leads, as its election knows it. Clones know the same. Its clock goes
/// on while the process is stopped.
#[derive(Clone, Debug, Default)]
pub struct Lead(Arc<Mutex<Option<Instant>>>);

impl Lead {
    /// Whether this replica leads at this very moment.
    pub fn holds(&self) -> bool {
        self.0.lock().is_some_and(|until| Instant::now() < until)
    }

    /// Takes in until when the lease that was renewed lasts.
    pub(crate) fn extend(&self, until: Option<Instant>) {
        *self.0.lock() = until;
    }
}

#[cfg(test)]
impl Lead {
    /// A lead that is never lost.
    pub(crate) fn test() -> Self {
        let lead = Self::default();
        lead.extend(Some(Instant::now() + std::time::Duration::from_hours(1)));
        lead
    }
}
