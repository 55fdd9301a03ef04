//! The maximum over the last N cells of time, one number a cell.

use std::time::Duration;

use plimsoll_domain::Timestamp;
use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// The highest usage in each of the last `N` cells, the present one included.
#[derive(Clone, Debug)]
pub(super) struct Peaks<const N: usize> {
    cell: i64,
    /// The present cell, counted from the epoch.
    newest: Option<i64>,
    /// By cell number modulo `N`; nothing seen is below everything.
    cells: [f64; N],
    /// The highest of all: asked for several times a tick, and changed by few.
    highest: f64,
}

impl<const N: usize> Peaks<N> {
    pub(super) fn new(cell: Duration) -> Self {
        let cell = i64::try_from(cell.as_secs()).unwrap_or(i64::MAX).max(1);
        Self { cell, newest: None, cells: [f64::NEG_INFINITY; N], highest: f64::NEG_INFINITY }
    }

    /// Notes a value at a point in time; what is older than the present cell counts in it.
    pub(super) fn add(&mut self, at: Timestamp, value: f64) {
        self.pass(at);
        let newest = self.newest.unwrap_or(0);
        if let Some(slot) = self.slot(newest) {
            *slot = slot.max(value);
            self.highest = self.highest.max(value);
        }
    }

    /// Lets time pass: cells that are too old are forgotten.
    pub(super) fn pass(&mut self, to: Timestamp) {
        let cell = to.seconds().div_euclid(self.cell);
        let newest = *self.newest.get_or_insert(cell);
        let passed = cell.saturating_sub(newest).clamp(0, i64::try_from(N).unwrap_or(i64::MAX));
        for back in 0..passed {
            if let Some(slot) = self.slot(cell.saturating_sub(back)) {
                *slot = f64::NEG_INFINITY;
            }
        }
        self.newest = Some(newest.max(cell));
        if passed > 0 {
            self.find_highest();
        }
    }

    /// The maximum; `None` when nothing was seen.
    pub(super) fn highest(&self) -> Option<f64> {
        self.highest.is_finite().then_some(self.highest)
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.option(self.newest, Writer::i64);
        let seen = |value: &f64| value.is_finite().then_some(*value);
        self.cells.iter().for_each(|value| out.option(seen(value), Writer::f64));
    }

    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), ReadError> {
        self.newest = from.option(Reader::i64)?;
        for slot in &mut self.cells {
            *slot = from.option(Reader::f64)?.unwrap_or(f64::NEG_INFINITY);
        }
        self.find_highest();
        Ok(())
    }

    fn find_highest(&mut self) {
        self.highest = self.cells.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }

    fn slot(&mut self, cell: i64) -> Option<&mut f64> {
        let index = cell.rem_euclid(i64::try_from(N).unwrap_or(i64::MAX));
        self.cells.get_mut(usize::try_from(index).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes values at these hours, among the last three; expects the highest after each.
    fn check(noted: &[(i64, f64)], expect: &[f64]) {
        let mut peaks = Peaks::<3>::new(Duration::from_hours(1));
        let highest = noted.iter().map(|(hour, value)| {
            peaks.add(Timestamp::from_seconds(hour * 3600), *value);
            peaks.highest()
        });
        let highest: Vec<_> = highest.flatten().collect();
        assert_eq!(highest, expect);
    }

    #[test]
    fn the_highest_is_that_of_the_cells_that_are_not_too_old() {
        check(&[(0, 9.0), (1, 5.0), (2, 7.0), (3, 1.0), (5, 2.0)], &[9.0, 9.0, 9.0, 7.0, 2.0]);
        check(&[(0, 9.0), (100, 1.0)], &[9.0, 1.0]);
        check(&[(4, 1.0), (2, 3.0), (7, 2.0)], &[1.0, 3.0, 2.0]);
    }
}
